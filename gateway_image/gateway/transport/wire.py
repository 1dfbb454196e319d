"""HTTP/1.x heads as bytes: what a request head and a response head say, strictly. Pure functions over bytes.

Not for: sockets, bodies (chunks.py), the heads that this gateway writes (framing.py), routing.

Written by hand rather than driven by parser callbacks, because a head is then a handful of C calls: header lines repeat
from request to request, so each distinct line is parsed and checked once and found again by its bytes. That is also
where strictness is cheap. Bounded, because lines come from strangers.
Source: RFC 9112, and what Kong 3.9.1 was seen to accept and refuse.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from gateway.transport.lines import (
    ANSWER_LINE,
    CACHED_LINE,
    CACHED_LINES,
    LINE_LIMIT,
    REQUEST_LINE,
    BareLineFeed,
    Lines,
    Refused,
    cut,
)
from gateway.values import Headers

HEAD_LIMIT = 33 << 10  # bytes of one request head
COUNT_LIMIT = 4096  # header lines of one head
ANSWER_HEAD_LIMIT = 64 << 10  # bytes of an upstream's head
CHUNKED = -1  # as a length: the body comes in chunks
UNTIL_CLOSE = -2  # as a length: the body ends with the connection

_CACHED_HEAD = 2048  # larger heads are parsed every time
_CACHED_HEADS = 256
_METHOD = re.compile(rb"[A-Z_-]+")
_VERSION = re.compile(rb"HTTP/([1-9])\.([0-9]{1,2})")
_ABSOLUTE = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)(.*)")
_HOST = re.compile(rb"(\[[0-9A-Fa-f:.%]+\]|[^\x00-\x20\x7f/\\\[\]:?#]+)(:[0-9]*)?")
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})|%00")
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: ([^\r\n\0]*))?")


RequestHead = tuple[bytes, bytes, Headers, dict[bytes, bytes], str, bool, int]
"""method; target in origin-form, query included; headers; lower-case name -> last value, and b":authority" for an
absolute-form target; version "1.0" or "1.1"; whether to keep the connection; bytes of the body, or CHUNKED.
A plain tuple: it is made for every request, and a named one costs ten times as much."""

AnswerHead = tuple[int, bytes, Headers, bool, int]
"""status; reason; headers; whether the connection may be kept; bytes of the body, CHUNKED or UNTIL_CLOSE. What HEAD,
204 and 304 have instead is the reader's."""


class _RequestLine(NamedTuple):
    method: bytes
    target: bytes
    minor: int
    authority: bytes | None


_request_lines: dict[bytes, _RequestLine] = {}
_request_headers = Lines(REQUEST_LINE)
_answer_lines: dict[bytes, tuple[int, bytes, int]] = {}
_answer_headers = Lines(ANSWER_LINE)
_hosts: set[bytes] = set()


_requests: dict[bytes, RequestHead] = {}
_answers: dict[bytes, AnswerHead] = {}


def request_head(data: bytes) -> tuple[RequestHead, int] | None:
    """The head at the start of `data` and where its body begins; None when it is not whole. Raises Refused.

    A client that keeps its connection sends the same head again and again: a whole head is found again by its bytes.
    """
    end = data.find(b"\r\n\r\n")
    if 0 <= end <= HEAD_LIMIT:
        text = data[:end]
        head = _requests.get(text)
        if head is None:
            try:
                head = read_request(text.split(b"\r\n"))
            except BareLineFeed:
                return _uneven_request(data)
            if end <= _CACHED_HEAD:
                if len(_requests) >= _CACHED_HEADS:
                    _requests.clear()
                _requests[text] = head
        method, target, headers, fields, version, keep_alive, length = head
        return (method, target, headers.copy(), fields.copy(), version, keep_alive, length), end + 4
    return _uneven_request(data)


def answer_head(data: bytes) -> tuple[AnswerHead, int] | None:
    """The same for the head of an upstream's answer. Its headers are shared: not to be changed."""
    end = data.find(b"\r\n\r\n")
    if 0 <= end <= ANSWER_HEAD_LIMIT:
        text = data[:end]
        head = _answers.get(text)
        if head is None:
            try:
                head = read_answer(text.split(b"\r\n"))
            except BareLineFeed:
                return _uneven_answer(data)
            if end <= _CACHED_HEAD:
                if len(_answers) >= _CACHED_HEADS:
                    _answers.clear()
                _answers[text] = head
        return head, end + 4
    return _uneven_answer(data)


