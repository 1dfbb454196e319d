"""Cohere's /v2/chat, both ways. The older version: test_cohere_v1.py."""

from __future__ import annotations

from typing import Any

import pytest
from support.provider_checks import (
    CALLED,
    IMAGE,
    JSON_SCHEMA,
    RESULTS,
    SCHEMA,
    SYSTEM,
    TOOL,
    USER,
    answered,
    call,
    message,
    request,
    streamed,
    survives,
)
from support.streams import calls_of, sse, text_of

from gateway.chat import Usage
from gateway.providers import get
from gateway.providers._base import COMPLETIONS, ProviderError

ANSWER = {
    "id": "f17a", "finish_reason": "COMPLETE",
    "message": {"role": "assistant", "content": [{"type": "text", "text": "Hello!"}]},
    "usage": {
        "billed_units": {"input_tokens": 1, "output_tokens": 9}, "tokens": {"input_tokens": 496, "output_tokens": 11},
    },
}  # fmt: skip


def test_a_chat() -> None:
    body = {"messages": [SYSTEM, USER], "max_tokens": 5, "temperature": 0.3, "top_p": 0.9, "top_k": 4, "stop": "x"}
    assert request("cohere", body, call("command-a-03-2025", max_tokens=7)) == {
        "model": "command-a-03-2025", "messages": [SYSTEM, USER], "stream": False, "max_tokens": 7, "temperature": 0.3,
        "p": 0.9, "k": 4, "stop_sequences": ["x"],
    }  # fmt: skip
    assert get("cohere").url(call()) == "https://api.cohere.com/v2/chat"


def test_tools_results_images_and_schema() -> None:
    body = {
        "messages": [IMAGE, CALLED, *RESULTS],
        "tools": [TOOL],
        "tool_choice": "required",
        "response_format": JSON_SCHEMA,
        "reasoning_effort": "high",
    }
    made = request("cohere", body, call(stream=True))
    assert made["messages"] == [
        IMAGE,
        {"role": "assistant", "tool_calls": CALLED["tool_calls"]},
        *[{"role": "tool", "tool_call_id": one["tool_call_id"], "content": one["content"]} for one in RESULTS],
    ]
    assert made["tools"] == [TOOL]
    assert made["tool_choice"] == "REQUIRED"
    assert made["response_format"] == {"type": "json_object", "json_schema": SCHEMA}
    assert made["thinking"] == {"type": "enabled"}
    assert made["stream"] is True


@pytest.mark.parametrize(
    ("choice", "made", "names"),
    [
        ("none", "NONE", ["weather", "now"]),
        ("auto", None, ["weather", "now"]),
        ({"type": "function", "function": {"name": "now"}}, "REQUIRED", ["now"]),
    ],
)
def test_one_function_is_chosen_by_offering_only_it(choice: Any, made: Any, names: list[str]) -> None:
    now = {"type": "function", "function": {"name": "now"}}
    found = request("cohere", {"messages": [USER], "tools": [TOOL, now], "tool_choice": choice}, call())
    assert found.get("tool_choice") == made
    assert [tool["function"]["name"] for tool in found["tools"]] == names


def test_an_answer_is_counted_as_billed() -> None:
    whole = answered("cohere", ANSWER, call("command-a-03-2025"))
    assert message(whole) == {"role": "assistant", "content": "Hello!"}
    assert (whole["id"], whole["model"]) == ("f17a", "command-a-03-2025")
    assert whole["choices"][0]["finish_reason"] == "stop"
    assert Usage.from_openai(whole["usage"]) == Usage(1, 9, 10)


