"""Whole Messages answers, errors, and requests that Anthropic itself gets."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.dialects import MESSAGES
from gateway.dialects._base import Asked

WHOLE: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-6-luna-2026",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Paris."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
}


def answer(body: dict[str, Any] | None = None, **message: Any) -> dict[str, Any]:
    reason = message.pop("finish_reason", "stop")
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": reason}
    return MESSAGES.answer({**WHOLE, "choices": [choice]}, Asked(body or {}, {}, "asked", "0a1b", 1))


def test_a_message_word_for_word() -> None:
    assert MESSAGES.answer(WHOLE, Asked({}, {}, "asked", "0a1b", 1)) == {
        "id": "msg_0a1b",
        "type": "message",
        "role": "assistant",
        "model": "gpt-6-luna-2026",
        "content": [{"type": "text", "text": "Paris."}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 9,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": 3,
        },
    }


def test_calls_and_thoughts() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
    wrong = {"id": "c2", "type": "function", "function": {"name": "g", "arguments": "not json"}}
    message = answer(
        {"thinking": {"type": "adaptive"}}, content=None, reasoning_content="Hm.", tool_calls=[call, wrong]
    )
    assert message["content"] == [
        {"type": "thinking", "thinking": "Hm.", "signature": ""},
        {"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}},
        {"type": "tool_use", "id": "c2", "name": "g", "input": {"arguments": "not json"}},
    ]
    assert message["stop_reason"] == "tool_use"  # though the upstream said stop


def test_thoughts_are_kept_from_who_did_not_ask() -> None:
    assert answer(content="Yes.", reasoning_content="Hm.")["content"] == [{"type": "text", "text": "Yes."}]


def test_a_refusal() -> None:
    message = answer(content=None, refusal="I will not.")
    assert (message["content"], message["stop_reason"]) == ([{"type": "text", "text": "I will not."}], "refusal")


def test_an_answer_without_usage_is_estimated() -> None:
    asked = Asked({}, {"messages": [{"role": "user", "content": "a b c d e"}]}, "asked", "0a1b", 1)
    usage = MESSAGES.answer({"choices": WHOLE["choices"]}, asked)["usage"]
    assert usage["input_tokens"] > 0 and usage["output_tokens"] > 0


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"), (401, "authentication_error"), (402, "billing_error"),
        (403, "permission_error"), (404, "not_found_error"), (413, "request_too_large"), (418, "invalid_request_error"),
        (422, "invalid_request_error"), (429, "rate_limit_error"), (500, "api_error"), (502, "api_error"),
        (504, "timeout_error"), (529, "overloaded_error"),
    ],
)  # fmt: skip
def test_errors_have_anthropics_shape(status: int, kind: str) -> None:
    assert MESSAGES.error(status, "why", None, "0a1b") == {
        "type": "error",
        "error": {"type": kind, "message": "why"},
        "request_id": "req_0a1b",
    }


def test_a_prompt_that_is_too_long_is_called_so_by_everybody() -> None:
    code = "context_length_exceeded"
    assert MESSAGES.error(400, "maximum context length is 8", code)["error"]["message"].startswith("prompt is too long")
    own = "prompt is too long: 9 tokens > 8 maximum"
    assert MESSAGES.error(400, own, code)["error"]["message"] == own


@pytest.mark.parametrize(
    ("body", "asks"),
    [({"messages": [{}]}, True), ({"messages": []}, False), ({"messages": "x"}, False), ({"prompt": "x"}, False)],
)
def test_what_counts_as_a_request(body: dict[str, Any], asks: bool) -> None:
    assert MESSAGES.asks(body) is asks


def test_configured_options_win() -> None:
    body = {"max_tokens": 99, "messages": []}
    made = MESSAGES.tuned(body, {"max_tokens": 5, "top_k": 3, "input_cost": 1})
    assert made == {"max_tokens": 5, "top_k": 3, "messages": []}
    assert body["max_tokens"] == 99
