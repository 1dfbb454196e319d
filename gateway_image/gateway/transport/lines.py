"""Lines of HTTP/1.x heads: cutting a head into them, and what a header line says. Pure.

Not for: what a head as a whole means (wire.py).
"""

from __future__ import annotations

import re

LINE_LIMIT = 8190  # bytes of one line of a request head
CACHED_LINE = 512  # longer lines are parsed every time
CACHED_LINES = 2048
REQUEST_LINE = re.compile(rb"([A-Za-z0-9_-]+):[ \t]*([^\r\n\0]*)")
"""Names as Kong takes them from clients: fewer than the standard allows."""
ANSWER_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*)")
_NAME = re.compile(rb"[A-Za-z0-9_-]+")
_BLANK = re.compile(rb"\n\r?\n")


class Refused(Exception):
    """A head that is not taken. `status` and `message` are for the client; `bare` asks for the bare page."""

    def __init__(self, status: int, message: str = "", bare: bool = False) -> None:
        super().__init__(message or str(status))
        self.status = status
        self.message = message
        self.bare = bare
        self.fields: dict[bytes, bytes] = {}  # what was read before, for content negotiation


class BareLineFeed(Exception):
    """A line holds a line feed without carriage return: cut the head again at line feeds."""


Entry = tuple[tuple[bytes, bytes], bytes, bytes]


class Lines(dict[bytes, Entry]):
    """Header line -> (name, value), lower-case name, value. Fills itself by parsing. An ignored line has the lower-case
    name b"". Names are shared objects, so that later look-ups by name find their hash already made."""

    __slots__ = ("_names", "_pattern")

    def __init__(self, pattern: re.Pattern[bytes]) -> None:
        super().__init__()
        self._pattern = pattern
        self._names: dict[bytes, tuple[bytes, bytes]] = {}

    def __missing__(self, line: bytes) -> Entry:
        found = self._pattern.fullmatch(line)
        if found is None:
            return _odd_line(line)
        if len(line) > LINE_LIMIT and self._pattern is REQUEST_LINE:
            raise Refused(400, "Request header or cookie too large")
        name, value = found.groups()
        names = self._names.get(name)
        if names is None:
            if len(self._names) >= CACHED_LINES:
                self._names.clear()
            names = self._names[name] = (name, name.lower())
        value = value.rstrip(b" \t")
        entry = ((names[0], value), names[1], value)
        if len(line) <= CACHED_LINE:
            if len(self) >= CACHED_LINES:
                self.clear()
            self[line] = entry
        return entry


def _odd_line(line: bytes) -> Entry:
    """A header line that is not `name: value`: ignored where Kong ignores it, refused where it is ambiguous."""
    if b"\n" in line:
        raise BareLineFeed
    name, colon, _ = line.partition(b":")
    if len(line) > LINE_LIMIT:
        raise Refused(400, "Request header or cookie too large")
    if b"\r" in line or b"\0" in line or not name or min(name) <= 0x20 or b"\x7f" in name:
        raise Refused(400, "Bad request")
    if not colon and _NAME.fullmatch(name):
        return (name, b""), name.lower(), b""
    return (b"", b""), b"", b""


def cut(buffer: bytes) -> tuple[list[bytes], int] | None:
    """The lines of the head at the start of `buffer` and where its body begins; None when it is not whole yet. Lines
    may end in a bare line feed; this is the slow way, after the quick way found no end or raised BareLineFeed."""
    found = _BLANK.search(buffer)
    if found is None:
        return None
    lines = buffer[: found.start()].split(b"\n")
    return [line[:-1] if line.endswith(b"\r") else line for line in lines], found.end()
