"""Amazon's frames, however they are cut, and damaged ones."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.eventstream import frame, header, raw_frame
from support.streams import PLACES, cut, every_split

from gateway.providers._eventstream import EventStreamParser
from gateway.sse import SseError

Events = list[tuple[str, bytes]]
STREAM = frame("messageStart", {"role": "assistant"}) + frame("throttlingException", {"message": "m"}, "exception")
EVENTS = [("messageStart", b'{"role": "assistant"}'), ("exception:throttlingException", b'{"message": "m"}')]


def parse(pieces: list[bytes], limit: int = 10_000) -> Events:
    parser = EventStreamParser(limit)
    found: Events = []
    for piece in pieces:
        found += parser.feed(piece)
    return found + parser.flush()


def test_frames_however_they_are_cut() -> None:
    for pieces in every_split(STREAM):
        assert parse(pieces) == EVENTS


@given(st.lists(st.binary(max_size=40), max_size=5), PLACES)
def test_any_payload_comes_out_as_it_went_in(payloads: list[bytes], places: list[int]) -> None:
    stream = b"".join(raw_frame(header(":event-type", "x"), payload) for payload in payloads)
    assert parse(cut(stream, places)) == [("x", payload) for payload in payloads]


def test_headers_of_every_type_are_passed_over() -> None:
    sizes = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
    headers = b"".join(b"\x01h" + bytes([kind]) + b"\x00" * size for kind, size in sizes.items())
    headers += b"\x01h\x06" + struct.pack(">H", 3) + b"abc" + header(":event-type", "x")
    assert parse([raw_frame(headers, b"{}")]) == [("x", b"{}")]


def test_a_frame_without_a_name_and_an_error_frame() -> None:
    assert parse([raw_frame(b"", b"{}")]) == [("", b"{}")]
    headers = header(":message-type", "error") + header(":error-code", "500")
    assert parse([raw_frame(headers, b"")]) == [("exception:500", b"")]
    assert parse([raw_frame(header(":message-type", "error"), b"")]) == [("exception:error", b"")]


@pytest.mark.parametrize("place", range(len(STREAM)))
def test_any_flipped_bit_is_noticed(place: int) -> None:
    damaged = bytearray(STREAM)
    damaged[place] ^= 1
    with pytest.raises(SseError, match=r"damaged|cut off"):
        parse([bytes(damaged)])


def test_bad_headers_are_damage() -> None:
    for headers in (b"\x05ab", b"\x01h", b"\x01h\x07\x00", b"\x01h\x63"):
        with pytest.raises(SseError, match="damaged"):
            parse([raw_frame(headers, b"{}")])


def test_a_frame_beyond_the_limit_is_refused_at_its_head() -> None:
    parser = EventStreamParser(limit=100)
    with pytest.raises(SseError, match="damaged"):
        parser.feed(raw_frame(b"", b"x" * 200)[:12])


def test_half_a_frame_at_the_end_is_told() -> None:
    with pytest.raises(SseError, match="cut off"):
        parse([STREAM[:-1]])


@given(st.binary(max_size=100))
def test_noise_is_never_another_exception(data: bytes) -> None:
    try:
        parse([data])
    except SseError as error:
        assert "event stream" in str(error)
