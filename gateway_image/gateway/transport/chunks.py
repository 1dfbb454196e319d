"""The chunked transfer coding, read piece by piece. Pure. Not for: heads, writing chunks (framing.py).

Source: RFC 9112 section 7.1. Extensions are skipped, trailers are dropped, a bare line feed ends a line (as in Kong).
"""

from __future__ import annotations

import re

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n\0]*)?\r?")
_LINE_LIMIT = 4096  # a size line with its extensions
_TRAILER_LIMIT = 32 << 10
_sizes: dict[bytes, int] = {}
_plain_sizes: dict[bytes, int] = {}  # without line end and extension
_CACHED = 1024
_MANY = 1024  # bytes in which there may be chunks enough to take them all at once
_LAST = b"\r\n0\r\n\r\n"

_READ_SIZE, _READ_DATA, _READ_END, _READ_TRAILER = range(4)


class ChunkError(Exception):
    """The body is not in the chunked coding; str() says what is wrong."""


class ChunkReader:
    """Reads one chunked body. `rest` is None until the body is complete, then the bytes that follow it."""

    __slots__ = ("_carry", "_left", "_state", "_trailer", "rest")

    def __init__(self) -> None:
        self._carry = b""
        self._left = 0
        self._state = _READ_SIZE
        self._trailer = 0
        self.rest: bytes | None = None

    def feed(self, data: bytes) -> bytes:
        """The body bytes in `data`. Raises ChunkError."""
        if self._carry:
            data = self._carry + data
            self._carry = b""
        out: list[bytes] = []
        position, end = 0, len(data)
        if end > _MANY and self._state == _READ_SIZE:
            whole, position = _whole_chunks(data)
            out.append(whole)
        while position < end:
            state = self._state
            if state == _READ_DATA:
                stop = position + self._left
                if stop > end:
                    out.append(data[position:])
                    self._left = stop - end
                    break
                out.append(data[position:stop])
                position = stop
                self._state = _READ_END
                continue
            feed = data.find(b"\n", position)
            if feed < 0:
                self._keep(data[position:])
                break
            line = data[position:feed]
            position = feed + 1
            if state == _READ_SIZE:
                size = _sizes.get(line)
                if size is None:
                    size = _read_size(line)
                # the usual case, written out: whole chunks, one after another
                while size and data[position + size : position + size + 2] == b"\r\n":
                    out.append(data[position : position + size])
                    position += size + 2
                    feed = data.find(b"\n", position)
                    if feed < 0:
                        break
                    line = data[position:feed]
                    position = feed + 1
                    size = _sizes.get(line)
                    if size is None:
                        size = _read_size(line)
                if feed < 0:
                    continue
                self._left = size
                self._state = _READ_DATA if size else _READ_TRAILER
            elif state == _READ_END:
                if line and line != b"\r":
                    raise ChunkError("a chunk is longer than its size")
                self._state = _READ_SIZE
            elif not line or line == b"\r":
                self.rest = data[position:]
                break
            else:
                self._trailer += len(line)
                if self._trailer > _TRAILER_LIMIT:
                    raise ChunkError("trailers are too large")
        return out[0] if len(out) == 1 else b"".join(out)

    def between(self) -> bool:
        """Whether the next byte begins a chunk."""
        return self._state == _READ_SIZE and not self._carry

    def _keep(self, piece: bytes) -> None:
        """An unfinished line waits for more, within bounds."""
        if self._state == _READ_END and piece != b"\r":
            raise ChunkError("a chunk is longer than its size")
        if len(piece) > (_TRAILER_LIMIT if self._state == _READ_TRAILER else _LINE_LIMIT):
            raise ChunkError("a line of the chunked coding is too long")
        self._carry = piece


def _whole_chunks(data: bytes) -> tuple[bytes, int]:
    """The bodies of the chunks that are whole at the beginning of `data`, and where they end: a walk through many small
    ones costs more than all else that is done with them. It finds none where one of them has a line end inside, an
    extension or a size that is new.

    Between line ends, sizes and bodies take turns: where every size is its body's, each chunk ends where it says.
    """
    parts = data.split(b"\r\n")
    count = (len(parts) - 1) & ~1
    if data.endswith(_LAST):
        count -= 2
    sizes, bodies = parts[0:count:2], parts[1:count:2]
    if list(map(_plain_sizes.get, sizes)) != list(map(len, bodies)):
        return b"", 0
    whole = b"".join(bodies)
    return whole, len(whole) + len(b"".join(sizes)) + 2 * count


def _read_size(line: bytes) -> int:
    found = _SIZE.fullmatch(line)
    if found is None or len(line) > _LINE_LIMIT:
        raise ChunkError("a chunk size is not a hexadecimal number")
    size = int(found[1], 16)
    if len(line) <= 16:
        if len(_sizes) >= _CACHED:
            _sizes.clear()
            _plain_sizes.clear()
        _sizes[line] = size
        if size and found[0] == found[1] + b"\r":
            _plain_sizes[found[1]] = size
    return size
