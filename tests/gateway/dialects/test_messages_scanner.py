"""A Messages stream that only passes: untouched bytes, and its usage whatever way it is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.streams import PLACES, cut, drain, every_split, sse

from gateway.dialects._messages_scanner import MessagesScanner
from gateway.providers import get

STREAM = sse(
    {"type": "message_start", "message": {"id": "msg_1", "usage": {"input_tokens": 10, "cache_read_input_tokens": 5,
                                                                    "output_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "ping"},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello there, " * 20}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 42}},
    {"type": "message_stop"},
    named=True,
)  # fmt: skip


def scanner() -> MessagesScanner:
    return MessagesScanner(get("anthropic").usage)


def test_usage_however_it_is_cut() -> None:
    for pieces in every_split(STREAM):
        made = scanner()
        assert drain(made, pieces) == STREAM
        assert made.usage is not None
        assert (made.usage.prompt_tokens, made.usage.completion_tokens, made.usage.cached_tokens) == (15, 42, 5)
        assert made.done and not made.error


def test_text_is_measured_for_an_estimate() -> None:
    made = scanner()
    drain(made, [STREAM])
    assert 200 < made.text_length < 320


def test_an_error_inside_is_noticed() -> None:
    made = scanner()
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    drain(made, [sse(error, named=True)])
    assert (made.error, made.done, made.usage) == ("Overloaded", False, None)


@given(st.binary(max_size=300), PLACES)
def test_any_bytes_pass(data: bytes, places: list[int]) -> None:
    assert drain(scanner(), cut(data, places)) == data


@pytest.mark.parametrize("data", [b"[]", b"{", b'"x"', b'{"usage":[]}', b'{"message":{"usage":{"input_tokens":"x"}}}'])
def test_strange_events_count_nothing(data: bytes) -> None:
    made = scanner()
    drain(made, [b"event: message_start\ndata: " + data + b"\n\n"])
    assert made.usage is None or made.usage.total_tokens == 0


def test_an_event_without_end_is_no_longer_looked_at() -> None:
    made = scanner()
    piece = b"x" * (1 << 20)
    given = [made.feed(piece) for _ in range(10)]
    assert b"".join(given) == piece * 10 and b"" in given
    assert made.feed(STREAM) == STREAM


def test_half_an_event_never_goes_out() -> None:
    for ended in (STREAM, STREAM.replace(b"\n", b"\r\n")):
        made = scanner()
        for index in range(len(ended)):
            given = made.feed(ended[index : index + 1])
            assert not given or given.endswith((b"\n\n", b"\n\r\n"))
        assert made.end() == b""
