"""Gemini's generateContent, both ways. Turns and parts: test_gemini_contents.py."""

from __future__ import annotations

from typing import Any

import pytest
from support.provider_checks import (
    JSON_SCHEMA,
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

MODEL = "gemini-1.5-flash"
ANSWER = {
    "candidates": [
        {"content": {"parts": [{"text": "The capital is Paris."}], "role": "model"}, "finishReason": "STOP", "index": 0}
    ],
    "usageMetadata": {"promptTokenCount": 24, "candidatesTokenCount": 7, "totalTokenCount": 31},
    "modelVersion": MODEL,
}


def candidate(*parts: dict[str, Any], finish: str = "", **more: Any) -> dict[str, Any]:
    one: dict[str, Any] = {"content": {"role": "model", "parts": list(parts)}, "index": 0}
    if finish:
        one["finishReason"] = finish
    return {"candidates": [one], "modelVersion": MODEL, "responseId": "QUVV", **more}


def test_kongs_worked_example() -> None:
    turns = [
        {"role": "system", "content": "You are a mathematician."},
        {"role": "user", "content": "What is 1 + 2?"},
        {"role": "assistant", "content": "The sum…"},
        {"role": "user", "content": "Why can't you divide by zero?"},
    ]
    made = call("gemini-pro", max_tokens=8192, temperature=0.8, top_k=1, top_p=0.6)
    assert request("gemini", {"messages": turns}, made) == {
        "contents": [
            {"role": "user", "parts": [{"text": "What is 1 + 2?"}]},
            {"role": "model", "parts": [{"text": "The sum…"}]},
            {"role": "user", "parts": [{"text": "Why can't you divide by zero?"}]},
        ],
        "systemInstruction": {"parts": [{"text": "You are a mathematician."}]},
        "generationConfig": {"temperature": 0.8, "topK": 1, "topP": 0.6, "maxOutputTokens": 8192},
    }  # fmt: skip


def test_several_systems_as_kong_joins_them_and_as_people_mean_them() -> None:
    body = {"messages": [SYSTEM, SYSTEM, USER]}
    twice = "You are a helper."
    made = request("gemini", body, call(MODEL))
    assert made["systemInstruction"]["parts"] == [{"text": twice + twice}]
    made = request("gemini", body, call(MODEL, newest=True))
    assert made["systemInstruction"]["parts"] == [{"text": f"{twice}\n\n{twice}"}]


def test_settings_tools_and_schema() -> None:
    body = {
        "messages": [USER],
        "stop": ["a"] * 9,
        "seed": 3,
        "response_format": JSON_SCHEMA,
        "reasoning_effort": "low",
        "tools": [TOOL],
        "tool_choice": {"type": "function", "function": {"name": "weather"}},
    }
    made = request("gemini", body, call(MODEL))
    assert made["generationConfig"] == {
        "stopSequences": ["a"] * 5, "seed": 3, "responseMimeType": "application/json", "responseJsonSchema": SCHEMA,
        "thinkingConfig": {"thinkingLevel": "low", "includeThoughts": True},
    }  # fmt: skip
    assert made["tools"] == [
        {
            "functionDeclarations": [
                {"name": "weather", "description": "Weather of a city", "parametersJsonSchema": SCHEMA}
            ]
        }
    ]
    assert made["toolConfig"] == {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["weather"]}}


