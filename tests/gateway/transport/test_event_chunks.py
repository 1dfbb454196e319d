"""Chunks of whole events are known again; nothing else ever is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.transport.chunks import ChunkReader
from gateway.transport.event_chunks import EventChunks


def framed(*bodies: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(body), body) for body in bodies)


def taught(*lessons: bytes) -> EventChunks:
    made = EventChunks()
    for lesson in lessons:
        for _ in range(256):
            made.end(lesson)
    return made


SHORT, LONG = b"data: a\n\n", b"data: " + b"b" * 300 + b"\n\n"
KNOWING = taught(framed(SHORT, LONG))


def test_sizes_that_came_before_are_known() -> None:
    assert not EventChunks().end(framed(SHORT))
    assert KNOWING.end(framed(SHORT)) and KNOWING.end(framed(LONG, SHORT, b"data: c\n\n"))
    assert KNOWING.end(framed(SHORT) + b"0\r\n\r\n") == len(framed(SHORT))
    more = taught(framed(SHORT), framed(LONG))
    assert more.end(framed(LONG, SHORT))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        framed(SHORT)[:-1],
        framed(SHORT) + b"9",
        b"0\r\n\r\n",
        framed(SHORT) + b"0\r\nX: y\r\n\r\n",
        framed(SHORT) + b"0\r\n\r\nx",
        framed(SHORT, b"data: ab\n\n"),  # a size that is new
        framed(b"data: ab\n"),  # no whole event
        framed(SHORT).replace(b"9\r\n", b"9;x\r\n"),
        framed(SHORT).replace(b"\n\n\r\n", b"\n\nx\n"),
        b"8" + framed(SHORT)[1:],
    ],
)
def test_anything_else_is_not(data: bytes) -> None:
    assert not KNOWING.end(data)


def test_only_what_is_made_of_whole_events_is_learned() -> None:
    for data in (framed(SHORT, b"data: ab\n"), framed(SHORT)[:-1], framed(b""), b"9;x\r\n" + framed(SHORT)[3:]):
        assert not taught(data).end(data)


@given(st.lists(st.one_of(st.sampled_from([SHORT, LONG]), st.binary(max_size=12)), max_size=6), st.integers(0, 400))
def test_what_is_known_is_what_a_reader_reads(bodies: list[bytes], cut: int) -> None:
    data = framed(*bodies)
    data = data[cut % (len(data) + 1) :]
    if end := KNOWING.end(data):
        assert data[end:] in (b"", b"0\r\n\r\n")
        reader = ChunkReader()
        assert reader.feed(data[:end]).endswith(b"\n\n")
        assert reader.rest is None
        assert reader.feed(b"0\r\n\r\n") == b"" and reader.rest == b""


def test_what_it_knows_is_bounded_and_given_up_at_last() -> None:
    made = taught(framed(SHORT))
    for size in range(20, 120):
        for _ in range(256):
            made.end(framed(b"x" * size + b"\n\n"))
    assert made.end(framed(SHORT)) and len(made._sizes) == 64
    new = framed(b"y" * 500 + b"\n\n")
    for _ in range(1 << 16):
        made.end(new)
    assert made.end(new) and not made.end(framed(SHORT))
