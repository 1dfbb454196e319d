"""Header lines by themselves, and heads with uneven line ends."""

from __future__ import annotations

import pytest

from gateway.transport.lines import ANSWER_LINE, CACHED_LINES, REQUEST_LINE, BareLineFeed, Lines, Refused, cut


def test_a_line_is_a_name_and_a_value() -> None:
    lines = Lines(REQUEST_LINE)
    assert lines[b"X-Name:\t a b \t"] == ((b"X-Name", b"a b"), b"x-name", b"a b")
    assert lines[b"X-Name:"] == ((b"X-Name", b""), b"x-name", b"")


def test_names_are_shared_objects() -> None:
    lines = Lines(REQUEST_LINE)
    assert lines[b"X-A: 1"][1] is lines[b"X-A: 2"][1]
    assert lines[b"X-A: 1"][0][0] is lines[b"X-A: 2"][0][0]


def test_answers_may_have_names_that_requests_may_not() -> None:
    assert Lines(ANSWER_LINE)[b"x.rate!: 1"][1] == b"x.rate!"
    assert Lines(REQUEST_LINE)[b"x.rate!: 1"][1] == b""


def test_a_line_feed_inside_is_told_apart_from_nonsense() -> None:
    with pytest.raises(BareLineFeed):
        Lines(REQUEST_LINE)[b"X-A: 1\nX-B: 2"]
    with pytest.raises(Refused):
        Lines(REQUEST_LINE)[b"X-A: 1\rX-B: 2"]


def test_neither_long_lines_nor_many_are_kept() -> None:
    lines = Lines(REQUEST_LINE)
    lines[b"X-A: " + b"a" * 1000]
    assert not lines
    for number in range(3 * CACHED_LINES):
        lines[b"X-%d: 1" % number]
    assert len(lines) <= CACHED_LINES
    assert len(lines._names) <= CACHED_LINES


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_cutting(end: bytes) -> None:
    head = end.join((b"GET / HTTP/1.1", b"Host: h", b"", b""))
    assert cut(head + b"rest") == ([b"GET / HTTP/1.1", b"Host: h"], len(head))
    assert cut(head[: -len(end)]) is None


def test_cutting_mixed_ends() -> None:
    assert cut(b"a\nb\r\n\nrest") == ([b"a", b"b"], 6)
