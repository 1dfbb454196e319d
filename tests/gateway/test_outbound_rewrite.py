"""What plugins change about the request line, and that a request without changes keeps its bytes."""

from typing import Any

import pytest
from support.exchange import Gateway, Sent, proxied

from gateway.exchange import Exchange
from gateway.plugins._base import Plugin
from gateway.values import Forward


def sent(change: Any, target: str = "/p?q=%20", method: str = "GET") -> Sent:
    exchange = Gateway(proxied()).exchange(method, target)
    change(exchange)
    step = exchange.start()
    assert isinstance(step, Forward)
    return Sent(step)


def test_nothing_rewritten_is_nothing_changed() -> None:
    def look(exchange: Exchange) -> None:
        assert exchange.rewrite is None
        assert exchange.query() == b"q=%20"
        assert exchange.requested() == b"/p?q=%20"

    got = sent(look)
    assert (got.method, got.path, got.header("host")) == ("GET", "/p?q=%20", "upstream.test:8080")


def test_each_part_by_itself() -> None:
    def method(exchange: Exchange) -> None:
        exchange.rewriting().method = b"PATCH"

    def path(exchange: Exchange) -> None:
        exchange.rewriting().path = b"/other"

    def query(exchange: Exchange) -> None:
        exchange.rewriting().query = b"a=1"
        assert (exchange.query(), exchange.requested()) == (b"a=1", b"/p?a=1")

    def no_query(exchange: Exchange) -> None:
        exchange.rewriting().query = b""
        assert exchange.requested() == b"/p"

    def host(exchange: Exchange) -> None:
        exchange.rewriting().host = b"other.test"

    got = sent(method)
    assert (got.method, got.path, got.header("content-length")) == ("PATCH", "/p?q=%20", "0")
    assert sent(path).path == "/other?q=%20"
    assert sent(query).path == "/p?a=1"
    assert sent(no_query).path == "/p"
    assert sent(host).header("host") == "other.test"


@pytest.mark.parametrize("where", ["request", "response"])
def test_no_header_value_of_a_plugin_ends_its_line(where: str) -> None:
    exchange = Gateway(proxied()).exchange("GET", "/")
    getattr(exchange, f"set_{where}_header")(b"X-A", b"a\r\nX-Evil: 1")
    changes = exchange.request_changes if where == "request" else exchange.response_changes
    assert changes == {b"x-a": b"X-A: a%0D%0AX-Evil: 1\r\n"}


def test_header_lines_are_added_beside_the_upstreams() -> None:
    exchange = Gateway(proxied()).exchange("GET", "/")
    exchange.upstream_headers = [(b"Vary", b"Accept"), (b"vary", b"Cookie")]
    exchange.add_response_header(b"Vary", b"Origin")
    exchange.add_response_header(b"Vary", b"Host")
    assert exchange.response_changes == {b"vary": b"Vary: Accept\r\nvary: Cookie\r\nVary: Origin\r\nVary: Host\r\n"}


def test_the_block_that_the_client_got_is_known_afterwards() -> None:
    told = Gateway(proxied()).ask("GET", "/")
    assert b"Server: kong/" in told.exchange.block
    refused = Gateway(proxied({"name": "key-auth"})).ask("GET", "/")
    assert b"WWW-Authenticate: Key\r\n" in refused.exchange.block


def test_a_phase_can_be_idle() -> None:
    gateway = Gateway(proxied({"name": "response-transformer", "config": {"add": {"headers": ["a:b"]}}}))
    (plugin,) = gateway.snapshot.plugins.values()
    assert isinstance(plugin, Plugin)
    (route,) = gateway.snapshot.config.collections["routes"].values()
    chain = gateway.snapshot.chain(route, None)
    assert (chain.header_filter, chain.body_filter) == ((plugin,), ())
