"""Knows bytes that are whole chunks of whole events. A provider that flushes event by event sends nothing else, and
its framing can be the client's too. Pure, but for what it learns. Not for: any other chunk (chunks.py).

A stream's events have few sizes. One pattern of those seen before finds fifteen chunks in the time in which Python
finds one; it is made anew now and then, from what it did not know.
"""

from __future__ import annotations

import re

from gateway.transport.framing import LAST_CHUNK

_HEAD = re.compile(rb"([0-9A-Fa-f]{1,4})\r\n")
_END = b"\n\n\r\n"  # of an event and of its chunk
_MOST = 64
"""Sizes that the pattern knows at most."""
_LESSON = 256
"""Unknown bytes between two looks at them."""
_OBLIVION = 1 << 16
"""Unknown bytes after which a full pattern is given up for another."""


class EventChunks:
    """What is known of chunk sizes."""

    def __init__(self) -> None:
        self._sizes: set[bytes] = set()  # as they stand before their chunks
        self._pattern = re.compile(b"(?!)")
        self._unknown = 0

    def end(self, data: bytes) -> int:
        """Where the chunks end with which `data` begins, each of which ends with an event: behind it, or before the
        last chunk, without trailers, of a body. 0 for anything else, also when other bytes follow."""
        found = self._pattern.fullmatch(data)
        if found is not None:
            return found.end(1)
        self._unknown += 1
        if self._unknown % _LESSON == 0:
            self._learn(data.removesuffix(LAST_CHUNK))
        return 0

    def _learn(self, data: bytes) -> None:
        if self._unknown % _OBLIVION == 0:
            self._sizes.clear()
        seen = set()
        position = 0
        while position < len(data):
            found = _HEAD.match(data, position)
            if found is None:
                return
            end = found.end() + int(found[1], 16)
            position = end + 2
            if data[end - 2 : position] != _END:
                return
            seen.add(found[1])
        if seen - self._sizes and len(seen | self._sizes) <= _MOST:
            self._sizes |= seen
            kinds = (b"%b\\r\\n.{%d}\\n\\n\\r\\n" % (size, int(size, 16) - 2) for size in sorted(self._sizes))
            self._pattern = re.compile(b"((?:%b)++)(?:0\\r\\n\\r\\n)?" % b"|".join(kinds), re.DOTALL)
