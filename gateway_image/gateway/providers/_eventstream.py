"""Amazon's binary event stream (application/vnd.amazon.eventstream), cut into events. Not for: what the events mean.

Source: the frame layout of the Smithy specification: total length, headers' length, their CRC-32, headers, payload,
CRC-32 of all before it; numbers are big-endian.
"""

from __future__ import annotations

import struct
import zlib

from gateway.sse import LIMIT, SseError

_PRELUDE = struct.Struct(">III")
_LENGTH = struct.Struct(">H")
_FIXED = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}  # bytes of a header's value by its type
_BYTES, _STRING = 6, 7


class EventStreamParser:
    """(event name, payload) of each frame; an exception's name is `exception:` and its type. Raises SseError."""

    __slots__ = ("_held", "_limit", "_wanted")

    def __init__(self, limit: int = LIMIT) -> None:
        self._held = bytearray()
        self._limit = limit
        self._wanted = _PRELUDE.size  # bytes needed before there is anything to do

    def feed(self, piece: bytes) -> list[tuple[str, bytes]]:
        """Events whose frames `piece` completed."""
        self._held += piece
        events: list[tuple[str, bytes]] = []
        while len(self._held) >= self._wanted:
            total, headers, check = _PRELUDE.unpack_from(self._held)
            if zlib.crc32(self._held[:8]) != check or not 16 + headers <= total <= self._limit:
                raise SseError("the upstream's event stream is damaged")
            self._wanted = total
            if len(self._held) < total:
                break
            frame = bytes(self._held[:total])
            del self._held[:total]
            self._wanted = _PRELUDE.size
            if zlib.crc32(frame[:-4]) != int.from_bytes(frame[-4:], "big"):
                raise SseError("the upstream's event stream is damaged")
            events.append((_name(_headers(frame[12 : 12 + headers])), frame[12 + headers : -4]))
        return events

    def flush(self) -> list[tuple[str, bytes]]:
        """Nothing: half a frame is no event."""
        if self._held:
            raise SseError("the upstream's event stream is cut off")
        return []


def _name(headers: dict[str, str]) -> str:
    if headers.get(":message-type", "event") == "event":
        return headers.get(":event-type", "")
    return "exception:" + (headers.get(":exception-type") or headers.get(":error-code") or "error")


def _headers(data: bytes) -> dict[str, str]:
    """The headers that are strings, which are all that matter."""
    found: dict[str, str] = {}
    place = 0
    try:
        while place < len(data):
            start = place + 1
            end = start + data[place]
            kind = data[end]
            place = end + 1
            size = _FIXED.get(kind)
            if size is None:
                if kind not in (_BYTES, _STRING):
                    raise SseError("the upstream's event stream is damaged")
                size = _LENGTH.unpack_from(data, place)[0]
                place += 2
            if kind == _STRING:
                found[data[start:end].decode("utf-8", "replace")] = data[place : place + size].decode(
                    "utf-8", "replace"
                )
            place += size
    except (IndexError, struct.error):
        raise SseError("the upstream's event stream is damaged") from None
    return found
