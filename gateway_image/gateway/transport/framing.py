"""The heads that this gateway writes to its clients: status line, Connection, framing headers. Pure.

Not for: the header block itself, which the exchange makes; reading heads (wire.py).
"""

from __future__ import annotations

from http import HTTPStatus

from gateway.values import Head, Reply

_PHRASES = {status.value: status.phrase.encode("latin-1") for status in HTTPStatus} | {
    302: b"Moved Temporarily",
    405: b"Not Allowed",
    408: b"Request Time-out",
    413: b"Request Entity Too Large",
    414: b"Request-URI Too Large",
    416: b"Requested Range Not Satisfiable",
    503: b"Service Temporarily Unavailable",
    504: b"Gateway Time-out",
}
"""The standard's words, and those that Kong's HTTP edge has instead."""

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"
_KEEP = b"Connection: keep-alive\r\n"
_CLOSE = b"Connection: close\r\n"
_KEEP_END = _KEEP + b"\r\n"
_CLOSE_END = _CLOSE + b"\r\n"
_END_KEEP = b"\r\n" + _KEEP_END
_END_CLOSE = b"\r\n" + _CLOSE_END
_CHUNKED_KEEP = b"Transfer-Encoding: chunked\r\n" + _KEEP_END
_CHUNKED_CLOSE = b"Transfer-Encoding: chunked\r\n" + _CLOSE_END
_STATUS_LINES = {status: b"HTTP/1.1 %d %b\r\n" % (status, words) for status, words in _PHRASES.items()}


def phrase(status: int) -> bytes:
    """The reason phrase of a status, b"" for one that nobody registered."""
    return _PHRASES.get(status, b"")


def status_line(status: int, reason: bytes = b"") -> bytes:
    """`HTTP/1.1 200 OK` with its line end; `reason` replaces the usual phrase."""
    if not reason or reason == _PHRASES.get(status):
        line = _STATUS_LINES.get(status)
        if line is not None:
            return line
    return b"HTTP/1.1 %d %b\r\n" % (status, reason)


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


def head_bytes(head: Head, reason: bytes, chunked: bool, keep_alive: bool) -> bytes:
    """The head of an answer whose body follows. `chunked` False: by length, or by the connection's end where the
    head has no length."""
    status = head.status
    line = _STATUS_LINES.get(status)
    if line is None or (reason and reason != _PHRASES[status]):
        line = status_line(status, reason)
    if chunked:
        framing = _CHUNKED_KEEP if keep_alive else _CHUNKED_CLOSE
    elif head.length is not None and status >= 200 and status != 204:
        framing = b"Content-Length: %d%b" % (head.length, _END_KEEP if keep_alive else _END_CLOSE)
    else:
        framing = _KEEP_END if keep_alive else _CLOSE_END
    return line + head.block + framing
