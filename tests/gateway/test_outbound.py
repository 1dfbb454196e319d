"""The head of an upstream request: forwarding headers and what passes."""

import pytest
from support.exchange import Gateway, proxied

from gateway.outbound import host_only, host_value
from gateway.values import Forward, Origin


@pytest.mark.parametrize(
    ("origin", "value"),
    [
        (Origin("http", "a.test", 80), b"a.test"),
        (Origin("https", "a.test", 443), b"a.test"),
        (Origin("https", "a.test", 80), b"a.test:80"),
        (Origin("http", "::1", 8080), b"[::1]:8080"),
    ],
)
def test_the_port_is_named_where_it_is_not_the_schemes_own(origin: Origin, value: bytes) -> None:
    assert host_value(origin) == value


@pytest.mark.parametrize(("host", "only"), [(b"a:1", b"a"), (b"a", b"a"), (b"[::1]:80", b"[::1]"), (b"", b"")])
def test_the_forwarded_host_has_no_port(host: bytes, only: bytes) -> None:
    assert host_only(host) == only


def test_forwarding_headers_are_ours_and_the_chain_is_appended_to() -> None:
    given = {"X-Forwarded-For": "9.9.9.9", "X-Forwarded-Proto": "gopher", "X-Forwarded-Path": "/lie", "Via": "1.0 x"}
    sent = Gateway(proxied()).ask("GET", "/a/b?q=1", given, client="10.0.0.7").sent
    assert sent.path == "/a/b?q=1"
    assert sent.header("x-forwarded-for") == "9.9.9.9, 10.0.0.7"
    assert sent.header("x-forwarded-proto") == "http"
    assert sent.header("x-forwarded-path") == "/a/b"
    assert sent.header("x-real-ip") == "10.0.0.7"
    assert sent.header("via") == "1.0 x, 1.1 kong/3.9.1"
    assert sent.header("host") == "upstream.test:8080"


def test_hop_by_hop_headers_stay_here() -> None:
    sent = (
        Gateway(proxied())
        .ask("GET", "/", {"Connection": "X-Mine", "X-Mine": "1", "Keep-Alive": "5", "X-Yours": "2"})
        .sent
    )
    assert (sent.header("x-mine"), sent.header("keep-alive"), sent.header("x-yours")) == (None, None, "2")


def test_a_body_is_announced_and_an_empty_post_says_so() -> None:
    gateway = Gateway(proxied())
    assert gateway.ask("POST", "/", body=b"abc").sent.header("content-length") == "3"
    assert gateway.ask("POST", "/").sent.header("content-length") == "0"
    assert gateway.ask("GET", "/").sent.header("content-length") is None


def test_the_services_timeouts_count_in_seconds() -> None:
    service = {"name": "s", "url": "http://up.test", "read_timeout": 1500, "routes": [{"name": "r", "paths": ["/"]}]}
    step = Gateway({"services": [service]}).exchange("GET", "/").start()
    assert isinstance(step, Forward)
    assert (step.connect_timeout, step.write_timeout, step.read_timeout) == (60.0, 60.0, 1.5)