def _uneven_request(data: bytes) -> tuple[RequestHead, int] | None:
    """A head that is not whole, too large, or has bare line feeds."""
    found = cut(data[: HEAD_LIMIT + 4])
    if found is not None:
        return read_request(found[0]), found[1]
    if len(data) > HEAD_LIMIT:
        if b"\n" in data[:LINE_LIMIT]:
            raise Refused(400, "Request header or cookie too large")
        raise Refused(414, "URI too long")
    line, ended, _ = data.partition(b"\n")
    if ended:
        # what begins wrongly need not be waited for
        line = line.removesuffix(b"\r")
        if line not in _request_lines:
            _read_request_line(line)
    return None


def _uneven_answer(data: bytes) -> tuple[AnswerHead, int] | None:
    if not data.startswith(b"HTTP/"[: len(data)]):
        raise Refused(502, "the answer is not HTTP/1.x")
    found = cut(data[: ANSWER_HEAD_LIMIT + 4])
    if found is not None:
        return read_answer(found[0]), found[1]
    if len(data) > ANSWER_HEAD_LIMIT:
        raise Refused(502, f"the head of its answer is larger than {ANSWER_HEAD_LIMIT} bytes")
    return None


def read_request(lines: list[bytes]) -> RequestHead:
    """What a request head says. Raises Refused, and BareLineFeed when a line must be cut again."""
    line = _request_lines.get(lines[0]) or _read_request_line(lines[0])
    method, target, minor, authority = line
    count = len(lines)
    headers: Headers = []
    fields: dict[bytes, bytes] = {}
    if count > 1:
        if count > COUNT_LIMIT:
            raise Refused(400, "Request header or cookie too large")
        cache = _request_headers
        first = True
        for text in lines:
            if first:
                first = False
                continue
            pair, name, value = cache[text]
            headers.append(pair)
            fields[name] = value
        if b"" in fields:
            headers = [pair for pair in headers if pair[0]]
            del fields[b""]
        if len(fields) != len(headers):
            _check_repeated(headers, fields)
    try:
        host = fields.get(b"host")
        if host is None:
            if minor:
                raise Refused(400, "Bad request")
        elif host not in _hosts:
            _check_host(host)
        length = 0
        size = fields.get(b"content-length")
        if size is not None:
            if not size.isdigit() or len(size) > 18:
                raise Refused(400, "Bad request")
            length = int(size)
        coding = fields.get(b"transfer-encoding")
        if coding is not None:
            if not minor or size is not None:
                raise Refused(400, "Bad request")
            if coding.lower() != b"chunked":
                raise Refused(501, bare=True)
            length = CHUNKED
        if method == b"TRACE":
            raise Refused(405, "Method not allowed")
    except Refused as refused:
        refused.fields = fields
        raise
    if authority is not None:
        fields[b":authority"] = authority
    connection = fields.get(b"connection")
    keep_alive = minor > 0 if connection is None else _keeps(connection, minor > 0)
    return method, target, headers, fields, "1.1" if minor else "1.0", keep_alive, length


def read_answer(lines: list[bytes]) -> AnswerHead:
    """What a response head says. Raises Refused (any status: the text is the reason) and BareLineFeed."""
    first = _answer_lines.get(lines[0])
    if first is None:
        first = _read_status_line(lines[0])
    status, reason, minor = first
    cache = _answer_headers
    headers: Headers = []
    size = coding = connection = None
    for text in lines[1:]:
        pair, name, value = cache[text]
        headers.append(pair)
        if name in _FRAMING:
            if name == b"connection":
                connection = value if connection is None else connection + b", " + value
            elif name == b"content-length":
                if size is not None:
                    raise Refused(502, "two content-length headers")
                size = value
            elif name == b"transfer-encoding":
                if coding is not None:
                    raise Refused(502, "two transfer-encoding headers")
                coding = value
            else:
                raise Refused(502, "a header line without a valid name")
    length = UNTIL_CLOSE
    if size is not None:
        if not size.isdigit() or len(size) > 18:
            raise Refused(502, "a content-length that is no number")
        length = int(size)
    if coding is not None:
        if size is not None:
            raise Refused(502, "both content-length and transfer-encoding")
        if coding.lower() != b"chunked":
            raise Refused(502, "a transfer-encoding other than chunked")
        length = CHUNKED
    keep_alive = minor > 0 if connection is None else _keeps(connection, minor > 0)
    return status, reason, headers, keep_alive, length


