"""Anthropic's Messages, both ways."""

from __future__ import annotations

from typing import Any

import pytest
from support.kong_cases import asked, covers, sent, told
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

MODEL = "claude-3-5-sonnet-20240620"
CONFIGURED: dict[str, Any] = {"max_tokens": 256, "anthropic_version": "2023-06-01"}
ANSWER = {
    "id": "msg_01", "type": "message", "role": "assistant", "model": MODEL,
    "content": [{"type": "text", "text": "The capital is Paris."}], "stop_reason": "end_turn", "stop_sequence": None,
    "usage": {"input_tokens": 24, "output_tokens": 7},
}  # fmt: skip


@pytest.mark.parametrize("name", ["anthropic chat", "anthropic with options"])
def test_as_kong_sends_and_answers(name: str) -> None:
    made = call(MODEL, **CONFIGURED)
    assert request("anthropic", asked(name), made) == sent(name)
    assert covers(answered("anthropic", ANSWER, made), told(name))


def test_the_newest_kongs_hand_on_more_and_translate_the_end() -> None:
    made = call(MODEL, newest=True, **CONFIGURED)
    body = request("anthropic", {**asked("anthropic with options"), "top_k": 4, "user": "u"}, made)
    assert {name: body[name] for name in ("top_p", "top_k", "stop_sequences", "metadata", "max_tokens")} == {
        "top_p": 0.9, "top_k": 4, "stop_sequences": ["x"], "metadata": {"user_id": "u"}, "max_tokens": 256,
    }  # fmt: skip
    assert answered("anthropic", ANSWER, made)["choices"][0]["finish_reason"] == "stop"


def test_systems_are_joined_and_a_limit_is_always_there() -> None:
    body = {"messages": [SYSTEM, {"role": "developer", "content": [{"type": "text", "text": "Be brief."}]}, USER]}
    made = request("anthropic", body, call("claude-haiku-5-5"))
    assert made == {
        "model": "claude-haiku-5-5", "system": "You are a helper.\n\nBe brief.", "messages": [USER],
        "max_tokens": 4096, "stream": False,
    }  # fmt: skip
    made = request("anthropic", {"messages": [USER], "max_completion_tokens": 9}, call("claude-haiku-5-5"))
    assert made["max_tokens"] == 9


def test_models_that_refuse_sampling_get_none() -> None:
    body = {"messages": [USER], "temperature": 0.5, "top_p": 0.5}
    for model in ("claude-opus-4-7", "claude-sonnet-5-5", "claude-haiku-5-5", "claude-fable-5-2"):
        assert not {"temperature", "top_p"} & set(request("anthropic", body, call(model, newest=True, temperature=1)))
    assert request("anthropic", body, call("claude-haiku-4-5"))["temperature"] == 0.5


def test_tools_and_their_results() -> None:
    body = {
        "messages": [USER, {**CALLED, "content": "Let me see."}, *RESULTS],
        "tools": [TOOL, {"type": "function"}],
        "tool_choice": "required",
        "parallel_tool_calls": False,
    }
    made = request("anthropic", body, call(MODEL))
    assert made["messages"][1:] == [
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "Let me see."},
                {"type": "tool_use", "id": "call_1", "name": "weather", "input": {"city": "Paris"}},
                {"type": "tool_use", "id": "call_2", "name": "weather", "input": {"city": "Rome"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "call_1", "content": '{"sky":"clear"}'},
                {"type": "tool_result", "tool_use_id": "call_2", "content": "rain"},
            ],
        },
    ]
    assert made["tools"] == [{"name": "weather", "description": "Weather of a city", "input_schema": SCHEMA}]
    assert made["tool_choice"] == {"type": "any", "disable_parallel_tool_use": True}


@pytest.mark.parametrize(
    ("choice", "made"),
    [
        ("auto", {"type": "auto"}),
        ("none", {"type": "none"}),
        ("required", {"type": "any"}),
        ({"type": "function", "function": {"name": "weather"}}, {"type": "tool", "name": "weather"}),
        (None, None),
        (7, None),
    ],
)
def test_the_choice_of_a_tool(choice: Any, made: Any) -> None:
    body = {"messages": [USER], "tools": [TOOL], "tool_choice": choice}
    assert request("anthropic", body, call(MODEL)).get("tool_choice") == made


def test_arguments_that_are_no_object_are_refused() -> None:
    bad = {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "[1]"}}]}
    with pytest.raises(ProviderError, match="not a JSON object"):
        request("anthropic", {"messages": [USER, bad]}, call(MODEL))