@pytest.mark.parametrize(
    ("options", "stream", "url"),
    [
        ({}, False, "https://generativelanguage.googleapis.com/v1beta/models/m:generateContent"),
        ({}, True, "https://generativelanguage.googleapis.com/v1beta/models/m:streamGenerateContent?alt=sse"),
        ({"upstream_url": "http://h:1/x:generateContent"}, False, "http://h:1/x:generateContent"),
        ({"upstream_url": "http://h:1/x:generateContent?a=b"}, True, "http://h:1/x:streamGenerateContent?a=b&alt=sse"),
        ({"upstream_url": "http://h:1/x"}, True, "http://h:1/x"),
        (
            {"gemini": {"api_endpoint": "eu-aiplatform.googleapis.com", "project_id": "p", "location_id": "l"}},
            False,
            "https://eu-aiplatform.googleapis.com/v1/projects/p/locations/l/publishers/google/models/m:generateContent",
        ),
    ],
)
def test_urls(options: dict[str, Any], stream: bool, url: str) -> None:
    assert get("gemini").url(call("m", stream=stream, **options)) == url


def test_an_answer() -> None:
    whole = answered("gemini", ANSWER, call(MODEL))
    assert message(whole) == {"role": "assistant", "content": "The capital is Paris."}
    assert (whole["model"], whole["id"]) == (MODEL, "chatcmpl-fallback")
    assert whole["choices"][0]["finish_reason"] == "stop"
    assert whole["usage"] == {"prompt_tokens": 24, "completion_tokens": 7, "total_tokens": 31}


def test_an_answer_with_thoughts_and_a_tool_call_and_its_signature() -> None:
    body = candidate(
        {"text": "Hm.", "thought": True},
        {"text": "Let me "},
        {"text": "see."},
        {"functionCall": {"name": "weather", "args": {"city": "Paris"}}, "thoughtSignature": "c2ln"},
        finish="STOP",
        usageMetadata={
            "promptTokenCount": 29, "candidatesTokenCount": 10, "thoughtsTokenCount": 202, "totalTokenCount": 241,
            "cachedContentTokenCount": 5,
        },
    )  # fmt: skip
    whole = answered("gemini", body, call("m"))
    assert message(whole) == {
        "role": "assistant",
        "content": "Let me see.",
        "reasoning_content": "Hm.",
        "tool_calls": [
            {
                "id": "call_0",
                "type": "function",
                "function": {"name": "weather", "arguments": '{"city":"Paris"}'},
                "extra_content": {"google": {"thought_signature": "c2ln"}},
            }
        ],
    }
    assert whole["choices"][0]["finish_reason"] == "tool_calls"
    assert Usage.from_openai(whole["usage"]) == Usage(29, 212, 241, cached_tokens=5, reasoning_tokens=202)
    back = request("gemini", {"messages": [USER, message(whole)]}, call("m"))
    assert back["contents"][1]["parts"][1]["thoughtSignature"] == "c2ln"


def test_a_blocked_prompt_is_a_filtered_answer() -> None:
    whole = answered("gemini", {"promptFeedback": {"blockReason": "SAFETY"}}, call())
    assert whole["choices"][0]["finish_reason"] == "content_filter"
    assert message(whole)["content"] == ""


def test_no_candidates_are_refused_in_kongs_words() -> None:
    with pytest.raises(ProviderError, match="no generation candidates received from Gemini, or max_tokens too short"):
        get("gemini").response({"hello": "world"}, call())


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("MAX_TOKENS", "length"),
        ("SAFETY", "content_filter"),
        ("MALFORMED_FUNCTION_CALL", "stop"),
        ("SOMETHING_NEW", "content_filter"),
        ("", "stop"),
    ],
)
def test_why_it_ended(word: str, reason: str) -> None:
    whole = answered("gemini", candidate({"text": "a"}, finish=word), call())
    assert whole["choices"][0]["finish_reason"] == reason


COUNTS = {"promptTokenCount": 24, "candidatesTokenCount": 3, "totalTokenCount": 27}
LAST = {"promptTokenCount": 24, "candidatesTokenCount": 7, "totalTokenCount": 31}
EVENTS = [
    candidate({"text": "The capital"}, usageMetadata=COUNTS),
    candidate({"text": " is Paris."}, usageMetadata=COUNTS),
    candidate({"text": ""}, finish="STOP", usageMetadata=LAST),
]


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_a_stream(end: str) -> None:
    found, usage = streamed("gemini", sse(*EVENTS, end=end), call(MODEL, stream=True), include_usage=True)
    assert text_of(found) == "The capital is Paris."
    assert (found[0]["id"], found[0]["model"]) == ("QUVV", MODEL)
    assert usage == Usage(24, 7, 31)


