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
