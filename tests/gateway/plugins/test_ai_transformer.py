"""What both transformers share beyond the recorded cases: other providers, proxies, hostile models."""

import gzip
import json
from typing import Any

import pytest
from support.exchange import Answer, Gateway, Sent, Told, proxied
from support.kong_schemas import checks, flat, kong_schema
from support.transformers import said, transformer

from gateway.entities.plugins import plugin_schema
from gateway.errors import ConfigError
from gateway.plugins import registry
from gateway.values import Origin


def ask(answer: Answer, *plugins: dict[str, Any]) -> Told:
    gateway = Gateway(proxied(*(plugins or (transformer(),))))
    return gateway.ask("POST", "/x", {}, "in", answer=Answer(200, {}, b"out"), fetched=lambda sent: answer)


@pytest.mark.parametrize("name", ["ai-request-transformer", "ai-response-transformer"])
def test_the_schema_is_kongs(name: str) -> None:
    kong, ours = flat(kong_schema(f"plugin-{name}")), flat(plugin_schema(registry()[name]))
    own = {path: field for path, field in ours.items() if not path.startswith("config.llm")}
    wanted = {path: field for path, field in kong.items() if not path.startswith("config.llm")}
    assert own == wanted
    assert checks(plugin_schema(registry()[name]))[:1] == checks(kong_schema(f"plugin-{name}"))[:1]


@pytest.mark.parametrize(
    ("answer", "status", "text"),
    [
        (said({"content": None}), 500, "An unexpected error occurred"),
        (said({}), 500, "An unexpected error occurred"),
        (Answer(200, {}, b'{"choices":[]}'), 400, "no 'choices' in upstream AI service response"),
        (Answer(200, {}, b'{"hello":1}'), 400, "'choices' not in llm/v1/chat response"),
        (Answer(200, {}, b"[]"), 400, "'choices' not in llm/v1/chat response"),
        (Answer(200, {"Content-Encoding": "gzip"}, b"no gzip"), 400, "failed to decode llm/v1/chat response"),
        (Answer(302, {"Location": "/"}, b""), 400, "status code 302"),
    ],
)
def test_answers_that_are_none(answer: Answer, status: int, text: str) -> None:
    told = ask(answer)
    assert told.status == status
    assert text in told.body.decode()
    assert not told.attempts


def test_a_compressed_answer_of_the_model_is_read() -> None:
    plain = said({"content": "new"})
    told = ask(Answer(200, {"Content-Encoding": "gzip"}, gzip.compress(plain.pieces[0])))
    assert told.sent.body == b"new"


def test_a_bomb_ends_in_an_error() -> None:
    told = ask(Answer(200, {"Content-Encoding": "gzip"}, gzip.compress(b"x" * (17 << 20))))
    assert told.status == 400


def test_a_catastrophic_pattern_is_harmless() -> None:
    words = "a" * 200_000
    told = ask(said({"content": words}), transformer(transformation_extract_pattern="(a+)+$|(a|a)*b"))
    assert told.sent.body == words.encode()


def test_a_pattern_matches_at_lines() -> None:
    told = ask(said({"content": "one\nTWO\nthree"}), transformer(transformation_extract_pattern="^two$"))
    assert told.sent.body == b"TWO"


def test_the_question_carries_the_key_and_nothing_of_the_client() -> None:
    asked: list[Sent] = []

    def model(sent: Sent) -> Answer:
        asked.append(sent)
        return said({"content": "new"})

    headers = {"Authorization": "Bearer client", "Cookie": "a=b", "X-Own": "1"}
    told = Gateway(proxied(transformer())).ask("POST", "/x", headers, "in", answer=Answer(), fetched=model)
    (sent,) = asked
    assert (sent.method, sent.path, sent.header("host")) == ("POST", "/v1/chat/completions", "model.test:9")
    assert sent.header("authorization") == "Bearer secret"
    assert sent.header("cookie") is None
    assert sent.header("x-own") is None
    assert sent.header("content-length") == str(len(sent.body))
    assert told.sent.header("authorization") == "Bearer client"
    assert told.sent.header("content-length") == "3"


def test_a_proxy_is_told_to_the_transport() -> None:
    told = ask(said({"content": "new"}), transformer(http_proxy_host="proxy.test", http_proxy_port=3128))
    (fetch,) = told.fetches
    assert fetch.origin == Origin("http", "model.test", 9, True, "", ("proxy.test", 3128))
    secure = transformer(url="https://model.test/x", http_proxy_host="p", http_proxy_port=1, https_verify=False)
    (fetch,) = ask(said({"content": "new"}), secure).fetches
    assert fetch.origin == Origin("https", "model.test", 443, False)


def test_the_log_tells_words_and_cost() -> None:
    answer = said({"content": "new"}, usage={"prompt_tokens": 500_000, "completion_tokens": 0, "total_tokens": 500_000})
    log = {"name": "file-log", "config": {"path": "/tmp/log"}}
    told = ask(answer, transformer(), log)
    ((_, line),) = told.exchange.runtime.appended  # type: ignore[attr-defined]
    logged = json.loads(line)["ai"]["ai-request-transformer"]
    assert logged["usage"]["cost"] == 1.0
    assert logged["payload"]["response"] == "new"
    assert json.loads(logged["payload"]["request"])["messages"][1] == {"role": "user", "content": "in"}
    assert "secret" not in line.decode()


def test_a_model_without_words_is_told_in_the_log_too() -> None:
    log = {"name": "file-log", "config": {"path": "/tmp/log"}}
    told = ask(Answer(500), transformer(), log)
    ((_, line),) = told.exchange.runtime.appended  # type: ignore[attr-defined]
    assert json.loads(line)["ai"]["ai-request-transformer"]["usage"]["total_tokens"] == 0


def test_a_pattern_with_look_ahead_is_refused_with_the_reason() -> None:
    with pytest.raises(ConfigError, match="look-around"):
        Gateway(proxied(transformer(transformation_extract_pattern="a(?=b)")))
