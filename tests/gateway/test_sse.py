"""Server-sent events and lines, however they are cut."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.streams import PLACES, cut, every_split

from gateway.sse import LineSplitter, SseError, SseParser

Events = list[tuple[str, bytes]]


def parse(pieces: list[bytes], limit: int = 1000) -> Events:
    parser = SseParser(limit)
    found: Events = []
    for piece in pieces:
        found += parser.feed(piece)
    return found + parser.flush()


@pytest.mark.parametrize(
    ("text", "events"),
    [
        (b"data: a\n\n", [("message", b"a")]),
        (b"data:a\n\n", [("message", b"a")]),
        (b"data:  a\n\n", [("message", b" a")]),
        (b"data: a\r\n\r\n", [("message", b"a")]),
        (b"data: a\r\r", [("message", b"a")]),
        (b"data: a\r\ndata: b\n\rdata: c\r\n\n", [("message", b"a\nb"), ("message", b"c")]),
        (b"event: x\ndata: a\n\ndata: b\n\n", [("x", b"a"), ("message", b"b")]),
        (b"data: a\nevent: late\n\n", [("late", b"a")]),
        (b"event:\ndata: a\n\n", [("message", b"a")]),
        (b"event: x\n\ndata: a\n\n", [("message", b"a")]),
        (b": comment\n\n:\n\ndata: a\n: more\n\n", [("message", b"a")]),
        (b"id: 1\nretry: 10\nunknown: x\ndata: a\n\n", [("message", b"a")]),
        (b"data\ndata: a\n\n", [("message", b"\na")]),
        (b"data\n\n", [("message", b"")]),
        (b"\xef\xbb\xbfdata: a\n\n", [("message", b"a")]),
        (b"\xef\xbb\xbf: c\n\xef\xbb\xbfdata: a\n\n", []),
        (b"data: a", [("message", b"a")]),
        (b"data: a\n", [("message", b"a")]),
        (b"data: a\r\n", [("message", b"a")]),
        (b"\n\n\n", []),
        (b"", []),
        (b"data: \xe2\x82\xac\n\n", [("message", "€".encode())]),
        (b"event: \xff\ndata: a\n\n", [("�", b"a")]),
        (b"data: a: b\n\n", [("message", b"a: b")]),
        (b"datax: a\n\nDATA: a\n\n", []),
    ],
    ids=repr,
)
def test_the_grammar_however_it_is_cut(text: bytes, events: Events) -> None:
    assert parse([text]) == events
    for pieces in every_split(text):
        assert parse(pieces) == events, pieces


LINE = st.sampled_from(
    [b"data: a", b"data:b", b"data", b"event: x", b": c", b"", b"", b"id: 1", b"data: \xe2\x82\xac"]
)  # fmt: skip


@given(st.lists(st.tuples(LINE, st.sampled_from([b"\n", b"\r\n", b"\r"])), max_size=20), PLACES)
@example([(b"data: a", b"\r"), (b"", b"\n")], [8])
def test_any_cut_gives_the_same_events(parts: list[tuple[bytes, bytes]], places: list[int]) -> None:
    text = b"".join(line + end for line, end in parts)
    assert parse(cut(text, places)) == parse([text])


@given(st.binary(max_size=200), PLACES)
def test_noise_is_never_an_exception(data: bytes, places: list[int]) -> None:
    assert parse(cut(data, places)) == parse([data])


@pytest.mark.parametrize(
    "pieces",
    [
        [b"data: " + b"x" * 200],
        [b"data: ", *[b"x"] * 200],
        [b"data: " + b"x" * 200 + b"\n\n"],
        [b"data: xxxxxxxxx\n"] * 20,
        [b"data:\n"] * 200,
        [b": " + b"c" * 200],
    ],
    ids=["line", "bytes", "whole", "lines", "empty lines", "comment"],
)
def test_an_endless_event_is_an_error(pieces: list[bytes]) -> None:
    with pytest.raises(SseError, match="100 bytes"):
        parse(pieces, limit=100)


def test_many_events_are_no_large_event() -> None:
    assert len(parse([b"data: " + b"x" * 90 + b"\n\n"] * 50, limit=100)) == 50


def split(pieces: list[bytes]) -> list[bytes]:
    splitter = LineSplitter(100)
    found: list[bytes] = []
    for piece in pieces:
        found += splitter.feed(piece)
    return found + splitter.flush()


def test_lines_end_in_any_way_and_the_last_need_not_end() -> None:
    text = b'{"a":1}\n{"b":2}\r\n\n{"c":3}\r{"d":4}'
    wanted = [b'{"a":1}', b'{"b":2}', b"", b'{"c":3}', b'{"d":4}']
    for pieces in every_split(text):
        assert split(pieces) == wanted


@given(st.lists(st.sampled_from([b"a", b"\n", b"\r", b"\r\n", b""]), max_size=30), PLACES)
def test_any_cut_gives_the_same_lines(parts: list[bytes], places: list[int]) -> None:
    text = b"".join(parts)
    assert split(cut(text, places)) == split([text])


def test_a_line_without_end_is_an_error() -> None:
    with pytest.raises(SseError, match="longer than 100 bytes"):
        split([b"x" * 60, b"x" * 60])
