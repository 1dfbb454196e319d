"""What the span of an AI call says."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from support.exchange import Answer, Gateway, proxied
from support.observed import ANTHROPIC, ANTHROPIC_STREAM, DONE, TEXT_STREAM, USAGE_CHUNK
from support.otlp import Span, spans_of

from gateway.plugins._gen_ai_span import INPUT, OUTPUT
from gateway.providers import providers
from gateway.values import UpstreamError

OTEL = {"name": "opentelemetry", "config": {"traces_endpoint": "http://otel.test/v1/traces"}}
ASKED = {"messages": [{"role": "user", "content": "What is my secret?"}]}
USAGE = {
    "prompt_tokens": 100,
    "completion_tokens": 40,
    "total_tokens": 140,
    "prompt_tokens_details": {"cached_tokens": 60},
    "completion_tokens_details": {"reasoning_tokens": 30},
}
JSON = {"Content-Type": "application/json"}
SSE = {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"}
CALLS = [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}]


def whole(message: dict[str, Any] | None = None, reason: str = "stop", usage: Any = USAGE) -> bytes:
    message = message or {"role": "assistant", "content": "So."}
    choices = [{"index": 0, "message": message, "finish_reason": reason}]
    return json.dumps({"id": "x", "model": "m-2", "choices": choices, "usage": usage}).encode()


def ai_proxy(payloads: bool = False, provider: str = "openai", **options: Any) -> dict[str, Any]:
    return {
        "name": "ai-proxy",
        "config": {
            "route_type": "llm/v1/chat",
            "logging": {"log_statistics": True, "log_payloads": payloads},
            "model": {"provider": provider, "name": "m", "options": {"upstream_url": "http://llm.test/v1", **options}},
        },
    }


def spoken(answer: Answer, plugin: dict[str, Any] | None = None, body: Any = ASKED, headers: Any = ()) -> Span:
    gateway = Gateway(proxied(OTEL, plugin or ai_proxy()))
    gateway.ask("POST", "/", headers, body, answer=answer)
    spans = [one for box, span in gateway.runtime.delivered for one in spans_of(json.loads(box.request([span]).body))]
    return next(one for one in spans if one.kind == 3)


def ai(span: Span) -> dict[str, Any]:
    return {name.removeprefix("gen_ai."): value for name, value in span.attributes.items() if "gen_ai." in name}


def test_a_whole_answer() -> None:
    span = spoken(Answer(200, JSON, whole()), ai_proxy(input_cost=10, output_cost=20))
    assert span.name == "chat m"
    assert span.status == 0
    assert ai(span) == {
        "operation.name": "chat",
        "provider.name": "openai",
        "request.model": "m",
        "response.model": "m-2",
        "response.finish_reasons": ["stop"],
        "usage.input_tokens": 100,
        "usage.output_tokens": 40,
        "usage.cache_read.input_tokens": 60,
        "usage.reasoning.output_tokens": 30,
        "kong.gen_ai.llm.cost": pytest.approx(0.0018),
    }
    assert span.attributes["server.address"] == "llm.test"
    assert span.attributes["http.response.status_code"] == 200


def test_a_stream() -> None:
    span = spoken(Answer(200, SSE, [*TEXT_STREAM, USAGE_CHUNK, DONE]), body={**ASKED, "stream": True})
    told = ai(span)
    assert told.pop("response.time_to_first_chunk") == 0.0
    assert told == {
        "operation.name": "chat",
        "provider.name": "openai",
        "request.model": "m",
        "request.stream": True,
        "response.finish_reasons": ["stop"],
        "usage.input_tokens": 100,
        "usage.output_tokens": 40,
    }


@pytest.mark.parametrize("stream", [False, True])
def test_a_translated_answer(stream: bool) -> None:
    answer = Answer(200, SSE, ANTHROPIC_STREAM) if stream else Answer(200, JSON, json.dumps(ANTHROPIC).encode())
    plugin = ai_proxy(provider="anthropic", anthropic_version="2023-06-01", max_tokens=256)
    told = ai(spoken(answer, plugin, {**ASKED, "stream": stream}))
    assert (told["provider.name"], told["request.max_tokens"]) == ("anthropic", 256)
    assert (told["usage.input_tokens"], told["usage.output_tokens"]) == (30, 7)
    assert told["response.finish_reasons"] in (["stop"], ["end_turn"])


def test_an_answer_that_the_client_gets_packed() -> None:
    answer = Answer(200, {**JSON, "Content-Encoding": "gzip"}, gzip.compress(whole(reason="length")))
    assert ai(spoken(answer, headers={"Accept-Encoding": "gzip"}))["response.finish_reasons"] == ["length"]


def test_parameters_of_the_request() -> None:
    body = {
        **ASKED,
        **{"temperature": 0, "top_p": 0.5, "frequency_penalty": 1, "presence_penalty": -1, "max_completion_tokens": 9},
        **{"seed": 7, "n": 2, "stop": "END"},
    }
    told = ai(spoken(Answer(200, JSON, whole()), body=body))
    assert {name.removeprefix("request."): value for name, value in told.items() if name.startswith("request.")} == {
        "model": "m",
        "temperature": 0.0,
        "top_p": 0.5,
        "frequency_penalty": 1.0,
        "presence_penalty": -1.0,
        "max_tokens": 9,
        "seed": 7,
        "choice.count": 2,
        "stop_sequences": ["END"],
    }


def test_parameters_of_the_configuration_win_and_nonsense_is_not_told() -> None:
    body = {**ASKED, "temperature": 1, "top_p": "x", "n": True, "seed": [1], "stop": [1, "a"]}
    told = ai(spoken(Answer(200, JSON, whole()), ai_proxy(temperature=0.25), body))
    assert told["request.temperature"] == 0.25
    assert told["request.stop_sequences"] == ["a"]
    assert not {"request.top_p", "request.choice.count", "request.seed"} & told.keys()


def test_an_estimate_says_that_it_is_one() -> None:
    told = ai(spoken(Answer(200, JSON, whole(usage=None))))
    assert told["kong.gen_ai.usage.estimated"] is True
    assert told["usage.input_tokens"] > 0


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (Answer(429, JSON, b"{}"), "429", "status 429"),
        (Answer(error=UpstreamError("dns", "llm.test: unknown", False)), "dns", "llm.test: unknown"),
        (Answer(200, JSON, b"{}"), "broken_answer", "broken_answer"),
        (
            Answer(200, SSE, TEXT_STREAM[:2], broken=UpstreamError("closed", "cut", True)),
            "broken_answer",
            "broken_answer",
        ),
    ],
)
def test_trouble(answer: Answer, kind: str, message: str) -> None:
    stream = {"stream": True} if answer.broken is not None else {}
    span = spoken(answer, body={**ASKED, **stream})
    assert (span.status, span.attributes["error.type"], span.message) == (2, kind, message)


def test_other_operations() -> None:
    plugin = ai_proxy()
    plugin["config"]["route_type"] = "llm/v1/completions"
    answer = json.dumps({"choices": [{"text": "a", "finish_reason": "stop"}], "usage": USAGE}).encode()
    assert spoken(Answer(200, JSON, answer), plugin, {"prompt": "hi"}).name == "text_completion m"


def test_names_of_providers_are_opentelemetrys() -> None:
    known = {"openai", "azure.ai.openai", "anthropic", "cohere", "mistral_ai", "gcp.gemini", "aws.bedrock", "deepseek"}
    names = {one.telemetry_name or name for name, one in providers().items()}
    assert known | {"groq", "x_ai"} <= names
    assert not {"azure", "mistral", "gemini", "bedrock", "xai"} & names


# -- the words themselves -----------------------------------------------------------------------------------------


def test_words_are_not_told_unless_payloads_are_logged() -> None:
    quiet = spoken(Answer(200, JSON, whole()))
    assert not {INPUT, OUTPUT} & quiet.attributes.keys()
    assert "secret" not in repr(quiet)
    assert "So." not in repr(quiet)


def test_words_where_that_is_allowed() -> None:
    span = spoken(Answer(200, JSON, whole()), ai_proxy(payloads=True))
    assert json.loads(span.attributes[INPUT]) == [
        {"role": "user", "parts": [{"type": "text", "content": "What is my secret?"}]}
    ]
    assert json.loads(span.attributes[OUTPUT]) == [
        {"role": "assistant", "parts": [{"type": "text", "content": "So."}], "finish_reason": "stop"}
    ]


def test_the_words_of_a_stream() -> None:
    answer = Answer(200, SSE, [*TEXT_STREAM, DONE])
    span = spoken(answer, ai_proxy(payloads=True), {**ASKED, "stream": True})
    (message,) = json.loads(span.attributes[OUTPUT])
    assert message["parts"] == [{"type": "text", "content": "The capital is Paris."}]


def test_tool_calls_and_their_answers() -> None:
    body = {
        "messages": [
            {"role": "assistant", "content": None, "tool_calls": CALLS},
            {"role": "tool", "tool_call_id": "c1", "content": "42"},
            "nonsense",
        ]
    }
    answer = Answer(200, JSON, whole({"role": "assistant", "content": None, "tool_calls": CALLS}, "tool_calls"))
    span = spoken(answer, ai_proxy(payloads=True), body)
    call = {"type": "tool_call", "id": "c1", "name": "f", "arguments": '{"a":1}'}
    assert json.loads(span.attributes[INPUT]) == [
        {"role": "assistant", "parts": [call]},
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "result": "42"}]},
        {"role": "assistant", "parts": []},
    ]
    assert json.loads(span.attributes[OUTPUT]) == [
        {"role": "assistant", "parts": [call], "finish_reason": "tool_calls"}
    ]
