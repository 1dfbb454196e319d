"""The usage in a Messages stream that only passes. Not for: translating one (providers/anthropic.py)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.chat import Usage, mapping, string
from gateway.codec import CodecError, decode
from gateway.sse import SseError, SseParser

Json = Any
_COUNTING = ("message_start", "message_delta")


class MessagesScanner:
    """Looks at the pieces and hands them on by whole events: where the upstream breaks off in the middle of one, the
    client never sees half of it. `read` is the provider's: an answer's usage from its body."""

    __slots__ = ("_blind", "_counted", "_held", "_parser", "_read", "done", "error", "text_length", "usage")

    def __init__(self, read: Callable[[Json], Usage | None]) -> None:
        self._read = read
        self._parser = SseParser()
        self._counted: dict[str, Json] = {}
        self._blind = False  # an event was too large to look at: all is handed on as it comes
        self._held: list[bytes] = []  # an event without its end
        self.usage: Usage | None = None
        self.done = False  # the answer is whole
        self.error = ""  # message of an error event inside the stream
        self.text_length = 0  # about how many characters of text went by

    def feed(self, piece: bytes) -> bytes:
        if self._blind:
            return piece
        held = self._held
        held.append(piece)
        try:
            events = self._parser.feed(piece)
        except SseError:
            self._blind = True
            return self.end()
        for name, data in events:
            self._note(name, data)
        if b"\n" not in piece:
            return b""
        whole = self.end()
        if whole.endswith(b"\n\n"):
            return whole
        short, long = whole.rfind(b"\n\n"), whole.rfind(b"\n\r\n")
        cut = max(short + 2 if short >= 0 else 0, long + 3 if long >= 0 else 0)
        held.append(whole[cut:])
        return whole[:cut]

    def end(self) -> bytes:
        """What is left when the upstream ended its stream, as it came."""
        held = self._held
        whole = held[0] if len(held) == 1 else b"".join(held)
        held.clear()
        return whole

    def _note(self, name: str, data: bytes) -> None:
        if name == "content_block_delta":
            self.text_length += max(0, len(data) - 80)  # the event around a text has about so many
        elif name in _COUNTING:
            event = _object(data)
            said = mapping(event.get("usage")) or mapping(mapping(event.get("message")).get("usage"))
            # a stream's later counts are cumulative and replace the earlier ones
            self._counted.update({key: value for key, value in said.items() if value is not None})
            self.usage = self._read({"usage": self._counted})
        elif name == "message_stop":
            self.done = True
        elif name == "error":
            error = mapping(_object(data).get("error"))
            self.error = (string(error.get("message")) or "error in the stream")[:2000]


def _object(data: bytes) -> dict[str, Json]:
    try:
        return mapping(decode(data))
    except CodecError:
        return {}
