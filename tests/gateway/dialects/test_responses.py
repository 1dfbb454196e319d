"""Whole responses, errors, and requests that OpenAI itself gets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.golden import check_golden

from gateway.dialects import RESPONSES
from gateway.dialects._base import Asked

GOLDEN = Path(__file__).parent / "golden"
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
MESSAGE = {"role": "assistant", "content": "Paris.", "reasoning_content": "Hm.", "tool_calls": [CALL]}
WHOLE: dict[str, Any] = {
    "id": "chatcmpl-1",
    "model": "gpt-6-luna-2026",
    "choices": [{"index": 0, "message": MESSAGE, "finish_reason": "tool_calls"}],
    "usage": {
        "prompt_tokens": 9,
        "completion_tokens": 3,
        "total_tokens": 12,
        "completion_tokens_details": {"reasoning_tokens": 2},
    },
}


def test_golden() -> None:
    asked = Asked({"instructions": "Be short.", "metadata": {"a": "b"}, "temperature": 0.5}, {}, "asked", "0a1b", 1)
    made = RESPONSES.answer(WHOLE, asked)
    check_golden(GOLDEN / "response.json", json.dumps(made, indent=1) + "\n")


def test_length_makes_it_incomplete() -> None:
    choice = {"message": {"content": "Par"}, "finish_reason": "length"}
    made = RESPONSES.answer({"choices": [choice]}, Asked({}, {}, "asked", "0a1b", 1))
    assert (made["status"], made["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    assert made["model"] == "asked"
    assert made["usage"]["output_tokens"] == 1


def test_a_refusal_is_a_part_of_its_own() -> None:
    choice = {"message": {"content": None, "refusal": "I will not."}, "finish_reason": "stop"}
    made = RESPONSES.answer({"choices": [choice]}, Asked({}, {}, "asked", "0a1b", 1))
    assert made["output"][0]["content"] == [{"type": "refusal", "refusal": "I will not."}]


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "invalid_request_error"), (401, "authentication_error"), (404, "not_found_error"), (502, "server_error")],
)
def test_errors_have_openais_shape(status: int, kind: str) -> None:
    assert RESPONSES.error(status, "why", "code") == {
        "error": {"message": "why", "type": kind, "param": None, "code": "code"}
    }


@pytest.mark.parametrize(
    ("body", "asks"), [({"input": "x"}, True), ({"input": [{}]}, True), ({"input": ""}, False), ({}, False)]
)
def test_what_counts_as_a_request(body: dict[str, Any], asks: bool) -> None:
    assert RESPONSES.asks(body) is asks


def test_configured_options_win_under_this_dialects_names() -> None:
    made = RESPONSES.tuned({"input": "x", "max_output_tokens": 99}, {"max_tokens": 5, "top_k": 3})
    assert made == {"input": "x", "max_output_tokens": 5}