def test_an_answer_with_tools_and_thoughts() -> None:
    body = {
        "id": "x",
        "finish_reason": "TOOL_CALL",
        "message": {
            "tool_plan": "I will look.",
            "content": [{"type": "thinking", "thinking": "Hm."}],
            "tool_calls": [{"id": "w_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}],
        },
    }
    whole = answered("cohere", body, call())
    assert message(whole) == {
        "role": "assistant",
        "content": None,
        "reasoning_content": "I will look.\nHm.",
        "tool_calls": [{"id": "w_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}],
    }
    assert whole["choices"][0]["finish_reason"] == "tool_calls"
    assert "usage" not in whole


@pytest.mark.parametrize("word", ["ERROR", "TIMEOUT"])
def test_an_answer_that_failed_is_refused(word: str) -> None:
    with pytest.raises(ProviderError, match=word):
        get("cohere").response({**ANSWER, "finish_reason": word}, call())


@pytest.mark.parametrize(
    ("word", "reason"), [("MAX_TOKENS", "length"), ("STOP_SEQUENCE", "stop"), ("ERROR_TOXIC", "content_filter")]
)
def test_why_it_ended(word: str, reason: str) -> None:
    assert answered("cohere", {**ANSWER, "finish_reason": word}, call())["choices"][0]["finish_reason"] == reason


def content(text: str, kind: str = "text") -> dict[str, Any]:
    return {"type": "content-delta", "index": 0, "delta": {"message": {"content": {kind: text}}}}


def tool(kind: str, index: int, **given: Any) -> dict[str, Any]:
    return {"type": f"tool-call-{kind}", "index": index, "delta": {"message": {"tool_calls": given}}}


def end(word: str = "COMPLETE", **more: Any) -> dict[str, Any]:
    return {"type": "message-end", "id": "f17a", "delta": {"finish_reason": word, "usage": ANSWER["usage"], **more}}


START = {"type": "message-start", "id": "f17a", "delta": {"message": {"role": "assistant"}}}
OPEN = {"type": "content-start", "index": 0, "delta": {"message": {"content": {"type": "text", "text": ""}}}}
EVENTS = [START, OPEN, content("Hel"), content("lo!"), {"type": "content-end", "index": 0}, end()]


@pytest.mark.parametrize("named", [True, False])
def test_a_stream(named: bool) -> None:
    found, usage = streamed("cohere", sse(*EVENTS, named=named), call(stream=True), include_usage=True)
    assert text_of(found) == "Hello!"
    assert found[0]["id"] == "f17a"
    assert usage == Usage(1, 9, 10)
    assert found[-2]["usage"]["total_tokens"] == 10


def test_a_stream_with_thoughts_and_tools() -> None:
    events = [
        START,
        {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "I will look."}}},
        content(" Hm.", "thinking"),
        tool("start", 0, id="w_1", type="function", function={"name": "weather", "arguments": ""}),
        tool("delta", 0, function={"arguments": '{"city"'}),
        tool("delta", 0, function={"arguments": ':"Paris"}'}),
        {"type": "tool-call-end", "index": 0},
        tool("start", 1, id="n_1", type="function", function={"name": "now", "arguments": ""}),
        {"type": "tool-call-end", "index": 1},
        {"type": "citation-start"},
        end("TOOL_CALL"),
    ]
    found, _ = streamed("cohere", sse(*events, named=True), call(stream=True))
    assert text_of(found, "reasoning_content") == "I will look. Hm."
    assert calls_of(found) == [
        {"id": "w_1", "name": "weather", "arguments": '{"city":"Paris"}'},
        {"id": "n_1", "name": "now", "arguments": "{}"},
    ]
    assert found[-2]["choices"][0]["finish_reason"] == "tool_calls"


def test_errors_in_a_stream() -> None:
    found, _ = streamed("cohere", sse(*EVENTS[:3], end("ERROR", error="gone"), named=True), call(stream=True))
    assert found[-1]["error"]["message"] == "gone"
    found, _ = streamed("cohere", sse(*EVENTS[:3], {"message": "internal"}), call(stream=True))
    assert found[-1]["error"]["message"] == "internal"
    found, _ = streamed("cohere", sse(*EVENTS[:3], b"{oops"), call(stream=True))
    assert found[-1]["error"]["message"] == "the upstream's stream is not JSON"


def test_mangled_recordings() -> None:
    survives("cohere", call(stream=True), ANSWER, EVENTS, lambda given: sse(*given))


def test_a_completion() -> None:
    made = call(route_type=COMPLETIONS)
    assert request("cohere", {"prompt": "Once"}, made)["messages"] == [{"role": "user", "content": "Once"}]
    assert answered("cohere", ANSWER, made)["choices"][0]["text"] == "Hello!"


def test_models_that_chat_and_live() -> None:
    listed = [
        {"name": "command-a-03-2025", "endpoints": ["chat"]},
        {"name": "command-r", "endpoints": ["chat"], "is_deprecated": True},
        {"name": "embed-v4", "endpoints": ["embed"]},
    ]
    assert get("cohere").models({"models": listed}) == ["command-a-03-2025"]


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (401, "invalid api token", "invalid_key"),
        (498, "blocked", "invalid_key"),
        (402, "Please add or update your payment method", "no_credit"),
        (404, "model 'xyz' not found, make sure the correct model ID was used", "model_not_found"),
        (429, "You are using a Trial key, which is limited to 40 API calls / minute", "rate_limited"),
        (400, "too many tokens: total number of tokens cannot exceed 4081", "context_too_long"),
        (400, "invalid request: message must be at least 1 token long", "bad_request"),
        (503, "unavailable", "unavailable"),
    ],
)
def test_refusals(status: int, text: str, kind: str) -> None:
    body = f'{{"id":"x","message":"{text}"}}'.encode()
    assert get("cohere").diagnose(status, body).kind == kind
