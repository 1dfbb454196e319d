"""One request and its answer: errors in Kong's shapes, identity headers, failures at every stage."""

import json

import pytest
from support.exchange import Answer, Gateway, proxied

from gateway.values import UpstreamError


def test_no_route_is_404_in_the_core_shape() -> None:
    told = Gateway({}).ask("GET", "/nope")
    assert told.status == 404
    assert told.json["message"] == "no Route matched with those values"
    assert told.json["request_id"] == told.header("x-kong-request-id")
    assert told.header("x-kong-response-latency") is not None
    assert told.header("via") is None


def test_a_route_without_service_is_503() -> None:
    told = Gateway({"routes": [{"name": "alone", "paths": ["/"]}]}).ask("GET", "/")
    assert told.status == 503


def test_a_traversal_is_refused() -> None:
    assert Gateway(proxied()).ask("GET", "/../etc").status == 400


def test_an_answer_passes_with_identity_and_latency() -> None:
    gateway = Gateway(proxied())
    told = gateway.ask(
        "GET", "/", answer=Answer(201, {"Content-Type": "text/plain", "Server": "mine", "X-A": "1"}, b"hello")
    )
    assert (told.status, told.body, told.length) == (201, b"hello", 5)
    assert told.header("server") == "mine"
    assert told.header("x-a") == "1"
    assert told.header("via") == "1.1 kong/3.9.1"
    assert told.header("x-kong-upstream-latency") is not None
    assert told.header("x-kong-proxy-latency") is not None
    assert told.header("x-kong-request-id") == told.sent.header("x-kong-request-id")


def test_the_server_line_is_ours_where_the_upstream_has_none() -> None:
    assert Gateway(proxied()).ask("GET", "/", answer=Answer(200)).header("server") == "kong/3.9.1"


def test_pieces_of_unknown_length_pass_as_they_come() -> None:
    told = Gateway(proxied()).ask("GET", "/", answer=Answer(200, {}, [b"a", b"", b"bc"]))
    assert (told.body, told.length) == (b"abc", None)


@pytest.mark.parametrize(
    ("kind", "status", "text"),
    [
        ("refused", 502, "An invalid response was received from the upstream server"),
        ("closed", 502, "An invalid response was received from the upstream server"),
        ("timeout", 504, "The upstream server is timing out"),
        ("dns", 503, "name resolution failed"),
    ],
)
def test_an_upstream_without_an_answer_is_told_in_kongs_words(kind: str, status: int, text: str) -> None:
    told = Gateway(proxied()).ask("GET", "/", answer=Answer(error=UpstreamError(kind, "x", False)))
    assert (told.status, told.json["message"]) == (status, text)
    assert told.header("x-kong-upstream-latency") is not None


def test_a_plain_answer_that_breaks_off_is_cut() -> None:
    told = Gateway(proxied()).ask(
        "GET", "/", answer=Answer(200, {}, [b"ha"], broken=UpstreamError("closed", "x", True))
    )
    assert told.cut


def test_the_client_chooses_the_shape_of_core_errors() -> None:
    told = Gateway({}).ask("GET", "/nope", {"Accept": "text/plain"})
    assert told.body.startswith(b"no Route matched with those values\nrequest_id: ")


def test_latencies_are_whole_milliseconds_of_either_side() -> None:
    gateway = Gateway(proxied())

    def slow(_: object) -> Answer:
        gateway.runtime.pass_time(0.25)
        return Answer(200)

    told = gateway.ask("GET", "/", answer=slow)
    assert told.header("x-kong-upstream-latency") == "250"
    assert told.header("x-kong-proxy-latency") == "0"


def test_the_access_log_has_one_line_and_no_query() -> None:
    gateway = Gateway(proxied())
    gateway.ask("GET", "/a?key=secret", answer=Answer(200, {}, b"hello"))
    (line,) = gateway.runtime.lines
    logged = json.loads(line)
    assert (logged["path"], logged["status"], logged["bytes"], logged["route"]) == ("/a", 200, 5, "all")
    assert b"secret" not in line


def test_identity_headers_can_be_hidden() -> None:
    gateway = Gateway(proxied(), hidden=frozenset({"server", "via", "latency", "request_id"}))
    told = gateway.ask("GET", "/", answer=Answer(200))
    assert [name for name, _ in told.headers if name.lower().startswith(("x-kong", "via", "server"))] == []


def test_a_preserved_host_goes_up() -> None:
    service = {"name": "s", "url": "http://up.test", "routes": [{"name": "r", "paths": ["/"], "preserve_host": True}]}
    assert (
        Gateway({"services": [service]}).ask("GET", "/", {"Host": "mine.test:8000"}).sent.header("host")
        == "mine.test:8000"
    )
