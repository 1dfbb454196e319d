"""The events of a Responses stream, word for word, and in an order that clients can rely on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.dialect_checks import arguments, chunk, events, response_of, tool, usage_chunk
from support.golden import check_golden
from support.streams import drain, every_split, sse

from gateway.dialects import RESPONSES
from gateway.dialects._base import Asked

GOLDEN = Path(__file__).parent / "golden"
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
    usage_chunk(prompt_tokens=20, completion_tokens=9, total_tokens=29, prompt_tokens_details={"cached_tokens": 8}),
    b"[DONE]",
]


def asked(**body: Any) -> Asked:
    return Asked(body, {"messages": []}, "asked-model", "0a1b", 1_800_000_000)


def retold(*chunks: Any, **body: Any) -> list[Any]:
    return events(drain(RESPONSES.stream(asked(**body)), [sse(*chunks)]))


def test_golden() -> None:
    data = drain(RESPONSES.stream(asked(instructions="Be short.")), [sse(*CHUNKS)])
    check_golden(GOLDEN / "responses_stream.txt", data.decode())


def test_every_split_is_the_same() -> None:
    data = sse(*CHUNKS)
    whole = drain(RESPONSES.stream(asked()), [data])
    assert all(drain(RESPONSES.stream(asked()), pieces) == whole for pieces in every_split(data))


@pytest.mark.parametrize(
    ("reason", "status", "why"),
    [
        ("stop", "completed", None),
        ("tool_calls", "completed", None),
        ("length", "incomplete", {"reason": "max_output_tokens"}),
        ("content_filter", "incomplete", {"reason": "content_filter"}),
    ],
)
def test_ends(reason: str, status: str, why: Any) -> None:
    response = response_of(retold(chunk({"content": "x"}), chunk({}, reason), b"[DONE]"))
    assert (response["status"], response["incomplete_details"]) == (status, why)


def test_a_refusal_is_a_part_of_its_own() -> None:
    response = response_of(retold(chunk({"refusal": "I will "}), chunk({"refusal": "not."}), chunk({}, "stop")))
    assert response["output"][0]["content"] == [{"type": "refusal", "refusal": "I will not."}]


def test_a_failure_is_told_as_this_dialect_does_and_as_sdks_raise_it() -> None:
    failed, error = retold(chunk({"content": "x"}))[-2:]
    assert failed["type"] == "response.failed"
    assert failed["response"]["status"] == "failed"
    assert failed["response"]["error"]["message"] == error["message"] == error["error"]["message"]
    assert error["sequence_number"] == failed["sequence_number"] + 1


def test_an_empty_answer_completes() -> None:
    assert response_of(retold(chunk({"role": "assistant"}), chunk({}, "stop"), b"[DONE]"))["output"] == []
