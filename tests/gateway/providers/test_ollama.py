"""Ollama: its own paths both ways (shared with Mistral and Llama 2), and its OpenAI paths that pass."""

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
from support.streams import calls_of, drain, lines, sse, text_of

from gateway.chat import Usage
from gateway.providers import get
from gateway.providers._base import COMPLETIONS, ProviderError

ANSWER = {
    "model": "llama2", "created_at": "2024-01-15T08:13:38.876196Z",
    "message": {"role": "assistant", "content": "The capital is Paris."}, "done": True, "total_duration": 4062418334,
    "prompt_eval_count": 26, "eval_count": 7,
}  # fmt: skip


def test_a_chat() -> None:
    body = {
        "messages": [SYSTEM, USER], "max_completion_tokens": 5, "temperature": 0.5, "seed": 3, "stop": "x",
        "response_format": JSON_SCHEMA, "reasoning_effort": "none", "tools": [TOOL],
    }  # fmt: skip
    assert request("ollama", body, call("gemma4", top_k=40)) == {
        "model": "gemma4", "messages": [SYSTEM, USER], "stream": False,
        "options": {"temperature": 0.5, "top_k": 40, "seed": 3, "num_predict": 5, "stop": ["x"]},
        "tools": [TOOL], "format": SCHEMA, "think": False,
    }  # fmt: skip


def test_any_json_is_another_format() -> None:
    made = request("ollama", {"messages": [USER], "response_format": {"type": "json_object"}}, call())
    assert made["format"] == "json"
    assert "format" not in request("ollama", {"messages": [USER], "response_format": {"type": "text"}}, call())


def test_images_and_tools_are_put_where_ollama_wants_them() -> None:
    made = request("ollama", {"messages": [{"role": "developer", "content": "x"}, IMAGE, CALLED, *RESULTS]}, call())
    assert made["messages"] == [
        {"role": "system", "content": "x"},
        {"role": "user", "content": "What is this?", "images": ["QUJD"]},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {"function": {"name": "weather", "arguments": {"city": "Paris"}}},
                {"function": {"name": "weather", "arguments": {"city": "Rome"}}},
            ],
        },
        {"role": "tool", "content": '{"sky":"clear"}', "tool_name": "weather"},
        {"role": "tool", "content": "rain", "tool_name": "weather"},
    ]


def test_what_cannot_be_sent_is_refused() -> None:
    far = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://host/a.png"}}]}
    with pytest.raises(ProviderError, match="data URLs only"):
        request("ollama", {"messages": [far]}, call())
    bad = {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "no"}}]}
    with pytest.raises(ProviderError, match="not a JSON object"):
        request("ollama", {"messages": [bad]}, call())


def test_an_answer() -> None:
    whole = answered("ollama", ANSWER, call("gemma4"))
    assert message(whole) == {"role": "assistant", "content": "The capital is Paris."}
    assert whole["model"] == "llama2"
    assert whole["choices"][0]["finish_reason"] == "stop"
    assert whole["usage"] == {"prompt_tokens": 26, "completion_tokens": 7, "total_tokens": 33}


