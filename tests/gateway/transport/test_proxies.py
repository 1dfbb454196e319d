"""Which proxy an origin is reached through."""

from __future__ import annotations

import pytest

from gateway.transport.proxies import Proxies, Proxy, ProxyError, connect_request, is_loopback
from gateway.values import Origin

API = Origin("https", "api.example.test", 443)
PROXY = {"HTTPS_PROXY": "http://proxy.test:3128"}


def test_https_goes_through_the_proxy_and_http_does_not() -> None:
    assert Proxies(PROXY).choose(API) == Proxy("proxy.test", 3128, b"")
    assert Proxies(PROXY).choose(Origin("http", "api.example.test", 80)) is None
    assert Proxies({}).choose(API) is None
    assert Proxies({"https_proxy": "proxy.test"}).choose(API) == Proxy("proxy.test", 80, b"")


def test_an_origin_may_name_its_own() -> None:
    own = Proxy("own.test", 8080, b"")
    assert Proxies(PROXY).choose(API._replace(proxy=("own.test", 8080))) == own
    assert Proxies({"NO_PROXY": "*"}).choose(Origin("http", "127.0.0.1", 80, proxy=("own.test", 8080))) == own


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1", "models.localhost", "LOCALHOST"])
def test_never_for_loopback(host: str) -> None:
    assert Proxies(PROXY).choose(Origin("https", host, 443)) is None
    assert is_loopback(host)


def test_other_hosts_are_no_loopback() -> None:
    assert not is_loopback("10.0.0.1")
    assert not is_loopback("localhost.example.test")


@pytest.mark.parametrize(
    ("names", "direct"),
    [
        ("example.test", True),
        (".example.test", True),
        ("API.example.test", True),
        ("other.test, example.test", True),
        ("*", True),
        ("ample.test", False),
        ("example.test:443", True),
        ("example.test:8443", False),
        ("", False),
    ],
)
def test_no_proxy(names: str, direct: bool) -> None:
    assert (Proxies({**PROXY, "NO_PROXY": names}).choose(API) is None) is direct


def test_no_proxy_by_address_and_network() -> None:
    origin = Origin("https", "10.1.2.3", 443)
    assert Proxies({**PROXY, "no_proxy": "10.0.0.0/8"}).choose(origin) is None
    assert Proxies({**PROXY, "no_proxy": "10.1.2.3"}).choose(origin) is None
    assert Proxies({**PROXY, "no_proxy": "192.168.0.0/16"}).choose(origin) is not None
    assert Proxies({**PROXY, "no_proxy": "10.0.0.0/8"}).choose(API) is not None


def test_connect_with_a_password() -> None:
    proxy = Proxies({"HTTPS_PROXY": "http://me:p%40ss@proxy.test:3128/"}).choose(API)
    assert proxy is not None
    assert connect_request(API, proxy) == (
        b"CONNECT api.example.test:443 HTTP/1.1\r\nHost: api.example.test:443\r\n"
        b"Proxy-Authorization: Basic bWU6cEBzcw==\r\n\r\n"
    )
    assert connect_request(Origin("https", "2001:db8::1", 443), Proxy("p", 1, b"")).startswith(
        b"CONNECT [2001:db8::1]:443 "
    )


@pytest.mark.parametrize("value", ["socks5://me:secret@proxy.test:1", "http://", "http://me:secret@proxy.test:99999"])
def test_a_bad_proxy_is_told_without_its_password(value: str) -> None:
    with pytest.raises(ProxyError) as caught:
        Proxies({"HTTPS_PROXY": value})
    assert "HTTPS_PROXY" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_the_secrets_file_wins_over_the_environment() -> None:
    """A variable there, in either spelling, hides both of the environment."""
    proxies = Proxies(PROXY | {"NO_PROXY": "*"}, {"https_proxy": "http://kept.test:1", "NO_PROXY": "other.test"})
    assert proxies.choose(API) == Proxy("kept.test", 1, b"")
    assert Proxies(PROXY, {"OPENAI_AUTH_HEADER": "x"}).choose(API) == Proxy("proxy.test", 3128, b"")
