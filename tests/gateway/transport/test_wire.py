"""Heads: strict, bounded, and of one mind with an independent parser where both accept."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.transport import wire
from gateway.transport.lines import Refused
from gateway.transport.wire import CHUNKED, UNTIL_CLOSE, answer_head, request_head

GET = b"GET /a?b=1 HTTP/1.1\r\nHost: h.test\r\n"


def read(head: bytes) -> wire.RequestHead:
    found = request_head(head + b"\r\n")
    assert found is not None
    return found[0]


def refusal(head: bytes) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        request_head(head + b"\r\n")
    return caught.value.status, caught.value.message


def test_a_head_is_taken_apart() -> None:
    method, target, headers, fields, version, keep, length = read(GET + b"X-A:  1 \r\nx-a: 2\r\nContent-Length: 5\r\n")
    assert (method, target, version, keep, length) == (b"GET", b"/a?b=1", "1.1", True, 5)
    assert headers == [(b"Host", b"h.test"), (b"X-A", b"1"), (b"x-a", b"2"), (b"Content-Length", b"5")]
    assert fields[b"x-a"] == b"2"


def test_where_the_body_begins() -> None:
    head = GET + b"\r\n"
    assert request_head(head + b"body\r\n\r\n") == request_head(head + b"other")
    found = request_head(head + b"body")
    assert found is not None
    assert found[1] == len(head)


@pytest.mark.parametrize("size", range(len(GET) + 2))
def test_part_of_a_head_is_not_a_head(size: int) -> None:
    assert request_head((GET + b"\r\n")[:size]) is None


def test_the_same_head_again_is_equal_and_not_shared() -> None:
    first, again = read(GET), read(GET)
    assert first == again
    first[2].clear()
    first[3].clear()
    assert read(GET) == again


def test_bare_line_feeds_end_lines_too() -> None:
    assert read(b"GET /a HTTP/1.1\nHost: h.test\nX-A: 1\n")[2] == [(b"Host", b"h.test"), (b"X-A", b"1")]


def test_a_blank_line_of_line_feeds_ends_a_head_before_a_later_one() -> None:
    data = b"GET /a HTTP/1.1\nHost: h.test\n\nGET /evil HTTP/1.1\r\nHost: h.test\r\n\r\n"
    found = request_head(data)
    assert found is not None
    assert found[0][1] == b"/a"
    assert data[found[1] :].startswith(b"GET /evil")


@pytest.mark.parametrize(
    "line",
    [b"X-A : 1", b": v", b"X A: 1", b" folded", b"X-A: a\0b", b"X-A: a\rb", b"\x7f: 1", b"X-\x01: 1"],
)
def test_ambiguous_header_lines_are_refused(line: bytes) -> None:
    assert refusal(GET + line + b"\r\n") == (400, "Bad request")


@pytest.mark.parametrize("line", [b"X(A): 1", b"X.A: 1", b"caf\xe9: 1", b"X!#$: 1"])
def test_odd_names_are_ignored(line: bytes) -> None:
    head = read(GET + line + b"\r\nX-B: 2\r\n")
    assert head[2] == [(b"Host", b"h.test"), (b"X-B", b"2")]
    assert b"" not in head[3]


def test_a_name_without_colon_has_an_empty_value() -> None:
    assert read(GET + b"NoColon\r\n")[2][-1] == (b"NoColon", b"")


@pytest.mark.parametrize(
    "head",
    [
        b"GET /a HTTP/1.1\r\n",
        GET + b"Host: h.test\r\n",
        b"GET /a HTTP/1.1\r\nHost:\r\n",
        b"GET /a HTTP/1.1\r\nHost: a b\r\n",
        b"GET /a HTTP/1.1\r\nHost: a/b\r\n",
        b"GET /a HTTP/1.1\r\nHost: a..b\r\n",
        GET + b"Content-Length: 5\r\nContent-Length: 5\r\n",
        GET + b"Content-Length: 5, 5\r\n",
        GET + b"Content-Length: +5\r\n",
        GET + b"Content-Length: 0x5\r\n",
        GET + b"Content-Length: -1\r\n",
        GET + b"Content-Length: 9999999999999999999\r\n",
        GET + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        GET + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        b"GET /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n",
        b"get /a HTTP/1.1\r\nHost: h.test\r\n",
        b"GET a HTTP/1.1\r\nHost: h.test\r\n",
        b"GET /a b HTTP/1.1\r\nHost: h.test\r\n",
        b"GET /a\r\nHost: h.test\r\n",
        b"GET /a HTTP/0.9\r\nHost: h.test\r\n",
        b"GET /a http/1.1\r\nHost: h.test\r\n",
        b"GET * HTTP/1.1\r\nHost: h.test\r\n",
        b"CONNECT h.test:443 HTTP/1.1\r\nHost: h.test\r\n",
        b"GET /%zz HTTP/1.1\r\nHost: h.test\r\n",
        b"GET /%00 HTTP/1.1\r\nHost: h.test\r\n",
        b"GET /../a HTTP/1.1\r\nHost: h.test\r\n",
        b"GET /a/%2e%2e/%2e%2e/b HTTP/1.1\r\nHost: h.test\r\n",
        b"GET http:///a HTTP/1.1\r\nHost: h.test\r\n",
        b"GET http://u@h.test/a HTTP/1.1\r\nHost: h.test\r\n",
    ],
)
def test_bad_requests(head: bytes) -> None:
    assert refusal(head) == (400, "Bad request")


def test_statuses_of_their_own() -> None:
    assert refusal(GET + b"Transfer-Encoding: gzip, chunked\r\n")[0] == 501
    assert refusal(b"GET /a HTTP/2.0\r\nHost: h.test\r\n")[0] == 505
    assert refusal(b"TRACE /a HTTP/1.1\r\nHost: h.test\r\n") == (405, "Method not allowed")
    assert refusal(b"GET /" + b"a" * 8300 + b" HTTP/1.1\r\nHost: h.test\r\n") == (414, "URI too long")
    assert refusal(GET + b"X-Big: " + b"a" * 9000 + b"\r\n")[1] == "Request header or cookie too large"
    assert refusal(GET + b"X-A: 1\r\n" * 5000)[1] == "Request header or cookie too large"


def test_a_refusal_keeps_what_was_read_for_the_choice_of_its_form() -> None:
    with pytest.raises(Refused) as caught:
        request_head(b"GET /a HTTP/1.1\r\nAccept: text/html\r\n\r\n")
    assert caught.value.fields == {b"accept": b"text/html"}


@pytest.mark.parametrize(
    ("version", "connection", "keeps"),
    [
        (b"1.1", b"", True),
        (b"1.1", b"Connection: close\r\n", False),
        (b"1.1", b"Connection: X, Close\r\n", False),
        (b"1.1", b"Connection: close\r\nConnection: X\r\n", False),
        (b"1.0", b"", False),
        (b"1.0", b"Connection: Keep-Alive\r\n", True),
    ],
)
def test_who_keeps_the_connection(version: bytes, connection: bytes, keeps: bool) -> None:
    assert read(b"GET /a HTTP/" + version + b"\r\nHost: h.test\r\n" + connection)[5] is keeps


@pytest.mark.parametrize(
    ("target", "path", "authority"),
    [
        (b"http://Other.test/a?b", b"/a?b", b"other.test"),
        (b"HTTP://h.test:99/a", b"/a", b"h.test:99"),
        (b"http://h.test", b"/", b"h.test"),
        (b"http://h.test?x", b"/?x", b"h.test"),
    ],
)
def test_absolute_form(target: bytes, path: bytes, authority: bytes) -> None:
    head = read(b"GET " + target + b" HTTP/1.1\r\nHost: h.test\r\n")
    assert (head[1], head[3][b":authority"], head[3][b"host"]) == (path, authority, b"h.test")


@pytest.mark.parametrize("start", [b"GET /a\r\n", b"\x16\x03\x01\x00\x05\r\n", b"hello\n"])
def test_what_begins_wrongly_is_refused_at_once(start: bytes) -> None:
    with pytest.raises(Refused):
        request_head(start)


def test_a_line_that_never_ends_is_bounded() -> None:
    assert request_head(b"GET /" + b"a" * 30_000) is None
    with pytest.raises(Refused) as caught:
        request_head(b"GET /" + b"a" * 40_000)
    assert caught.value.status == 414


def test_caches_are_bounded() -> None:
    for number in range(5000):
        read(GET + b"X-%d: %d\r\n" % (number, number))
    for table in (wire._requests, wire._request_headers, wire._request_lines, wire._hosts):
        assert len(table) <= 2048


NAMES = st.from_regex(rb"[A-Za-z][A-Za-z0-9-]{0,12}", fullmatch=True)
VALUES = st.binary(max_size=20)


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_refused_or_waited_for(data: bytes) -> None:
    for whole in (data, GET + data + b"\r\n\r\n"):
        with contextlib.suppress(Refused):
            request_head(whole)
        with contextlib.suppress(Refused):
            answer_head(whole)


@settings(max_examples=300)
@given(st.lists(st.tuples(NAMES, VALUES), max_size=6))
def test_what_is_accepted_has_no_line_of_its_own_inside(pairs: list[tuple[bytes, bytes]]) -> None:
    lines = b"".join(b"%b: %b\r\n" % pair for pair in pairs)
    with contextlib.suppress(Refused):
        for name, value in read(GET + lines)[2]:
            assert not set(b"\r\n\0:") & set(name)
            assert not set(b"\r\n\0") & set(value)


def test_an_answer_is_taken_apart() -> None:
    found = answer_head(b"HTTP/1.1 200 Very Fine\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nok")
    assert found is not None
    assert found[0] == (200, b"Very Fine", [(b"X-A", b"1"), (b"Content-Length", b"2")], True, 2)


@pytest.mark.parametrize(
    ("lines", "keeps", "length"),
    [
        (b"Transfer-Encoding: Chunked\r\n", True, CHUNKED),
        (b"Connection: close\r\n", False, UNTIL_CLOSE),
        (b"Connection: x\r\nConnection: close\r\n", False, UNTIL_CLOSE),
        (b"", True, UNTIL_CLOSE),
    ],
)
def test_how_an_answer_ends(lines: bytes, keeps: bool, length: int) -> None:
    found = answer_head(b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n")
    assert found is not None
    assert found[0][3:] == (keeps, length)


def test_an_answer_without_reason_and_one_of_1_0() -> None:
    found = answer_head(b"HTTP/1.0 204\r\n\r\n")
    assert found is not None
    assert found[0][:2] == (204, b"")
    assert found[0][3] is False


@pytest.mark.parametrize(
    "head",
    [
        b"not http at all\r\n\r\n",
        b"HTTP/1.1 99 Odd\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-A: a\0b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX A: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Big: " + b"a" * 70_000 + b"\r\n\r\n",
    ],
)
def test_answers_that_are_none(head: bytes) -> None:
    with pytest.raises(Refused):
        answer_head(head)
