"""The plugin as a whole: which requests are traced, what goes upstream and to the client, what is sent where."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.exchange import Answer, Gateway, Sent, Told, proxied
from support.otlp import Span, spans_of

from gateway.errors import ConfigError
from gateway.log_entry import entry
from gateway.values import Origin

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED, DROPPED = (f"00-{TRACE}-{SPAN}-0{flag}" for flag in (1, 0))
ENDPOINT = "http://otel.test:4318/v1/traces"


def plugin(**config: Any) -> dict[str, Any]:
    return {"name": "opentelemetry", "config": {"traces_endpoint": ENDPOINT, **config}}


def exported(gateway: Gateway) -> list[Span]:
    """The spans in the order in which they were made."""
    return [one for box, span in gateway.runtime.delivered for one in spans_of(json.loads(box.request([span]).body))]


def ask(headers: Any = (), **config: Any) -> tuple[Told, Gateway]:
    gateway = Gateway(proxied(plugin(**config)))
    return gateway.ask("GET", "/a?key=hunter2", headers), gateway


def test_two_spans_a_request_one_inside_the_other() -> None:
    told, gateway = ask()
    client, server = exported(gateway)
    assert (client.kind, server.kind) == (3, 2)
    assert client.parent_id == server.span_id
    assert server.parent_id == ""
    assert client.trace_id == server.trace_id
    assert told.sent.header("traceparent") == f"00-{server.trace_id}-{client.span_id}-01"


def test_every_request_has_ids_of_its_own() -> None:
    gateway = Gateway(proxied(plugin()))
    for _ in range(50):
        gateway.ask("GET", "/")
    spans = exported(gateway)
    assert len({one.span_id for one in spans}) == 100
    assert len({one.trace_id for one in spans}) == 50


def test_a_clients_trace_goes_on() -> None:
    told, gateway = ask({"traceparent": SAMPLED, "tracestate": "vendor=1"})
    client, server = exported(gateway)
    assert (server.trace_id, server.parent_id, server.state) == (TRACE, SPAN, "vendor=1")
    assert told.sent.all("traceparent") == [f"00-{TRACE}-{client.span_id}-01"]
    assert told.sent.header("tracestate") == "vendor=1"


def test_a_trace_that_is_not_sampled_is_handed_on_but_not_sent() -> None:
    told, gateway = ask({"traceparent": DROPPED})
    assert not gateway.runtime.delivered
    parent = told.sent.header("traceparent") or ""
    assert parent.startswith(f"00-{TRACE}-")
    assert parent.endswith("-00")
    assert SPAN not in parent


@pytest.mark.parametrize(
    ("trace", "rate", "sent"),
    [
        (TRACE, None, True),
        (TRACE, 1, True),
        (TRACE, 0, False),
        (f"{TRACE[:16]}{'0' * 15}1", 0.01, True),
        (f"{TRACE[:16]}{'f' * 16}", 0.99, False),
        (f"{TRACE[:16]}7{'f' * 15}", 0.5, True),
        (f"{TRACE[:16]}8{'0' * 15}", 0.5, False),
    ],
)
def test_a_part_of_all_traces(trace: str, rate: float | None, sent: bool) -> None:
    """By the trace's id, so that all who see it decide alike."""
    _, gateway = ask({"traceparent": f"00-{trace}-{SPAN}-01"}, sampling_rate=rate)
    assert bool(gateway.runtime.delivered) == sent


def test_about_the_part_that_is_asked_for() -> None:
    gateway = Gateway(proxied(plugin(sampling_rate=0.25)))
    for _ in range(1000):
        gateway.ask("GET", "/")
    assert 180 < len(exported(gateway)) / 2 < 320


def test_a_tracestate_of_a_trace_that_ends_here_does_not_go_on() -> None:
    told, _ = ask({"traceparent": SAMPLED, "tracestate": "vendor=1"}, header_type="ignore")
    assert told.sent.header("tracestate") is None
    assert TRACE not in (told.sent.header("traceparent") or "")


def test_formats_and_headers_that_are_taken_away() -> None:
    b3 = {"x-b3-traceid": TRACE, "x-b3-spanid": SPAN, "x-b3-sampled": "1"}
    lists = {
        "default_format": "w3c",
        "extract": ["b3"],
        "clear": ["x-b3-traceid", "X-B3-SpanId", "x-b3-sampled"],
        "inject": ["w3c"],
    }
    told, gateway = ask(b3, propagation=lists)
    assert exported(gateway)[1].parent_id == SPAN
    assert (told.sent.header("traceparent") or "").startswith(f"00-{TRACE}-")
    assert not [name for name, _ in told.sent.headers if name.lower().startswith("x-b3")]


def test_the_client_is_told_the_trace_where_that_is_asked() -> None:
    told, gateway = ask(http_response_header_for_traceid="X-Trace-Id")
    assert told.header("x-trace-id") == exported(gateway)[0].trace_id
    plain, _ = ask()
    assert plain.header("x-trace-id") is None


