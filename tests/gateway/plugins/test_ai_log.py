"""The `ai` block of a log entry: model, tokens and cost, and the words where that is asked."""

import gzip
import json
from typing import Any

import pytest
from support.exchange import Answer, Gateway, TestRuntime, proxied

from gateway.log_entry import entry
from gateway.plugins import _ai_log

ASKED = {"messages": [{"role": "user", "content": "Why?"}]}
WHOLE = {
    "model": "m-2",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "So."}, "finish_reason": "stop"}],
    "usage": {
        "prompt_tokens": 100,
        "completion_tokens": 40,
        "total_tokens": 140,
        "prompt_tokens_details": {"cached_tokens": 60},
        "completion_tokens_details": {"reasoning_tokens": 30},
    },
}
JSON_TYPE = {"Content-Type": "application/json"}
CHUNKS = [b'{"choices":[{"index":0,"delta":{"content":"%b"}}]}' % word for word in (b"So", b" it", b" is.")]
STREAM = b"".join(b"data: " + chunk + b"\n\n" for chunk in (*CHUNKS, b"[DONE]"))


def plugin(statistics: bool = True, payloads: bool = False) -> dict[str, Any]:
    options = {"upstream_url": "http://llm.test/v1", "input_cost": 10, "output_cost": 20}
    return {
        "name": "ai-proxy",
        "config": {
            "route_type": "llm/v1/chat",
            "logging": {"log_statistics": statistics, "log_payloads": payloads},
            "model": {"provider": "openai", "name": "m", "options": options},
        },
    }


def logged(
    config: dict[str, Any], answer: Answer, body: Any = ASKED, headers: Any = (), runtime: Any = None
) -> dict[str, Any]:
    gateway = Gateway(proxied(config), runtime=runtime)
    told = entry(gateway.ask("POST", "/", headers, body, answer=answer).exchange)
    found: dict[str, Any] = told.get("ai", {}).get("proxy", {})
    return found


def test_model_tokens_and_cost() -> None:
    told = logged(plugin(), Answer(200, JSON_TYPE, json.dumps(WHOLE).encode()))
    assert (told["meta"]["provider_name"], told["meta"]["request_model"]) == ("openai", "m")
    assert told["meta"]["response_model"] == "m-2"
    usage = told["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (100, 40, 140)
    assert usage["cost"] == pytest.approx((100 * 10 + 40 * 20) / 1_000_000)
    assert usage["prompt_tokens_details"] == {"cached_tokens": 60}
    assert usage["completion_tokens_details"] == {"reasoning_tokens": 30}
    assert "estimated" not in usage
    assert "payload" not in told


def test_nothing_is_told_when_nothing_is_asked() -> None:
    assert logged(plugin(False, False), Answer(200, JSON_TYPE, json.dumps(WHOLE).encode())) == {}


def test_times_are_milliseconds() -> None:
    runtime = TestRuntime()

    def slow(sent: Any) -> Answer:
        runtime.pass_time(0.4)
        return Answer(200, JSON_TYPE, json.dumps(WHOLE).encode())

    gateway = Gateway(proxied(plugin()), runtime=runtime)
    told = entry(gateway.ask("POST", "/", (), ASKED, answer=slow).exchange)["ai"]["proxy"]
    assert told["meta"]["llm_latency"] == 400
    assert told["usage"]["time_per_token"] == 10


def test_an_estimate_says_that_it_is_one() -> None:
    answer = {name: value for name, value in WHOLE.items() if name != "usage"}
    usage = logged(plugin(), Answer(200, JSON_TYPE, json.dumps(answer).encode()))["usage"]
    assert usage["estimated"] is True
    assert usage["completion_tokens"] > 0


def test_a_refused_request_has_no_model() -> None:
    told = logged(plugin(), Answer(), body={"x": 1})
    assert told["meta"]["provider_name"] == told["meta"]["request_model"] == "UNSPECIFIED"
    assert (told["usage"]["total_tokens"], told["usage"]["cost"]) == (0, 0)


def test_payloads_are_the_words() -> None:
    told = logged(plugin(False, True), Answer(200, JSON_TYPE, json.dumps(WHOLE).encode()))
    assert told.keys() == {"payload"}
    assert json.loads(told["payload"]["request"])["messages"] == ASKED["messages"]
    assert json.loads(told["payload"]["response"]) == WHOLE


def test_of_a_stream_the_text() -> None:
    answer = Answer(200, {"Content-Type": "text/event-stream"}, [STREAM[:30], STREAM[30:]])
    told = logged(plugin(True, True), answer, {**ASKED, "stream": True})
    assert told["payload"]["response"] == "So it is."


def test_a_compressed_answer_is_read() -> None:
    body = gzip.compress(json.dumps(WHOLE).encode())
    answer = Answer(200, {**JSON_TYPE, "Content-Encoding": "gzip"}, body)
    told = logged(plugin(False, True), answer, headers={"Accept-Encoding": "gzip"})
    assert json.loads(told["payload"]["response"]) == WHOLE


def test_long_words_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_ai_log, "LONGEST", 10)
    told = logged(plugin(False, True), Answer(200, JSON_TYPE, json.dumps(WHOLE).encode()))
    assert len(told["payload"]["request"]) == len(told["payload"]["response"]) == 10


def test_without_payloads_the_body_phase_is_idle() -> None:
    gateway = Gateway(proxied(plugin(True, False)))
    (route,) = gateway.snapshot.config.collections["routes"].values()
    assert gateway.snapshot.chain(route, None).body_filter == ()
