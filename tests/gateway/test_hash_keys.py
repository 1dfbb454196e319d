"""What a balancer hashes of a request; that it keeps clients at their targets is in test_balancing_conformance.py."""

from typing import Any

import pytest
from support.exchange import Gateway

from gateway.hash_keys import COOKIE, hash_key


def key(
    hash_on: str, target: str = "/u/7", headers: Any = (), path: str = "~/u/(?<id>\\d+)", **more: Any
) -> bytes | None:
    upstream = {"name": "up.test", "hash_on": hash_on, **more}
    service = {"name": "s", "url": "http://up.test", "routes": [{"name": "r", "paths": [path]}]}
    gateway = Gateway({"services": [service], "upstreams": [{**upstream, "targets": [{"target": "10.0.0.1:80"}]}]})
    exchange = gateway.exchange("GET", target, headers, client="10.1.2.3")
    exchange.start()
    (entity,) = gateway.snapshot.config.collections["upstreams"].values()
    return hash_key(entity, exchange)


def test_nothing_is_hashed_where_nothing_is_configured() -> None:
    assert key("none") is None


@pytest.mark.parametrize(
    ("hash_on", "more", "wanted"),
    [
        ("ip", {}, b"10.1.2.3"),
        ("path", {}, b"/u/7"),
        ("uri_capture", {"hash_on_uri_capture": "id"}, b"7"),
        ("header", {"hash_on_header": "X-User"}, b"ann"),
        ("header", {"hash_on_header": "x_user"}, b"ann"),
        ("query_arg", {"hash_on_query_arg": "k", "target": "/u/7?a=1&k=a%20b"}, b"a b"),
        ("cookie", {"hash_on_cookie": "sid"}, b"here"),
        ("consumer", {}, b""),
        ("consumer", {"hash_fallback": "ip"}, b"10.1.2.3"),
        ("header", {"hash_on_header": "X-None", "hash_fallback": "header", "hash_fallback_header": "X-User"}, b"ann"),
        ("query_arg", {"hash_on_query_arg": "k", "hash_fallback": "path"}, b"/u/7"),
    ],
)
def test_keys(hash_on: str, more: dict[str, Any], wanted: bytes) -> None:
    assert key(hash_on, headers={"X-User": "ann", "Cookie": "a=b; sid=here"}, **more) == wanted


def test_a_client_without_the_cookie_is_given_one() -> None:
    upstream = {"name": "up.test", "hash_on": "cookie", "hash_on_cookie": "sid", "hash_on_cookie_path": "/app"}
    service = {"name": "s", "url": "http://up.test", "routes": [{"name": "r", "paths": ["/"]}]}
    gateway = Gateway({"services": [service], "upstreams": [{**upstream, "targets": [{"target": "10.0.0.1:80"}]}]})
    told = gateway.ask("GET", "/")
    given = told.header("set-cookie")
    assert given is not None
    assert given.endswith("; Path=/app; SameSite=Lax; HttpOnly")
    assert told.exchange.notes[COOKIE].decode() == given
    assert gateway.ask("GET", "/", {"Cookie": given.partition(";")[0]}).header("set-cookie") is None
