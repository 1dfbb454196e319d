"""response-transformer: headers and JSON of answers, and what must pass untouched."""

import json
from typing import Any

import pytest
from support.exchange import Answer, Gateway, Told, proxied

from gateway.errors import ConfigError
from gateway.plugins import response_transformer

JSON_TYPE = {"Content-Type": "application/json"}


def told(config: dict[str, Any], headers: Any = (), body: Any = b"x", *plugins: dict[str, Any]) -> Told:
    gateway = Gateway(proxied({"name": "response-transformer", "config": config}, *plugins))
    return gateway.ask("GET", "/", answer=Answer(200, headers, body))


def own(got: Told) -> list[tuple[str, str]]:
    return sorted(pair for pair in got.headers if pair[0].lower().startswith("x-my-"))


HEADERS: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"remove": ["x-my-b"]}, [("X-My-A", "1")]),
    ({"remove": ["x-my-b:3"]}, [("X-My-A", "1"), ("x-my-b", "2")]),
    ({"remove": ["x-my-b:/^[2-9]$/"]}, [("X-My-A", "1")]),
    ({"rename": ["x-my-a:X-My-C"]}, [("X-My-B", "3"), ("X-My-C", "1"), ("x-my-b", "2")]),
    ({"replace": ["x-my-a:new", "x-my-c:new"]}, [("X-My-A", "new"), ("X-My-B", "3"), ("x-my-b", "2")]),
    ({"add": ["x-my-a:new", "X-My-C:a:b"]}, [("X-My-A", "1"), ("X-My-B", "3"), ("X-My-C", "a:b"), ("x-my-b", "2")]),
    ({"append": ["X-My-A:new"]}, [("X-My-A", "1"), ("X-My-A", "new"), ("X-My-B", "3"), ("x-my-b", "2")]),
    ({"remove": ["x-my-a"], "add": ["X-My-A:z"]}, [("X-My-A", "z"), ("X-My-B", "3"), ("x-my-b", "2")]),
]


@pytest.mark.parametrize(("steps", "wanted"), HEADERS)
def test_headers(steps: dict[str, list[str]], wanted: list[tuple[str, str]]) -> None:
    config = {step: {"headers": rules} for step, rules in steps.items()}
    got = told(config, [("X-My-A", "1"), ("x-my-b", "2"), ("X-My-B", "3"), ("Content-Length", "1")])
    assert own(got) == wanted


def test_headers_alone_cost_no_length() -> None:
    assert told({"add": {"headers": ["X-My-A:1"]}}, JSON_TYPE, b"{}").length == 2


