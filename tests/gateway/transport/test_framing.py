"""The heads that go to clients."""

from __future__ import annotations

import pytest

from gateway.transport.framing import head_bytes, phrase, reply_bytes, status_line
from gateway.values import Head, Reply

DATE = b"Date: Sun, 22 Nov 2026 12:00:00 GMT\r\n"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (200, b"OK"),
        (405, b"Not Allowed"),
        (413, b"Request Entity Too Large"),
        (414, b"Request-URI Too Large"),
        (503, b"Service Temporarily Unavailable"),
        (504, b"Gateway Time-out"),
        (599, b""),
    ],
)
def test_phrases(status: int, words: bytes) -> None:
    assert phrase(status) == words


def test_status_lines() -> None:
    assert status_line(200) == b"HTTP/1.1 200 OK\r\n"
    assert status_line(200, b"Very Fine") == b"HTTP/1.1 200 Very Fine\r\n"
    assert status_line(599, b"Odd") == b"HTTP/1.1 599 Odd\r\n"
    assert status_line(599) == b"HTTP/1.1 599 \r\n"


def test_a_reply_has_a_date_and_its_length() -> None:
    reply = Reply(404, b"Content-Type: text/plain\r\n", b"no")
    assert reply_bytes(reply, b"GET", True, DATE) == (
        b"HTTP/1.1 404 Not Found\r\n" + DATE + b"Content-Type: text/plain\r\nContent-Length: 2\r\n"
        b"Connection: keep-alive\r\n\r\nno"
    )


def test_a_reply_keeps_the_date_that_it_has() -> None:
    assert reply_bytes(Reply(200, b"date: x\r\n", b""), b"GET", True, DATE).lower().count(b"date:") == 1


def test_no_body_for_head_and_304_and_no_length_for_204() -> None:
    assert reply_bytes(Reply(200, b"", b"body"), b"HEAD", False, DATE).endswith(
        b"Content-Length: 4\r\nConnection: close\r\n\r\n"
    )
    assert reply_bytes(Reply(304, b"", b"body"), b"GET", True, DATE).endswith(b"\r\n\r\n")
    assert b"Content-Length" not in reply_bytes(Reply(204, b"", b"body"), b"GET", True, DATE)


def test_heads() -> None:
    block = b"X-A: 1\r\n"
    assert head_bytes(Head(200, block, 5), b"OK", False, True) == (
        b"HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n"
    )
    assert head_bytes(Head(200, block, None), b"", True, True) == (
        b"HTTP/1.1 200 OK\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n"
    )
    assert head_bytes(Head(200, block, None), b"", False, False) == (
        b"HTTP/1.1 200 OK\r\nX-A: 1\r\nConnection: close\r\n\r\n"
    )
    assert b"Content-Length" not in head_bytes(Head(204, block, 3), b"", False, True)
