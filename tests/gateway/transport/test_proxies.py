"""Which proxy an origin is reached through."""

from __future__ import annotations

import pytest

from gateway.settings.proxies import ProxyError
from gateway.transport.proxies import Proxies, Proxy, connect_request
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


@pytest.mark.parametrize("names", ["example.test", "*"])
def test_what_no_proxy_names_is_asked_directly(names: str) -> None:
    assert Proxies({**PROXY, "NO_PROXY": names}).choose(API) is None
    assert Proxies({**PROXY, "NO_PROXY": "other.test"}).choose(API) is not None
    assert Proxies(PROXY).choose(Origin("https", "LOCALHOST", 443)) is None


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