def test_cookies_are_separate_lines() -> None:
    got = told({"append": {"headers": ["Set-Cookie:c=3"]}}, [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
    assert got.all("set-cookie") == ["a=1", "b=2", "c=3"]


def test_the_gateways_own_headers_stay() -> None:
    got = told({"remove": {"headers": ["Via", "X-Kong-Request-Id"]}, "add": {"headers": ["Content-Length:7"]}})
    assert got.header("via") == "1.1 kong/3.9.1"
    assert got.header("x-kong-request-id")
    assert (got.header("content-length"), got.length) == (None, 1)


def test_the_gateways_own_answers_are_changed_too() -> None:
    config = {"remove": {"headers": ["WWW-Authenticate"]}, "add": {"headers": ["X-My-A:1", "Content-Type:no"]}}
    got = told(config, (), b"", {"name": "key-auth"})
    assert got.status == 401
    assert got.header("www-authenticate") is None
    assert got.header("x-my-a") == "1"
    assert got.header("content-type") == "application/json; charset=utf-8"


BODIES: list[tuple[dict[str, Any], Any, Any]] = [
    ({"remove": {"json": ["a", "nope"]}}, {"a": 1, "b": [2]}, {"b": [2]}),
    ({"rename": {"json": ["a:c", "nope:b"]}}, {"a": {"x": 1}, "b": 2}, {"b": 2, "c": {"x": 1}}),
    ({"replace": {"json": ["a:new", "nope:new"]}}, {"a": 1}, {"a": "new"}),
    (
        {"replace": {"json": ["a:1", "b:true", "c:x"], "json_types": ["number", "boolean", "string"]}},
        dict.fromkeys("abc"),
        {"a": 1, "b": True, "c": "x"},
    ),
    ({"add": {"json": ["a:new", "b:1.5"], "json_types": ["string", "number"]}}, {"a": 1}, {"a": 1, "b": 1.5}),
    (
        {"append": {"json": ["a:2", "b:x", "c:y"], "json_types": ["number"]}},
        {"a": [1], "b": "w"},
        {"a": [1, 2], "b": ["w", "x"], "c": ["y"]},
    ),
    ({"add": {"json": ["a:9007199254740993"], "json_types": ["number"]}}, {}, {"a": 9007199254740992.0}),
]


@pytest.mark.parametrize(("config", "before", "after"), BODIES)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_json_bodies_in_pieces_of_any_size(config: dict[str, Any], before: Any, after: Any, size: int) -> None:
    raw = json.dumps(before).encode()
    got = told(config, JSON_TYPE, [raw[at : at + size] for at in range(0, len(raw), size)])
    assert got.json == after
    assert got.length is None


REMOVE = {"remove": {"json": ["a"]}}


@pytest.mark.parametrize("body", [b"not json", b"[1]", b'"a"', b"", b"null", b'{"a":'])
def test_what_is_no_object_passes_as_it_is(body: bytes) -> None:
    assert told(REMOVE, JSON_TYPE, body).body == body


@pytest.mark.parametrize(
    "headers",
    [{"Content-Type": "text/plain"}, {}, {**JSON_TYPE, "Content-Encoding": "gzip"}],
)
def test_what_is_not_said_to_be_plain_json_passes_as_it_is(headers: dict[str, str]) -> None:
    assert told(REMOVE, headers, b'{"a":1}').body == b'{"a":1}'


def test_a_stream_is_not_held_back() -> None:
    gateway = Gateway(proxied({"name": "response-transformer", "config": REMOVE}))
    exchange = gateway.exchange("GET", "/")
    exchange.start()
    assert exchange.head(200, b"OK", [(b"Content-Type", b"text/event-stream")]) is not None
    assert exchange.data(b"data: 1\n\n") == b"data: 1\n\n"


def test_a_body_that_is_too_large_passes_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response_transformer, "LARGEST", 10)
    pieces = [b'{"a"', b":1234", b"56789", b"}"]
    assert told(REMOVE, JSON_TYPE, pieces).body == b"".join(pieces)


def test_an_answer_of_ai_proxy() -> None:
    ai = {
        "name": "ai-proxy",
        "config": {
            "route_type": "llm/v1/chat",
            "model": {"provider": "openai", "name": "m", "options": {"upstream_url": "http://llm.test/v1"}},
        },
    }
    config = {"remove": {"json": ["usage"]}, "add": {"json": ["by:us"], "headers": ["X-My-A:1"]}}
    gateway = Gateway(proxied({"name": "response-transformer", "config": config}, ai))
    answer = {"choices": [{"message": {"role": "assistant", "content": "x"}}], "usage": {"prompt_tokens": 1}}
    asked = {"messages": [{"role": "user", "content": "hi"}]}
    got = gateway.ask("POST", "/", (), asked, answer=Answer(200, JSON_TYPE, json.dumps(answer).encode()))
    assert got.json == {"choices": answer["choices"], "by": "us"}
    assert got.header("x-my-a") == "1"


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"add": {"headers": ["nocolon"]}}, "invalid value: nocolon"),
        ({"replace": {"json": ["a:x"], "json_types": ["number"]}}, "'x' is not a number"),
        ({"add": {"json": ["a:1", "b:inf"], "json_types": ["number", "number"]}}, "'inf' is not a number"),
        ({"append": {"json": ["a:yes"], "json_types": ["boolean"]}}, "'yes' is not a boolean"),
        ({"add": {"json_types": ["object"]}}, "expected one of: boolean, number, string"),
        ({"remove": {"headers": ["a:/(/"]}}, "invalid regex"),
    ],
)
def test_configurations_that_are_refused(config: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        told(config)
    assert text in str(refused.value)
