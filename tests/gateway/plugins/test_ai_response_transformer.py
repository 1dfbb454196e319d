"""ai-response-transformer beyond the recorded cases, which are in test_ai_transformer_conformance.py: headers that a
model may not set, compressed upstreams, several targets."""

import gzip
import json
from typing import Any

import pytest
from support.exchange import Answer, Gateway, Sent, Told, proxied
from support.transformers import said, transformer

from gateway.values import UpstreamError

REFUSED = UpstreamError("refused", "nobody listens", False)


def ask(upstream: Answer, words: str, **config: Any) -> Told:
    def played(sent: Sent) -> Answer:
        return said({"content": words}) if sent.origin.host == "model.test" else upstream

    plugin = transformer("ai-response-transformer", **config)
    return Gateway(proxied(plugin)).ask("POST", "/x", {}, "in", fetched=played)


def test_a_compressed_upstream_is_unpacked_for_the_model() -> None:
    told = ask(Answer(200, {"Content-Encoding": "gzip", "X-Up": "u"}, gzip.compress(b"words")), "new")
    assert told.fetches[1].json["messages"][1]["content"] == "words"
    assert (told.body, told.header("content-encoding"), told.header("x-up")) == (b"new", None, "u")


def test_a_damaged_upstream_body_is_an_error() -> None:
    told = ask(Answer(200, {"Content-Encoding": "gzip"}, b"no gzip"), "new")
    assert told.status == 500
    assert told.json["error"]["message"].startswith("failed to read the upstream")


def test_instructions_cannot_break_the_framing_or_the_lines() -> None:
    headers = {
        "Content-Length": "5",
        "Transfer-Encoding": "chunked",
        "Connection": "upgrade",
        "Bad Name": "x",
        "X-Number": 5,
        "X-Many": ["a", "b"],
        "X-Split": "a\r\nSet-Cookie: stolen=1",
        "": "x",
        "\u00e9": "x",
    }
    words = json.dumps({"status": 418, "headers": headers, "body": {"a": 1}})
    told = ask(Answer(200, {"X-Number": "1"}, b"old"), words, parse_llm_response_json_instructions=True)
    names = {name.lower() for name, _ in told.headers}
    assert names.isdisjoint({"content-length", "transfer-encoding", "connection", "bad name", "set-cookie", ""})
    assert (told.status, told.json, told.header("x-number")) == (418, {"a": 1}, "5")
    assert told.all("x-many") == ["a", "b"]
    assert told.header("x-split") == "a%0D%0ASet-Cookie: stolen=1"


@pytest.mark.parametrize("status", ["101", "99", "600", "true", '"200"', "null"])
def test_a_status_that_is_none_is_a_fault(status: str) -> None:
    told = ask(Answer(), f'{{"status":{status},"body":"x"}}', parse_llm_response_json_instructions=True)
    assert told.status == 500


def test_words_that_are_no_instructions() -> None:
    told = ask(Answer(), "not json", parse_llm_response_json_instructions=True)
    wanted = (
        "failed to parse JSON response instructions from AI backend: "
        "Expected value but found invalid token at character 1"
    )
    assert (told.status, told.json["error"]["message"]) == (500, wanted)


def test_an_upstream_that_breaks_is_told() -> None:
    told = ask(Answer(error=UpstreamError("protocol", "what it said is not HTTP", True)), "new")
    assert (told.status, told.json["error"]["message"]) == (500, "subrequest failed: what it said is not HTTP")
    assert len(told.fetches) == 1


def test_another_target_is_asked_when_one_is_down() -> None:
    def played(sent: Sent) -> Answer:
        if sent.origin.host == "model.test":
            return said({"content": "new"})
        return Answer(error=REFUSED) if sent.origin.port == 1 else Answer(200, {}, b"old")

    table = proxied(transformer("ai-response-transformer"))
    table["services"][0]["url"] = "http://both.test"
    table["upstreams"] = [{"name": "both.test", "targets": [{"target": f"10.0.0.1:{port}"} for port in (1, 2)]}]
    gateway = Gateway(table)
    for _ in range(4):
        told = gateway.ask("POST", "/x", {}, "in", fetched=played)
        assert (told.status, told.body) == (200, b"new")


def test_a_stream_of_ai_proxy_is_read_whole() -> None:
    config = {
        "route_type": "llm/v1/chat",
        "model": {"provider": "openai", "name": "gpt", "options": {"upstream_url": "http://main.test/chat"}},
    }
    event = json.dumps({"choices": [{"delta": {"content": "hi"}}], "model": "gpt"})

    def played(sent: Sent) -> Answer:
        if sent.origin.host == "model.test":
            return said({"content": "new"})
        return Answer(200, {"Content-Type": "text/event-stream"}, f"data: {event}\n\ndata: [DONE]\n\n".encode())

    table = proxied(transformer("ai-response-transformer"), {"name": "ai-proxy", "config": config})
    asked = {"messages": [{"role": "user", "content": "hi"}], "stream": True}
    told = Gateway(table).ask("POST", "/x", {"Accept-Encoding": "gzip"}, asked, fetched=played)
    assert "hi" in told.fetches[1].json["messages"][1]["content"]
    assert (told.status, told.body, told.header("content-encoding")) == (200, b"new", None)
