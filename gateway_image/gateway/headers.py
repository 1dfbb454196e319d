"""Header lines as bytes: which names pass in each direction, and the prebuilt `Name: ` that saves work per request.
Not for: deciding what a plugin adds.
"""

from __future__ import annotations

from gateway.values import Headers

HOP_BY_HOP = frozenset(
    (b"connection", b"keep-alive", b"proxy-connection", b"te", b"transfer-encoding", b"upgrade", b"content-length")
)
FORWARDED = frozenset(
    (
        b"x-forwarded-for",
        b"x-forwarded-proto",
        b"x-forwarded-host",
        b"x-forwarded-port",
        b"x-forwarded-path",
        b"x-forwarded-prefix",
        b"x-real-ip",
        b"x-kong-request-id",
        b"via",
    )
)
REQUEST_DROPPED = HOP_BY_HOP | FORWARDED | {b"host", b"expect"}
RESPONSE_DROPPED = HOP_BY_HOP | {b"via", b"x-kong-request-id", b"x-kong-upstream-latency", b"x-kong-proxy-latency"}
_TABLE_LIMIT = 2048


class NameTable(dict[bytes, bytes | None]):
    """Raw header name -> b"Name: ", or None for a name that does not pass. Fills itself; bounded, because names come
    from strangers."""

    __slots__ = ("dropped",)

    def __init__(self, dropped: frozenset[bytes]) -> None:
        super().__init__()
        self.dropped = dropped

    def __missing__(self, name: bytes) -> bytes | None:
        value = None if name.lower() in self.dropped else name + b": "
        if len(self) < _TABLE_LIMIT:
            self[name] = value
        return value


Changes = dict[bytes, bytes]
"""Lower-case name -> the complete lines that replace it (b"" removes it)."""


def lines(headers: Headers, table: NameTable, changes: Changes | None = None) -> list[bytes]:
    """The pieces of a header block: what passes of `headers`, then the changes. Join them with b""."""
    out: list[bytes] = []
    if changes:
        for name, value in headers:
            prefix = table[name]
            if prefix is not None and name.lower() not in changes:
                out += (prefix, value, b"\r\n")
        out += changes.values()
        return out
    for name, value in headers:
        prefix = table[name]
        if prefix is not None:
            out += (prefix, value, b"\r\n")
    return out


def without_listed(headers: Headers, connection: bytes) -> Headers:
    """Drops the headers that a Connection header names (never Host)."""
    named = {part.strip().lower() for part in connection.split(b",")} - {b"host", b"close", b"keep-alive", b""}
    if not named:
        return headers
    return [(name, value) for name, value in headers if name.lower() not in named]


def find(headers: Headers, wanted: bytes) -> bytes | None:
    """The first value of a header by lower-case name."""
    for name, value in headers:
        if len(name) == len(wanted) and name.lower() == wanted:
            return value
    return None


def line_error(text: str) -> str | None:
    """Why a text of the configuration cannot be a part of a header line."""
    return "must be one line, without NUL" if any(character in text for character in "\r\n\0") else None


def one_line(value: bytes) -> bytes:
    """A value that cannot end its header line, whoever it came from."""
    if b"\r" in value or b"\n" in value or b"\0" in value:
        return value.replace(b"\r", b"%0D").replace(b"\n", b"%0A").replace(b"\0", b"%00")
    return value


def lines_of(headers: Headers, wanted: bytes) -> bytes:
    """All lines of one lower-case name, ready for the wire."""
    return b"".join(name + b": " + value + b"\r\n" for name, value in headers if name.lower() == wanted)


def changed(headers: Headers, changes: Changes) -> Headers:
    """Headers as they are after the changes, taken apart again. For plugins that look at all of them."""
    if not changes:
        return headers
    out = [(name, value) for name, value in headers if name.lower() not in changes]
    return out + parsed(b"".join(changes.values()))


def parsed(block: bytes) -> Headers:
    """A ready block of our own taken apart: b"Name: value\\r\\n"..."""
    pairs = (line.partition(b": ") for line in block.split(b"\r\n") if line)
    return [(name, value) for name, _, value in pairs]


def replaced(block: bytes, changes: Changes) -> bytes:
    """A ready block with the lines of some names replaced."""
    kept = (name + b": " + value + b"\r\n" for name, value in parsed(block) if name.lower() not in changes)
    return b"".join((*kept, *changes.values()))
