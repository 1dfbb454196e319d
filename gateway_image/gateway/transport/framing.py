"""The heads that this gateway writes to its clients: status line, Connection, framing headers. Pure.

Not for: the header block itself, which the exchange makes; reading heads (wire.py).
"""

from __future__ import annotations

from http import HTTPStatus

from gateway.values import Head, Reply

_PHRASES = {
    302: b"Moved Temporarily",
    405: b"Not Allowed",
    408: b"Request Time-out",
    413: b"Request Entity Too Large",
    414: b"Request-URI Too Large",
    416: b"Requested Range Not Satisfiable",
    503: b"Service Temporarily Unavailable",
    504: b"Gateway Time-out",
}
"""Where Kong's HTTP edge says other words than the standard."""

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"
_KEEP = b"Connection: keep-alive\r\n"
_CLOSE = b"Connection: close\r\n"
_status_lines: dict[tuple[int, bytes], bytes] = {}
_CACHED = 1024


def phrase(status: int) -> bytes:
    """The reason phrase of a status, b"" for one that nobody registered."""
    words = _PHRASES.get(status)
    if words is not None:
        return words
    try:
        return HTTPStatus(status).phrase.encode("latin-1")
    except ValueError:
        return b""


def status_line(status: int, reason: bytes = b"") -> bytes:
    """`HTTP/1.1 200 OK` with its line end; `reason` replaces the usual phrase."""
    line = _status_lines.get((status, reason))
    if line is None:
        line = b"HTTP/1.1 %d %b\r\n" % (status, reason or phrase(status))
        if len(_status_lines) >= _CACHED:
            _status_lines.clear()
        _status_lines[(status, reason)] = line
    return line


def has_body(method: bytes, status: int) -> bool:
    """Whether an answer of this status to this method may have a body at all."""
    return method != b"HEAD" and status >= 200 and status not in (204, 304)


def reply_bytes(reply: Reply, method: bytes, keep_alive: bool, date: bytes) -> bytes:
    """A complete answer on the wire. `date` is the ready Date line, added where the block has none."""
    block = reply.block
    status = reply.status
    if b"date:" not in block.lower():
        block = date + block
    body = reply.body
    if status < 200 or status == 204:
        framing, body = b"", b""
    else:
        framing = b"Content-Length: %d\r\n" % len(body)
        if method == b"HEAD" or status == 304:
            body = b""
    return b"".join((status_line(status), block, framing, _KEEP if keep_alive else _CLOSE, b"\r\n", body))


def head_bytes(head: Head, reason: bytes, *, chunked: bool, keep_alive: bool) -> bytes:
    """The head of an answer whose body follows. `chunked` False: by length, or by the connection's end where the
    head has no length."""
    if chunked:
        framing = b"Transfer-Encoding: chunked\r\n"
    elif head.length is not None and head.status >= 200 and head.status != 204:
        framing = b"Content-Length: %d\r\n" % head.length
    else:
        framing = b""
    line = status_line(head.status, reason)
    return b"".join((line, head.block, framing, _KEEP if keep_alive else _CLOSE, b"\r\n"))


def chunk(body: bytes) -> bytes:
    """One chunk; `body` is not empty, an empty chunk would end the body."""
    return b"%x\r\n%b\r\n" % (len(body), body)
