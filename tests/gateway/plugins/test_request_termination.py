"""request-termination: the answer, its defaults by status, the trigger, the echo."""

import os
from typing import Any

import pytest
from support.exchange import Gateway, Told, proxied

from gateway.errors import ConfigError


def told(target: str = "/", headers: dict[str, str] | None = None, body: Any = b"", **config: Any) -> Told:
    gateway = Gateway(proxied({"name": "request-termination", "config": config}))
    return gateway.ask("POST" if body else "GET", target, headers or {}, body)


def test_a_message_is_compact_json_whatever_the_client_accepts() -> None:
    got = told(headers={"Accept": "text/html"}, status_code=503, message="So long")
    assert (got.status, got.body, got.attempts) == (503, b'{"message":"So long"}', [])
    assert got.header("content-type") == "application/json; charset=utf-8"
    assert got.header("x-kong-response-latency") is not None


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, "Unauthorized"),
        (404, "Not found"),
        (405, "Method not allowed"),
        (500, "An unexpected error occurred"),
        (502, "Bad Gateway"),
        (503, "Service unavailable"),
    ],
)
def test_some_statuses_have_their_own_words(status: int, message: str) -> None:
    assert told(status_code=status).json == {"message": message}


def test_other_statuses_have_no_body_and_no_type() -> None:
    got = told(status_code=418)
    assert (got.status, got.body, got.header("content-type")) == (418, b"", None)


def test_a_body_as_it_is() -> None:
    config = {"status_code": 200, "content_type": "text/html", "body": "<p>café</p>"}
    got = Gateway(proxied({"name": "request-termination", "config": config})).ask("GET", "/")
    assert (got.status, got.body, got.header("content-type")) == (200, b"<p>caf\xc3\xa9</p>", "text/html")


def test_a_body_without_a_type_is_json() -> None:
    config = {"status_code": 200, "body": '{"a":1}'}
    got = Gateway(proxied({"name": "request-termination", "config": config})).ask("GET", "/")
    assert (got.body, got.header("content-type")) == (b'{"a":1}', "application/json; charset=utf-8")


@pytest.mark.parametrize(
    ("target", "headers", "stops"),
    [
        ("/", {}, False),
        ("/", {"X-Stop": ""}, True),
        ("/?x-stop", {}, True),
        ("/?X-Stop=1", {}, False),
        ("/?a=x-stop", {}, False),
    ],
)
def test_a_trigger(target: str, headers: dict[str, str], stops: bool) -> None:
    got = told(target, headers, trigger="x-stop", status_code=418)
    assert (got.status == 418) is stops
    assert bool(got.attempts) is not stops


def test_an_echo_shows_the_request() -> None:
    got = told(
        "/p?a=1&a=2&b", {"X-One": "1", "Host": "h.test:80"}, {"k": [1]}, status_code=404, echo=True, message="seen"
    )
    assert got.status == 404
    shown = got.json
    assert shown["message"] == "seen"
    assert shown["kong"]["worker_pid"] == os.getpid()
    request = shown["request"]
    assert (request["method"], request["path"], request["host"]) == ("POST", "/p", "h.test")
    assert request["query"] == {"a": ["1", "2"], "b": True}
    assert request["headers"]["x-one"] == "1"
    assert (request["body"], request["raw_body"]) == ({"k": [1]}, '{"k": [1]}')
    assert shown["matched_route"]["name"] == "all"
    assert shown["matched_service"]["name"] == "plain"


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"message": "a", "body": "b"}, "message cannot be used with content_type or body"),
        ({"message": "a", "content_type": "b"}, "message cannot be used with content_type or body"),
        ({"content_type": "text/plain"}, "content_type requires a body"),
        ({"echo": True, "body": "b"}, "echo cannot be used with content_type and body"),
    ],
)
def test_what_does_not_go_together(config: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Gateway(proxied({"name": "request-termination", "config": config}))
    assert refused.value.fields == {"services": [{"plugins": [{"config": text}]}]}


def test_it_runs_after_everything_else() -> None:
    stopped = Gateway(proxied({"name": "key-auth"}, {"name": "request-termination"})).ask("GET", "/")
    assert stopped.status == 401