def test_images_and_files_as_blocks() -> None:
    parts = [
        *IMAGE["content"],
        {"type": "image_url", "image_url": {"url": "https://host/a.png"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,UERG"}},
    ]
    made = request("anthropic", {"messages": [{"role": "user", "content": parts}]}, call(MODEL))
    assert made["messages"][0]["content"] == [
        {"type": "text", "text": "What is this?"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QUJD"}},
        {"type": "image", "source": {"type": "url", "url": "https://host/a.png"}},
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "UERG"}},
    ]


def test_a_schema_and_an_effort() -> None:
    body = {"messages": [USER], "response_format": JSON_SCHEMA, "reasoning_effort": "minimal"}
    made = request("anthropic", body, call("claude-haiku-5-5"))
    assert made["output_config"] == {"format": {"type": "json_schema", "schema": SCHEMA}, "effort": "low"}
    assert request("anthropic", body, call(MODEL))["output_config"].get("effort") is None


def test_a_completion_is_a_chat_of_one_message() -> None:
    made = call(MODEL, COMPLETIONS)
    assert request("anthropic", {"prompt": "Once"}, made)["messages"] == [{"role": "user", "content": "Once"}]
    assert answered("anthropic", ANSWER, made)["choices"][0]["text"] == "The capital is Paris."


# --- answers


def test_an_answer_with_everything() -> None:
    body = {
        **ANSWER,
        "content": [
            {"type": "thinking", "thinking": "Hm.", "signature": "s"},
            {"type": "text", "text": "Let me see."},
            {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Paris"}},
            {"type": "server_tool_use"},
        ],
        "stop_reason": "tool_use",
        "usage": {
            "input_tokens": 10, "cache_creation_input_tokens": 3, "cache_read_input_tokens": 5, "output_tokens": 7,
            "output_tokens_details": {"thinking_tokens": 2},
        },
    }  # fmt: skip
    whole = answered("anthropic", body, call(MODEL))
    assert message(whole) == {
        "role": "assistant",
        "content": "Let me see.",
        "reasoning_content": "Hm.",
        "tool_calls": [
            {"id": "toolu_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Paris"}'}}
        ],
    }
    assert whole["choices"][0]["finish_reason"] == "tool_calls"
    assert Usage.from_openai(whole["usage"]) == Usage(18, 7, 25, 5, 3, 2) == get("anthropic").usage(body)


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("max_tokens", "length"),
        ("stop_sequence", "stop"),
        ("refusal", "content_filter"),
        ("model_context_window_exceeded", "length"),
        ("pause_turn", "stop"),
        ("something_new", "stop"),
        (None, "stop"),
        (3, "stop"),
    ],
)
def test_why_it_ended(word: Any, reason: str) -> None:
    whole = answered("anthropic", {**ANSWER, "stop_reason": word}, call(MODEL))
    assert whole["choices"][0]["finish_reason"] == reason


def test_another_answer_is_refused_in_kongs_words() -> None:
    with pytest.raises(ProviderError, match="'content' not in anthropic://llm/v1/chat response") as caught:
        get("anthropic").response({"hello": "world"}, call(MODEL))
    assert caught.value.status == 500


# --- streams


def start(**usage: int) -> dict[str, Any]:
    return {"type": "message_start", "message": {**ANSWER, "content": [], "usage": usage}}


def delta(index: int, **given: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": given}


END = [
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}},
    {"type": "message_stop"},
]
EVENTS = [
    start(input_tokens=24, output_tokens=1),
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "ping"},
    delta(0, type="text_delta", text="The capital"),
    delta(0, type="text_delta", text=" is Paris."),
    {"type": "content_block_stop", "index": 0},
    *END,
]


@pytest.mark.parametrize("include_usage", [True, False])
def test_a_stream(include_usage: bool) -> None:
    found, usage = streamed("anthropic", sse(*EVENTS, named=True), call(MODEL, stream=True), include_usage)
    assert text_of(found) == "The capital is Paris."
    assert (found[0]["id"], found[0]["model"], found[0]["created"]) == ("msg_01", MODEL, 1_700_000_000)
    assert found[-2 - include_usage]["choices"][0]["finish_reason"] == "stop"
    assert usage == Usage(24, 7, 31)
    assert [chunk["usage"]["total_tokens"] for chunk in found[:-1] if "usage" in chunk] == [31] * include_usage