def test_a_refusal_by_another_plugin_is_traced_and_told_too() -> None:
    gateway = Gateway(proxied(plugin(http_response_header_for_traceid="X-Trace-Id"), {"name": "key-auth"}))
    told = gateway.ask("GET", "/", {"traceparent": SAMPLED})
    (server,) = exported(gateway)
    assert (told.status, told.header("x-trace-id")) == (401, TRACE)
    assert (server.parent_id, server.attributes["http.response.status_code"], server.status) == (SPAN, 401, 0)


def test_log_plugins_are_told_the_trace() -> None:
    told, _ = ask({"traceparent": SAMPLED})
    assert entry(told.exchange)["trace_id"] == {"w3c": TRACE}


def test_the_export() -> None:
    resource = {"service.name": "mine", "team": "a"}
    config = plugin(headers={"X-Token": "{vault://env/token}"}, resource_attributes=resource)
    gateway = Gateway(proxied(config), environment={"TOKEN": "t"}, resources={"node_id": "node-1"})
    gateway.ask("GET", "/")
    box = gateway.runtime.delivered[0][0]
    fetch = box.request([span for _, span in gateway.runtime.delivered])
    sent = Sent(fetch)
    assert (sent.origin, sent.method, sent.path) == (Origin("http", "otel.test", 4318), "POST", "/v1/traces")
    assert (sent.header("content-type"), sent.header("x-token")) == ("application/json", "t")
    assert sent.header("content-length") == str(len(fetch.body))
    spans = spans_of(sent.json)
    assert len(spans) == 2
    assert spans[0].resource == {
        "service.name": "mine",
        "service.version": "3.9.1",
        "service.instance.id": "node-1",
        "team": "a",
    }
    assert fetch.timeout == 11.0


def test_the_queue_as_kong_has_it() -> None:
    _, gateway = ask()
    box = gateway.runtime.delivered[0][0]
    assert (box.batch_size, box.delay, box.most_entries, box.give_up) == (200, 1, 10_000, 60)
    _, gateway = ask(queue={"max_retry_time": 5})  # who sets one of its fields has Kong's defaults for the others
    box = gateway.runtime.delivered[0][0]
    assert (box.batch_size, box.delay, box.give_up) == (1, 1, 5)
    _, gateway = ask(batch_span_count=7, batch_flush_delay=3)
    box = gateway.runtime.delivered[0][0]
    assert (box.batch_size, box.delay) == (7, 3)


def test_the_old_name_of_the_endpoint() -> None:
    gateway = Gateway(proxied({"name": "opentelemetry", "config": {"endpoint": ENDPOINT}}))
    gateway.ask("GET", "/")
    assert len(exported(gateway)) == 2


def test_without_an_endpoint_headers_go_on_and_nothing_is_sent() -> None:
    gateway = Gateway(proxied({"name": "opentelemetry", "config": {"logs_endpoint": "http://logs.test/"}}))
    told = gateway.ask("GET", "/", {"traceparent": SAMPLED})
    assert (told.sent.header("traceparent") or "").startswith(f"00-{TRACE}-")
    assert not gateway.runtime.delivered


def test_a_key_in_the_query_is_not_told() -> None:
    _, gateway = ask()
    assert "hunter2" not in repr(exported(gateway))


@pytest.mark.parametrize(
    ("config", "text"),
    [
        (
            {"traces_endpoint": None},
            "at least one of these fields must be non-empty: 'traces_endpoint', 'logs_endpoint'",
        ),
        ({"traces_endpoint": "otel.test"}, "missing host in url"),
        ({"traces_endpoint": "http://otel.test:99999"}, "port"),
        ({"sampling_rate": 1.5}, "value should be between 0 and 1"),
        ({"header_type": "x"}, "expected one of: preserve, ignore, b3"),
        ({"propagation": {"extract": ["x"]}}, "expected one of: w3c, b3"),
        ({"propagation": {"inject": ["x"]}}, "expected one of: preserve, w3c"),
        ({"resource_attributes": {"a": ""}}, "length must be at least 1"),
        ({"headers": {"a b": "c"}}, "'a b' is not the name of a header"),
        ({"connect_timeout": -1}, "value should be between 0 and 2147483646"),
    ],
)
def test_configurations_that_are_refused(config: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Gateway(proxied(plugin(**config)))
    assert text in str(refused.value)


def test_a_stream_is_not_held_up() -> None:
    """The plugin takes no part in bodies."""
    gateway = Gateway(proxied(plugin()))
    told = gateway.ask("GET", "/", answer=Answer(200, {"Content-Length": "3"}, [b"a", b"bc"]))
    assert told.length == 3
    assert told.exchange.chain is not None
    assert told.exchange.chain.body_filter == ()