def test_an_answer_with_thoughts_and_tools() -> None:
    given = {
        "role": "assistant", "content": "", "thinking": "Hm.",
        "tool_calls": [{"function": {"name": "weather", "arguments": {"city": "Paris"}}}, {"id": "x", "function": {}}],
    }  # fmt: skip
    whole = answered("ollama", {**ANSWER, "message": given, "done_reason": "stop"}, call())
    assert message(whole)["reasoning_content"] == "Hm."
    assert message(whole)["content"] is None
    assert message(whole)["tool_calls"] == [
        {"id": "call_0", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Paris"}'}},
        {"id": "x", "type": "function", "function": {"name": "", "arguments": "{}"}},
    ]
    assert whole["choices"][0]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize(
    ("more", "limit", "reason"),
    [
        ({"done_reason": "length"}, None, "length"),
        ({"done_reason": "stop"}, 7, "stop"),
        ({}, 7, "length"),  # servers that give no reason: full means cut off
        ({}, 8, "stop"),
    ],
)
def test_why_it_ended(more: dict[str, Any], limit: int | None, reason: str) -> None:
    made = call() if limit is None else call(max_tokens=limit)
    assert answered("ollama", {**ANSWER, **more}, made)["choices"][0]["finish_reason"] == reason


def test_a_cached_prompt_has_no_count_and_an_error_no_answer() -> None:
    whole = answered("ollama", {**ANSWER, "prompt_eval_count": None}, call())
    assert whole["usage"]["completion_tokens"] == 7
    with pytest.raises(ProviderError, match="model 'x' not found"):
        get("ollama").response({"error": "model 'x' not found"}, call())
    with pytest.raises(ProviderError, match="'message' not in ollama"):
        get("ollama").response({"hello": "world"}, call())


def part(text: str = "", **more: Any) -> dict[str, Any]:
    return {"model": "llama2", "message": {"role": "assistant", "content": text, **more}, "done": False}


EVENTS = [part("The capital"), part(" is Paris."), {**ANSWER, "message": {"content": ""}, "done_reason": "stop"}]


def test_a_stream_of_lines() -> None:
    found, usage = streamed("ollama", lines(*EVENTS), call(stream=True), include_usage=True)
    assert text_of(found) == "The capital is Paris."
    assert found[0]["model"] == "llama2"
    assert usage == Usage(26, 7, 33)


def test_a_whole_answer_in_one_line_without_end() -> None:
    found, _ = streamed("ollama", lines(ANSWER).strip(), call(stream=True))
    assert text_of(found) == "The capital is Paris."


def test_a_stream_with_thoughts_and_tools() -> None:
    tool = {"function": {"name": "weather", "arguments": {"city": "Paris"}}}
    events = [part(thinking="Hm."), part(tool_calls=[tool]), part(tool_calls=[tool]), EVENTS[2]]
    found, _ = streamed("ollama", lines(*events), call(stream=True))
    assert text_of(found, "reasoning_content") == "Hm."
    assert [one["id"] for one in calls_of(found)] == ["call_0", "call_1"]
    assert found[-2]["choices"][0]["finish_reason"] == "tool_calls"


def test_an_error_in_a_stream() -> None:
    found, _ = streamed("ollama", lines(part("The"), {"error": "out of memory"}), call(stream=True))
    assert found[-1]["error"]["message"] == "out of memory"


def test_mangled_recordings() -> None:
    survives("ollama", call(stream=True), ANSWER, EVENTS, lambda given: lines(*given))


def test_completions_generate() -> None:
    made = call("gemma4", COMPLETIONS)
    assert get("ollama").url(made) == "http://127.0.0.1:11434/api/generate"
    assert request("ollama", {"prompt": "Once", "max_tokens": 3}, made) == {
        "model": "gemma4", "prompt": "Once", "stream": False, "options": {"num_predict": 3},
    }  # fmt: skip
    body = {"model": "gemma4", "response": " upon", "done": True, "done_reason": "length"}
    whole = answered("ollama", body, made)
    assert whole["choices"] == [{"text": " upon", "index": 0, "logprobs": None, "finish_reason": "length"}]
    stream = call("gemma4", COMPLETIONS, stream=True)
    found, _ = streamed("ollama", lines({"response": " up", "done": False}, {**body, "response": "on"}), stream)
    assert text_of(found, "text") == " upon"


# --- its OpenAI paths


@pytest.mark.parametrize("url", ["http://h:1/v1", "http://h:1/v1/", "http://h:1/v1/chat/completions"])
def test_v1_passes(url: str) -> None:
    provider = get("ollama")
    made = call("gemma4", stream=True, upstream_url=url, temperature=0.1)
    assert provider.passes(made)
    assert provider.url(made) == "http://h:1/v1/chat/completions"
    body = {"messages": [USER], "temperature": 0.9, "top_k": 3}
    assert provider.request(body, made) == {**body, "model": "gemma4", "stream": True, "temperature": 0.1}
    stream = sse({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}, b"[DONE]")
    translator = provider.stream(made)
    assert drain(translator, [stream]) == stream
    assert translator.usage == Usage(1, 2, 3)


def test_its_own_path_is_translated() -> None:
    for url in ("localhost:11434", "http://h/api/chat"):
        made = call(upstream_url=url)
        assert not get("ollama").passes(made)
        assert get("ollama").url(made).endswith("/api/chat")


def test_models_of_both_lists() -> None:
    tags = {"models": [{"name": "gemma4:latest"}, {"name": "nomic-embed-text:latest"}]}
    assert get("ollama").models(tags) == ["gemma4:latest"]
    assert get("ollama").models({"data": [{"id": "gemma4"}]}) == ["gemma4"]


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (404, "model 'x' not found", "model_not_found"),
        (503, "server busy, please try again.  maximum pending requests exceeded", "unavailable"),
        (400, "the input length exceeds the context length", "context_too_long"),
        (400, "m does not support tools", "bad_request"),
        (401, "unauthorized", "invalid_key"),
    ],
)
def test_refusals(status: int, text: str, kind: str) -> None:
    assert get("ollama").diagnose(status, f'{{"error":"{text}"}}'.encode()).kind == kind
