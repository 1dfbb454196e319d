"""What the two spans of a request say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.exchange import Answer, Gateway, Sent, TestRuntime, proxied
from support.otlp import Span, spans_of

from gateway.plugins._request_spans import Trace
from gateway.plugins._trace_context import Incoming
from gateway.values import UpstreamError

PLUGIN = {"name": "opentelemetry", "config": {"traces_endpoint": "http://otel.test/v1/traces"}}


def exported(gateway: Gateway) -> list[Span]:
    """The server's span first."""
    spans = [one for box, span in gateway.runtime.delivered for one in spans_of(json.loads(box.request([span]).body))]
    return sorted(spans, key=lambda one: one.kind)


def asked(config: dict[str, Any] | None = None, target: str = "/", **more: Any) -> list[Span]:
    gateway = Gateway(config or proxied(PLUGIN), runtime=more.pop("runtime", None))
    gateway.ask(more.pop("method", "GET"), target, more.pop("headers", ()), more.pop("body", b""), **more)
    return exported(gateway)


def test_the_request_as_the_client_saw_it() -> None:
    consumers = [{"username": "alice", "keyauth_credentials": [{"key": "k"}]}]
    config = proxied(PLUGIN, {"name": "key-auth"}, consumers=consumers)
    headers = {"Host": "api.test:8000", "User-Agent": "test/1", "apikey": "k"}
    server, _ = asked(config, "/a/b?apikey=k", method="POST", headers=headers, body=b"12345", client="10.0.0.9")
    assert server.name == "POST /"
    told = server.attributes
    assert told.pop("kong.request.id")
    assert told == {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "http.route": "/",
        "url.scheme": "http",
        "url.path": "/a/b",
        "server.address": "api.test",
        "server.port": 8000,
        "client.address": "10.0.0.9",
        "network.protocol.version": "1.1",
        "user_agent.original": "test/1",
        "http.request.body.size": 5,
        "http.method": "POST",
        "http.url": "http://api.test:8000/a/b",
        "http.host": "api.test:8000",
        "http.scheme": "http",
        "http.flavor": "1.1",
        "net.peer.ip": "10.0.0.9",
        "http.status_code": 200,
        "kong.route.name": "all",
        "kong.service.name": "plain",
        "kong.auth.consumer.name": "alice",
    }


def test_the_call_to_the_upstream() -> None:
    _, client = asked(target="/a/b?apikey=k")
    assert client.name == "GET"
    assert client.attributes == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "http.status_code": 200,
        "url.full": "http://upstream.test:8080/a/b",
        "server.address": "upstream.test",
        "server.port": 8080,
    }


def test_times() -> None:
    runtime = TestRuntime()

    def slow(sent: Sent) -> Answer:
        runtime.pass_time(0.25)
        return Answer(200)

    server, client = asked(runtime=runtime, answer=slow)
    for one in (server, client):
        assert one.start == 1_800_000_000_000_000_000
        assert one.end - one.start == 250_000_000


@pytest.mark.parametrize(
    ("answer", "server", "client"),
    [
        (Answer(404), (404, 0, None), (2, "404", "status 404")),
        (Answer(503), (503, 2, "503"), (2, "503", "status 503")),
        (
            Answer(error=UpstreamError("timeout", "no answer within 60 s", True)),
            (504, 2, "504"),
            (2, "timeout", "no answer within 60 s"),
        ),
        (
            Answer(error=UpstreamError("refused", "upstream.test:8080: refused", False)),
            (502, 2, "502"),
            (2, "refused", "upstream.test:8080: refused"),
        ),
    ],
)
def test_trouble(answer: Answer, server: tuple[Any, ...], client: tuple[Any, ...]) -> None:
    outer, inner = asked(answer=answer)
    told = outer.attributes
    assert (told["http.response.status_code"], outer.status, told.get("error.type")) == server
    assert (inner.status, inner.attributes["error.type"], inner.message) == client


def test_a_client_that_went_away() -> None:
    server, _ = asked(aborted=True)
    assert server.attributes["error.type"] == "client_closed"


def test_an_answer_of_the_gateway_has_one_span() -> None:
    (server,) = asked(proxied(PLUGIN, {"name": "request-termination"}))
    assert server.attributes["http.response.status_code"] == 503
    assert server.status == 2


@pytest.mark.parametrize(
    ("paths", "target", "route"),
    [
        (["/a", "/a/b"], "/a/b/c", "/a/b"),
        (["~/v[0-9]+/x"], "/v7/x", "~/v[0-9]+/x"),
        (["~/v[0-9]+/x", "~/w.*"], "/v7/x", None),
        (None, "/anything", None),
    ],
)
def test_the_route_is_told_by_its_path_as_it_is_configured(
    paths: list[str] | None, target: str, route: str | None
) -> None:
    rule = {"name": "r", "paths": paths, "methods": ["GET"]}
    (server, _) = asked(
        {"services": [{"name": "s", "url": "http://s.test", "routes": [rule]}], "plugins": [PLUGIN]}, target
    )
    assert server.attributes.get("http.route") == route
    assert server.name == (f"GET {route}" if route else "GET")


def test_a_request_without_a_route() -> None:
    (server,) = asked({"plugins": [PLUGIN]}, "/nowhere")
    assert server.name == "GET"
    assert server.attributes["http.response.status_code"] == 404
    assert "kong.route.name" not in server.attributes


def test_an_absolute_target_is_told_by_its_path() -> None:
    server, _ = asked(target="http://user:pw@other.test/a?b")
    assert server.attributes["url.path"] == "/a"
    assert "pw" not in repr(server)


@pytest.mark.parametrize(
    ("came", "parent", "sampled"),
    [
        (None, "", True),
        (Incoming("b3", sampled=False), "", False),
        (Incoming("b3", sampled=True), "", True),
        (Incoming("ot", "ab".zfill(32), "", None), "", True),
        (Incoming("w3c", "ab".zfill(32), "cd".zfill(16), False), "cd".zfill(16), False),
    ],
)
def test_a_trace_that_begins_here_or_goes_on(came: Incoming | None, parent: str, sampled: bool) -> None:
    trace = Trace(b"f" * 32, came, 1.0)
    assert (trace.parent, trace.sampled) == (parent, sampled)
    assert trace.id == (came.trace_id if came is not None and came.trace_id else Trace(b"f" * 32, None, 1.0).id)
    assert len({trace.id[:16], trace.server_span, trace.client_span}) == 3
