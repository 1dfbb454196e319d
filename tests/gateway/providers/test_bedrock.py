"""Bedrock's Converse, both ways. Turns: test_bedrock_turns; frames: test_eventstream; signature: test_sigv4."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.eventstream import frame, frames
from support.provider_checks import (
    CALLED,
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
from support.streams import calls_of, text_of

from gateway.chat import Usage
from gateway.providers import get
from gateway.providers._base import ProviderError

MODEL = "us.amazon.nova-micro-v1:0"
REGION: dict[str, Any] = {"bedrock": {"aws_region": "eu-central-1"}}
ANSWER: dict[str, Any] = {
    "output": {"message": {"role": "assistant", "content": [{"text": "The capital is Paris."}]}},
    "stopReason": "end_turn",
    "usage": {"inputTokens": 433, "outputTokens": 16, "totalTokens": 3201, "cacheReadInputTokens": 2752,
              "cacheWriteInputTokens": 0},
    "metrics": {"latencyMs": 100},
}  # fmt: skip


def test_kongs_worked_example() -> None:
    body = {"messages": [{"role": "system", "content": "You are a mathematician."}, USER]}
    made = call(MODEL, max_tokens=8192, temperature=0.8, top_p=0.6)
    assert request("bedrock", body, made) == {
        "system": [{"text": "You are a mathematician."}],
        "messages": [{"role": "user", "content": [{"text": USER["content"]}]}],
        "inferenceConfig": {"maxTokens": 8192, "temperature": 0.8, "topP": 0.6},
    }


def test_settings_tools_and_schema() -> None:
    body = {
        "messages": [USER],
        "stop": "x",
        "top_k": 4,
        "tools": [TOOL],
        "response_format": JSON_SCHEMA,
        "guardrailConfig": {"guardrailIdentifier": "g"},
        "bedrock": {"additionalModelRequestFields": {"thinking": {"type": "adaptive"}}},
    }
    made = request("bedrock", body, call("us.anthropic.claude-haiku-5-5"))
    assert made["inferenceConfig"] == {"stopSequences": ["x"]}
    assert made["additionalModelRequestFields"] == {"thinking": {"type": "adaptive"}, "top_k": 4}
    assert made["guardrailConfig"] == {"guardrailIdentifier": "g"}
    assert made["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"] == {"json": SCHEMA}
    structure = made["outputConfig"]["textFormat"]["structure"]["jsonSchema"]
    assert json.loads(structure["schema"]) == SCHEMA
    assert "additionalModelRequestFields" not in request("bedrock", {"messages": [USER], "top_k": 4}, call(MODEL))


@pytest.mark.parametrize(
    ("options", "stream", "url"),
    [
        (REGION, False, "https://bedrock-runtime.eu-central-1.amazonaws.com/model/us.amazon.nova-micro-v1%3A0/converse"),
        (REGION, True, "https://bedrock-runtime.eu-central-1.amazonaws.com/model/us.amazon.nova-micro-v1%3A0/converse-stream"),
        ({"upstream_url": "http://h:1/model/m/converse"}, True, "http://h:1/model/m/converse-stream"),
        ({"upstream_url": "http://h:1/other"}, True, "http://h:1/other"),
    ],
)  # fmt: skip
def test_urls(options: dict[str, Any], stream: bool, url: str) -> None:
    assert get("bedrock").url(call(MODEL, stream=stream, **options)) == url


def test_without_a_region_there_is_no_url() -> None:
    with pytest.raises(ProviderError, match="aws_region"):
        get("bedrock").url(call(MODEL))


def test_an_answer_counts_the_cache_in() -> None:
    whole = answered("bedrock", ANSWER, call(MODEL))
    assert message(whole) == {"role": "assistant", "content": "The capital is Paris."}
    assert whole["choices"][0]["finish_reason"] == "stop"
    assert Usage.from_openai(whole["usage"]) == Usage(3185, 16, 3201, cached_tokens=2752)


def test_an_answer_with_reasoning_and_tools() -> None:
    content = [
        {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "s"}}},
        {"text": "Let me see."},
        {"toolUse": {"toolUseId": "t1", "name": "weather", "input": {"city": "Paris"}}},
        {"toolUse": {"toolUseId": "t2", "name": "weather", "input": {"city": "Rome"}}},
    ]
    body = {**ANSWER, "output": {"message": {"content": content}}, "stopReason": "tool_use"}
    whole = answered("bedrock", body, call(MODEL))
    assert message(whole)["reasoning_content"] == "Hm."
    assert [one["id"] for one in message(whole)["tool_calls"]] == ["t1", "t2"]
    assert whole["choices"][0]["finish_reason"] == "tool_calls"


def test_another_answer_is_refused() -> None:
    with pytest.raises(ProviderError, match="no generation candidates received from Bedrock"):
        get("bedrock").response({"message": "x"}, call(MODEL))


Events = list[tuple[str, dict[str, Any]]]
USAGE = ("metadata", {"usage": ANSWER["usage"], "p": "abc"})
EVENTS: Events = [
    ("messageStart", {"role": "assistant", "p": "ab"}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "The capital"}, "p": "abcd"}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": " is Paris."}}),
    ("contentBlockStop", {"contentBlockIndex": 0}),
    ("messageStop", {"stopReason": "end_turn"}),
    USAGE,
]


def test_a_stream() -> None:
    found, usage = streamed("bedrock", frames(EVENTS), call(MODEL, stream=True), include_usage=True)
    assert text_of(found) == "The capital is Paris."
    assert usage == Usage(3185, 16, 3201, cached_tokens=2752)
    assert found[-2]["choices"] == []
    assert found[-3]["choices"][0]["finish_reason"] == "stop"


def test_a_stream_with_reasoning_and_tools() -> None:
    def use(index: int, identity: str, name: str) -> tuple[str, dict[str, Any]]:
        start = {"toolUse": {"toolUseId": identity, "name": name}}
        return ("contentBlockStart", {"contentBlockIndex": index, "start": start})

    events: Events = [
        EVENTS[0],
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": "Hm."}}}),
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"signature": "s"}}}),
        use(1, "t1", "weather"),
        ("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"toolUse": {"input": '{"city":'}}}),
        ("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"toolUse": {"input": '"Paris"}'}}}),
        ("contentBlockStop", {"contentBlockIndex": 1}),
        use(2, "t2", "now"),
        ("contentBlockStop", {"contentBlockIndex": 2}),
        ("messageStop", {"stopReason": "tool_use"}),
    ]
    found, usage = streamed("bedrock", frames(events), call(MODEL, stream=True))
    assert text_of(found, "reasoning_content") == "Hm."
    assert calls_of(found) == [
        {"id": "t1", "name": "weather", "arguments": '{"city":"Paris"}'},
        {"id": "t2", "name": "now", "arguments": "{}"},
    ]
    assert found[-2]["choices"][0]["finish_reason"] == "tool_calls"
    assert usage is None


def test_exceptions_and_damage_in_a_stream() -> None:
    broken = frame("throttlingException", {"message": "Too many requests"}, kind="exception")
    found, _ = streamed("bedrock", frames(EVENTS[:2]) + broken, call(MODEL, stream=True))
    assert found[-1]["error"]["message"] == "Too many requests"
    assert found[-1]["error"]["code"] == "throttlingException"
    found, _ = streamed("bedrock", frames(EVENTS)[:-5], call(MODEL, stream=True))
    assert found[-1]["error"]["message"] == "the upstream's event stream is cut off"
    found, _ = streamed("bedrock", b"data: {}\n\n" * 3, call(MODEL, stream=True))
    assert found[-1]["error"]["message"] == "the upstream's event stream is damaged"


def test_mangled_recordings() -> None:
    def encode(given: list[Any]) -> bytes:
        return b"".join(frame(name, value) for name, value in zip([name for name, _ in EVENTS], given, strict=False))

    survives("bedrock", call(MODEL, stream=True), ANSWER, [value for _, value in EVENTS], encode)


def test_a_signature_only_with_an_access_key() -> None:
    provider = get("bedrock")
    url = provider.url(call(MODEL, **REGION))
    assert provider.authorize("POST", url, {}, b"{}", {"header_name": "Authorization"}, 0.0) is None
    keys = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "hidden"}
    lines = dict(provider.authorize("POST", url, {}, b"{}", keys, 1_700_000_000.0) or ())
    assert "/20231114/eu-central-1/bedrock/aws4_request" in lines["Authorization"]
    assert "hidden" not in str(lines)
    far = dict(
        provider.authorize("POST", "http://127.0.0.1:1/x", {}, b"", {**keys, "aws_region": "us-west-2"}, 0.0) or ()
    )
    assert "/us-west-2/bedrock/" in far["Authorization"]


def test_models_of_text() -> None:
    listed = [
        {"modelId": "amazon.nova-micro-v1:0", "outputModalities": ["TEXT"], "modelLifecycle": {"status": "ACTIVE"}},
        {"modelId": "anthropic.claude-v2", "outputModalities": ["TEXT"], "modelLifecycle": {"status": "LEGACY"}},
        {"modelId": "amazon.titan-image", "outputModalities": ["IMAGE"]},
    ]
    assert get("bedrock").models({"modelSummaries": listed}) == ["amazon.nova-micro-v1:0"]


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (403, "The security token included in the request is invalid.", "invalid_key"),
        (403, "User is not authorized to perform: bedrock:InvokeModel", "forbidden"),
        (400, "The provided model identifier is invalid.", "model_not_found"),
        (400, "Invocation of model ID X with on-demand throughput isn't supported.", "model_not_found"),
        (400, "Input is too long for requested model.", "context_too_long"),
        (429, "Too many requests, please wait before trying again.", "rate_limited"),
        (503, "x", "unavailable"),
    ],
)
def test_refusals(status: int, text: str, kind: str) -> None:
    assert get("bedrock").diagnose(status, json.dumps({"message": text}).encode()).kind == kind


def test_history_with_tools_keeps_them_declared() -> None:
    body = {"messages": [SYSTEM, USER, CALLED], "tools": [TOOL], "tool_choice": "none"}
    assert "toolConfig" in request("bedrock", body, call(MODEL))
    assert "toolConfig" not in request("bedrock", {**body, "messages": [USER]}, call(MODEL))
