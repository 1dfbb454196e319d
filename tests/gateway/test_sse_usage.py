"""Usage, [DONE] and errors in an OpenAI stream that passes, and the usage event that is taken out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.streams import PLACES, cut, drain, every_split, sse

from gateway.chat import Usage
from gateway.sse import UsageScanner

USAGE = {"prompt_tokens": 24, "completion_tokens": 5, "total_tokens": 29}
COUNTED = Usage(24, 5, 29)


def chunk(content: str | None = None, **more: Any) -> dict[str, Any]:
    delta = {} if content is None else {"content": content}
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice], **more}


TEXTS = [chunk("The"), chunk(" capital"), chunk(' "usage":{"prompt_tokens":9} '), chunk(" is Paris.")]
LAST = chunk(choices=[], usage=USAGE)
PLAIN = sse(*TEXTS, LAST, b"[DONE]")
LEFT = sse(*TEXTS, b"[DONE]")


def scan(pieces: list[bytes], strip: bool = False, limit: int = 100_000) -> tuple[bytes, UsageScanner]:
    scanner = UsageScanner(strip=strip, limit=limit)
    return drain(scanner, pieces), scanner


def test_bytes_pass_untouched_and_usage_is_seen_however_they_are_cut() -> None:
    for pieces in every_split(PLAIN):
        out, scanner = scan(pieces)
        assert out == PLAIN
        assert scanner.usage == COUNTED
        assert scanner.done
        assert scanner.error == ""


def test_without_strip_all_passes_by_whole_events() -> None:
    scanner = UsageScanner()
    got = b""
    for index in range(len(PLAIN)):
        piece = scanner.feed(PLAIN[index : index + 1])
        assert not piece or piece.endswith(b"\n\n"), "half of an event"
        got += piece
    assert got + scanner.end() == PLAIN


def test_the_usage_event_is_taken_out_however_it_is_cut() -> None:
    for pieces in every_split(PLAIN):
        out, scanner = scan(pieces, strip=True)
        assert out == LEFT, pieces
        assert scanner.usage == COUNTED
        assert scanner.done


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_do_not_matter(end: str) -> None:
    stream = sse(*TEXTS, LAST, b"[DONE]", end=end)
    for pieces in every_split(stream):
        out, scanner = scan(pieces, strip=True)
        assert out == sse(*TEXTS, b"[DONE]", end=end)
        assert scanner.usage == COUNTED
        assert scanner.done


def test_the_text_of_an_answer_is_not_usage() -> None:
    for content in ('"usage":{"prompt_tokens":7,"completion_tokens":7}', "usage", '\\"usage\\":{', '{"usage":{}}'):
        stream = sse(chunk(content), b"[DONE]")
        out, scanner = scan([stream], strip=True)
        assert out == stream
        assert scanner.usage is None


def test_a_value_that_reads_usage_is_not_usage() -> None:
    stream = sse(chunk("usage"), {"choices": [], "usage": "usage"}, {"x": {"usage": USAGE}, "choices": [1]})
    out, scanner = scan([stream], strip=True)
    assert out == stream
    assert scanner.usage is None


def test_null_usage_in_every_event_is_left_alone() -> None:
    events = [chunk("a", usage=None), chunk("b", usage=None)]
    out, scanner = scan([sse(*events, LAST, b"[DONE]")], strip=True)
    assert out == sse(*events, b"[DONE]")
    assert scanner.usage == COUNTED


def test_usage_in_an_event_with_choices_is_seen_and_stays() -> None:
    stream = sse(chunk("a"), chunk("b", usage=USAGE), b"[DONE]")
    out, scanner = scan([stream], strip=True)
    assert out == stream
    assert scanner.usage == COUNTED


def test_the_last_usage_counts() -> None:
    events = [chunk("a", usage={"prompt_tokens": 24, "completion_tokens": n}) for n in (1, 2, 3)]
    assert scan([sse(*events)])[1].usage == Usage(24, 3, 27)


@pytest.mark.parametrize("separators", [(", ", ": "), (",", ":")])
def test_spaces_in_the_json_do_not_matter(separators: tuple[str, str]) -> None:
    text = json.dumps(LAST, separators=separators).encode()
    out, scanner = scan([sse(*TEXTS, text, b"[DONE]")], strip=True)
    assert scanner.usage == COUNTED
    assert out == LEFT


def test_groq_and_responses_say_it_inside() -> None:
    assert scan([sse(chunk("a", x_groq={"id": "r", "usage": USAGE}))])[1].usage == COUNTED
    responses = {"type": "response.completed", "response": {"usage": {"input_tokens": 24, "output_tokens": 5}}}
    assert scan([sse(responses, named=True)])[1].usage == COUNTED


def test_an_error_inside_the_stream_is_seen() -> None:
    stream = sse(chunk("a"), {"error": {"message": "overloaded", "type": "server_error"}})
    out, scanner = scan([stream], strip=True)
    assert out == stream
    assert scanner.error == "overloaded"
    assert not scanner.done
    assert scan([sse({"error": "plain"})])[1].error == "plain"
    assert scan([sse({"error": True})])[1].error == "error in the stream"
    assert scan([sse({"error": None, **chunk("a")})])[1].error == ""
    both = {**LAST, "error": {"code": 400, "message": "Token limit reached"}}
    out, scanner = scan([sse(both, b"[DONE]")], strip=True)
    assert (out, scanner.error, scanner.usage) == (sse(both, b"[DONE]"), "Token limit reached", COUNTED)


def test_comments_and_names_pass() -> None:
    head = b": OPENROUTER PROCESSING\n\n"
    out, scanner = scan([head + b"event: x\n" + PLAIN], strip=True)
    assert out == head + b"event: x\n" + LEFT
    assert scanner.usage == COUNTED


def test_done_is_only_what_stands_alone() -> None:
    assert not scan([sse(chunk("data: [DONE]"))])[1].done
    assert not scan([sse(chunk("a"))])[1].done
    assert scan([b"data:[DONE]\n\n"])[1].done
    assert scan([sse(chunk("a")) + b"data: [DONE]\n"])[1].done


@pytest.mark.parametrize("missing", [b"\n\n", b"\n"])
@pytest.mark.parametrize("strip", [True, False])
def test_a_last_event_without_its_blank_line_is_completed(missing: bytes, strip: bool) -> None:
    stream = LEFT.removesuffix(missing)
    out, scanner = scan([stream], strip)
    assert out.startswith(stream) and out.endswith(b"\n\n") and out.strip() == LEFT.strip()
    assert scanner.done


def test_a_usage_event_that_ends_the_stream_is_taken_out() -> None:
    out, scanner = scan([sse(*TEXTS, LAST).removesuffix(b"\n\n")], strip=True)
    assert out == sse(*TEXTS)
    assert scanner.usage == COUNTED


def test_an_event_cut_in_the_middle_is_not_completed() -> None:
    for strip in (True, False):
        assert scan([sse(*TEXTS)[:-20]], strip)[0] == sse(*TEXTS)[:-20]


def test_an_endless_event_passes_unread() -> None:
    pieces = [b"data: x" + b"x" * 50] * 30
    for strip in (True, False):
        out, scanner = scan([*pieces, b"\n\n" + PLAIN], strip, limit=1000)
        assert out == b"".join(pieces) + b"\n\n" + PLAIN
        assert scanner.usage is None


EVENTS = st.sampled_from(
    [
        chunk("text"),
        chunk("a\n\nb"),
        chunk('"usage":{'),
        LAST,
        chunk("x", usage=USAGE),
        {"error": {"message": "m"}},
        b"[DONE]",
        b"not json \"usage\":{",
        b"",
        [1, {"usage": USAGE}],
        {"choices": 3, "usage": {"prompt_tokens": "x"}},
    ]
)  # fmt: skip


@given(st.lists(EVENTS, max_size=8), PLACES, st.booleans(), st.sampled_from(["\n", "\r\n"]))
def test_any_cut_gives_the_same(events: list[Any], places: list[int], strip: bool, end: str) -> None:
    stream = sse(*events, end=end)
    whole, one = scan([stream], strip)
    parts, two = scan(cut(stream, places), strip)
    assert parts == whole
    assert (one.usage, one.done, one.error) == (two.usage, two.done, two.error)


@given(st.binary(max_size=300), PLACES, st.booleans())
def test_noise_passes(data: bytes, places: list[int], strip: bool) -> None:
    assert scan(cut(data, places), strip)[0].rstrip(b"\n") == data.rstrip(b"\n")


def test_the_amount_of_text_is_about_right() -> None:
    words = ["capital"] * 100
    _, scanner = scan([sse(chunk("", role="x"), *[chunk(word) for word in words], b"[DONE]")])
    assert 0.9 * 700 <= scanner.text_length <= 1.1 * 700
    assert scan([b": nothing\n\n"])[1].text_length == 0