def test_a_stream_with_reasoning_and_tools() -> None:
    events = [
        start(input_tokens=24, cache_read_input_tokens=6, output_tokens=1),
        {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
        delta(0, type="thinking_delta", thinking="Hm."),
        delta(0, type="signature_delta", signature="s"),
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_start", "index": 1,
         "content_block": {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {}}},
        delta(1, type="input_json_delta", partial_json=""),
        delta(1, type="input_json_delta", partial_json='{"city"'),
        delta(1, type="input_json_delta", partial_json=':"Paris"}'),
        {"type": "content_block_stop", "index": 1},
        {"type": "content_block_start", "index": 2,
         "content_block": {"type": "tool_use", "id": "toolu_2", "name": "now", "input": {}}},
        {"type": "content_block_stop", "index": 2},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"},
         "usage": {"input_tokens": 24, "cache_read_input_tokens": 6, "output_tokens": 40}},
        {"type": "message_stop"},
    ]  # fmt: skip
    found, usage = streamed("anthropic", sse(*events, named=True), call(MODEL, stream=True))
    assert text_of(found, "reasoning_content") == "Hm."
    assert calls_of(found) == [
        {"id": "toolu_1", "name": "weather", "arguments": '{"city":"Paris"}'},
        {"id": "toolu_2", "name": "now", "arguments": "{}"},
    ]
    assert found[-2]["choices"][0]["finish_reason"] == "tool_calls"
    assert usage == Usage(30, 40, 70, cached_tokens=6)


def test_an_error_in_the_middle_ends_the_stream() -> None:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    found, usage = streamed("anthropic", sse(*EVENTS[:4], error, *EVENTS[4:], named=True), call(MODEL, stream=True))
    assert found[-1]["error"] == {
        "message": "Overloaded", "type": "upstream_error", "param": None, "code": "overloaded_error",
    }  # fmt: skip
    assert text_of(found) == "The capital"
    assert usage == Usage(24, 1, 25)


def test_half_a_stream_is_an_error() -> None:
    found, _ = streamed("anthropic", sse(*EVENTS[:5], named=True), call(MODEL, stream=True))
    assert "before the answer was complete" in found[-1]["error"]["message"]


def test_a_streamed_completion() -> None:
    found, _ = streamed("anthropic", sse(*EVENTS, named=True), call(MODEL, COMPLETIONS, stream=True))
    assert text_of(found, "text") == "The capital is Paris."


def test_mangled_recordings() -> None:
    events = [event for event in EVENTS if isinstance(event, dict)]
    survives("anthropic", call(MODEL, stream=True), ANSWER, events, lambda given: sse(*given))


# --- facts


def test_headers_and_models() -> None:
    provider = get("anthropic")
    assert provider.headers(call()) == (("anthropic-version", "2023-06-01"),)
    assert provider.headers(call(anthropic_version="2026-10-21")) == (("anthropic-version", "2026-10-21"),)
    assert provider.url(call()) == "https://api.anthropic.com/v1/messages"
    listed = [{"id": "claude-haiku-5-5", "lifecycle": "active"}, {"id": "claude-2.0", "lifecycle": "retired"}]
    assert provider.models({"data": listed, "has_more": False}) == ["claude-haiku-5-5"]


@pytest.mark.parametrize(
    ("status", "kind_of_error", "text", "kind"),
    [
        (401, "authentication_error", "invalid x-api-key", "invalid_key"),
        (400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API.", "no_credit"),
        (402, "billing_error", "x", "no_credit"),
        (404, "not_found_error", "model: claude-9", "model_not_found"),
        (400, "invalid_request_error", "prompt is too long: 9 tokens > 8 maximum", "context_too_long"),
        (413, "request_too_large", "x", "context_too_long"),
        (429, "rate_limit_error", "x", "rate_limited"),
        (529, "overloaded_error", "Overloaded", "unavailable"),
        (403, "permission_error", "x", "forbidden"),
        (400, "invalid_request_error", "messages: field required", "bad_request"),
    ],
)
def test_refusals(status: int, kind_of_error: str, text: str, kind: str) -> None:
    body = sse({"type": "error", "error": {"type": kind_of_error, "message": text}}).removeprefix(b"data: ").strip()
    found = get("anthropic").diagnose(status, body)
    assert found.kind == kind
    if kind == "no_credit":
        assert "does not include API credit" in found.hint and "https://" in found.hint