def _keeps(connection: bytes, default: bool) -> bool:
    value = connection.lower()
    if b"close" in value:
        return False
    return default or b"keep-alive" in value


def _read_request_line(line: bytes) -> _RequestLine:
    if b"\n" in line:
        raise BareLineFeed
    if len(line) > LINE_LIMIT:
        raise Refused(414, "URI too long")
    parts = [part for part in line.split(b" ") if part]
    if len(parts) != 3 or line.startswith(b" ") or not _METHOD.fullmatch(parts[0]):
        raise Refused(400, "Bad request")
    method, target, version = parts
    found = _VERSION.fullmatch(version)
    if found is None or min(target) < 0x20 or b"\x7f" in target or b"\0" in target:
        raise Refused(400, "Bad request")
    authority = None
    if not target.startswith(b"/"):
        target, authority = _read_absolute(target)
    if found[1] != b"1":
        raise Refused(505, bare=True)
    _check_path(target.partition(b"?")[0])
    result = _RequestLine(method, target, min(int(found[2]), 1), authority)
    if len(line) <= CACHED_LINE:
        if len(_request_lines) >= CACHED_LINES:
            _request_lines.clear()
        _request_lines[line] = result
    return result


def _read_absolute(target: bytes) -> tuple[bytes, bytes]:
    """An absolute-form target's path and query, and its host. The Host header still routes, as in Kong."""
    found = _ABSOLUTE.fullmatch(target)
    if found is None or not _HOST.fullmatch(found[1]) or b"@" in found[1]:
        raise Refused(400, "Bad request")
    rest = found[2]
    return (rest if rest.startswith(b"/") else b"/" + rest), found[1].lower()


def _check_path(path: bytes) -> None:
    """Refuses a bad escape, an escaped NUL and a path that climbs above its root."""
    if b"%" in path and _BAD_ESCAPE.search(path):
        raise Refused(400, "Bad request")
    if b".." in path or b"%2" in path:
        depth = 0
        for segment in unquote_to_bytes(path).split(b"/"):
            depth += -1 if segment == b".." else 1 if segment not in (b"", b".") else 0
            if depth < 0:
                raise Refused(400, "Bad request")


def _check_host(host: bytes) -> None:
    found = _HOST.fullmatch(host)
    if found is None or b".." in host:
        raise Refused(400, "Bad request")
    if len(host) <= CACHED_LINE:
        if len(_hosts) >= CACHED_LINES:
            _hosts.clear()
        _hosts.add(host)


_FRAMING = frozenset((b"connection", b"content-length", b"transfer-encoding", b""))
_SINGLE = (b"host", b"content-length", b"transfer-encoding")


def _check_repeated(headers: Headers, fields: dict[bytes, bytes]) -> None:
    """Headers that come more than once: refused where two would be ambiguous; Connection's values are joined."""
    seen = set()
    connection = []
    for name, value in headers:
        lower = name.lower()
        if lower in _SINGLE and lower in seen:
            raise Refused(400, "Bad request")
        if lower == b"connection":
            connection.append(value)
        seen.add(lower)
    if len(connection) > 1:
        fields[b"connection"] = b", ".join(connection)


def _read_status_line(line: bytes) -> tuple[int, bytes, int]:
    if b"\n" in line:
        raise BareLineFeed
    found = _STATUS.fullmatch(line)
    if found is None:
        raise Refused(502, "the answer is not HTTP/1.x")
    result = (int(found[2]), found[3] or b"", int(found[1]))
    if len(line) <= CACHED_LINE:
        if len(_answer_lines) >= CACHED_LINES:
            _answer_lines.clear()
        _answer_lines[line] = result
    return result