def test_a_stream_with_thoughts_and_tools() -> None:
    events = [
        candidate({"text": "Hm.", "thought": True}),
        candidate({"functionCall": {"name": "weather", "args": {"city": "Paris"}}, "thoughtSignature": "c2ln"}),
        candidate({"functionCall": {"name": "now"}}, finish="STOP"),
    ]
    found, _ = streamed("gemini", sse(*events), call(stream=True))
    assert text_of(found, "reasoning_content") == "Hm."
    assert calls_of(found) == [
        {"id": "call_0", "name": "weather", "arguments": '{"city":"Paris"}'},
        {"id": "call_1", "name": "now", "arguments": "{}"},
    ]
    assert found[1]["choices"][0]["delta"]["tool_calls"][0]["extra_content"]["google"]["thought_signature"] == "c2ln"
    assert found[-2]["choices"][0]["finish_reason"] == "tool_calls"


def test_errors_and_blocks_in_a_stream() -> None:
    error = {"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}
    found, _ = streamed("gemini", sse(*EVENTS[:1], error), call(stream=True))
    assert found[-1]["error"]["message"] == "overloaded"
    found, _ = streamed("gemini", sse({"promptFeedback": {"blockReason": "SAFETY"}}), call(stream=True))
    assert found[-2]["choices"][0]["finish_reason"] == "content_filter"


def test_mangled_recordings() -> None:
    survives("gemini", call(stream=True), ANSWER, EVENTS, lambda given: sse(*given))


def test_a_completion() -> None:
    made = call(MODEL, COMPLETIONS)
    assert request("gemini", {"prompt": "Once"}, made)["contents"] == [{"role": "user", "parts": [{"text": "Once"}]}]
    assert answered("gemini", ANSWER, made)["choices"][0]["text"] == "The capital is Paris."


def test_models_that_generate() -> None:
    listed = [
        {"name": "models/gemini-3.8-flash", "supportedGenerationMethods": ["generateContent"]},
        {"name": "models/gemini-embedding-001", "supportedGenerationMethods": ["embedContent"]},
        {"name": "models/gemini-3.8-flash-tts", "supportedGenerationMethods": ["generateContent"]},
    ]
    assert get("gemini").models({"models": listed}) == ["gemini-3.8-flash"]


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, {"message": "API key not valid. Please pass a valid API key.", "status": "INVALID_ARGUMENT",
               "details": [{"reason": "API_KEY_INVALID"}]}, "invalid_key"),
        (400, {"message": "x", "details": [{"reason": "API_KEY_INVALID"}]}, "invalid_key"),
        (403, {"message": "Method doesn't allow unregistered callers", "status": "PERMISSION_DENIED"}, "invalid_key"),
        (403, {"message": "denied", "status": "PERMISSION_DENIED"}, "forbidden"),
        (429, {"message": "quota", "status": "RESOURCE_EXHAUSTED"}, "rate_limited"),
        (404, {"message": "models/X is not found for API version v1beta", "status": "NOT_FOUND"}, "model_not_found"),
        (400, {"message": "The input token count (9) exceeds the maximum number of tokens allowed (8)."},
         "context_too_long"),
        (503, {"message": "overloaded", "status": "UNAVAILABLE"}, "unavailable"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("wrapped", [True, False])
def test_refusals(status: int, error: dict[str, Any], kind: str, wrapped: bool) -> None:
    body: Any = {"error": {"code": status, **error}}
    text = sse([body] if wrapped else body).removeprefix(b"data: ").strip()
    assert get("gemini").diagnose(status, text).kind == kind
