"""The events of a Messages stream, word for word, and in an order that clients can rely on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.dialect_checks import arguments, chunk, events, message_of, tool, usage_chunk
from support.golden import check_golden
from support.streams import drain, every_split, sse

from gateway.dialects import MESSAGES
from gateway.dialects._base import Asked

GOLDEN = Path(__file__).parent / "golden"
USAGE = usage_chunk(
    prompt_tokens=20,
    completion_tokens=9,
    total_tokens=29,
    prompt_tokens_details={"cached_tokens": 8, "cache_write_tokens": 2},
    completion_tokens_details={"reasoning_tokens": 4},
)
CHUNKS = [
    chunk({"role": "assistant", "content": ""}),
    chunk({"reasoning_content": "Hm."}),
    chunk({"content": "Let me "}),
    chunk({"content": "look."}),
    tool(0, "call_a", "weather"),
    arguments(0, '{"city":'),
    arguments(0, '"Paris"}'),
    tool(1, "call_b", "now"),
    chunk({}, "tool_calls"),
    USAGE,
    b"[DONE]",
]


def asked(**body: Any) -> Asked:
    return Asked(body, {"messages": []}, "asked-model", "0a1b", 1_800_000_000)


def retold(*chunks: Any, **body: Any) -> list[Any]:
    return events(drain(MESSAGES.stream(asked(**body)), [sse(*chunks)]))


def test_golden() -> None:
    data = drain(MESSAGES.stream(asked(thinking={"type": "adaptive"})), [sse(*CHUNKS)])
    check_golden(GOLDEN / "messages_stream.txt", data.decode())


def test_every_split_is_the_same() -> None:
    data = sse(*CHUNKS)
    whole = drain(MESSAGES.stream(asked()), [data])
    assert all(drain(MESSAGES.stream(asked()), pieces) == whole for pieces in every_split(data))


def test_usage_is_disjoint_as_at_anthropic() -> None:
    assert message_of(retold(*CHUNKS))["usage"] == {
        "input_tokens": 10,
        "cache_creation_input_tokens": 2,
        "cache_read_input_tokens": 8,
        "output_tokens": 9,
        "output_tokens_details": {"thinking_tokens": 4},
    }


@pytest.mark.parametrize("thinking", [None, {"type": "disabled"}, {"type": "adaptive", "display": "omitted"}])
def test_thinking_is_told_only_to_who_asked(thinking: Any) -> None:
    blocks = message_of(retold(*CHUNKS, thinking=thinking))["content"]
    assert [block["type"] for block in blocks] == ["text", "tool_use", "tool_use"]


def test_interleaved_calls_are_told_one_after_the_other() -> None:
    found = retold(
        tool(0, "a", "f"), tool(1, "b", "g"), arguments(1, '{"x":'), arguments(0, '{"y":1}'), arguments(1, "2}"),
        chunk({}, "tool_calls"), b"[DONE]",
    )  # fmt: skip
    assert [(block["id"], block["input"]) for block in message_of(found)["content"]] == [
        ("a", {"y": 1}),
        ("b", {"x": 2}),
    ]


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("stop", "end_turn"), ("length", "max_tokens"), ("tool_calls", "tool_use"), ("content_filter", "refusal"),
        ("function_call", "tool_use"), ("end_turn", "end_turn"), ("something_new", "end_turn"),
    ],
)  # fmt: skip
def test_reasons(reason: str, told: str) -> None:
    assert message_of(retold(chunk({"content": "x"}), chunk({}, reason), b"[DONE]"))["stop_reason"] == told


def test_an_empty_answer_is_a_message_without_blocks() -> None:
    message = message_of(retold(chunk({"role": "assistant"}), chunk({}, "stop"), b"[DONE]"))
    assert (message["content"], message["stop_reason"]) == ([], "end_turn")


def test_a_refusal_is_read_as_text() -> None:
    message = message_of(retold(chunk({"refusal": "I will not."}), chunk({}, "stop"), b"[DONE]"))
    assert message["content"] == [{"type": "text", "text": "I will not."}]
