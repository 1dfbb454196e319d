"""Which proxy a request takes: the same as the gateway's own, and never the password in a text."""

from __future__ import annotations

import pytest

from gateway.transport import proxies as gateways
from gateway.values import Origin
from quickstart.reach.proxies import ProxyMalformed, chosen, configured

PROXY = {"HTTPS_PROXY": "http://user:hunter2@proxy.example:3128"}


@pytest.mark.parametrize(
    ("url", "environment"),
    [
        ("https://api.openai.com/v1", PROXY),
        ("http://api.openai.com/v1", PROXY),
        ("https://localhost:7999", PROXY),
        ("https://127.0.0.1:7999", PROXY),
        ("https://api.openai.com", {}),
        ("https://api.openai.com", PROXY | {"NO_PROXY": "openai.com"}),
        ("https://api.openai.com", PROXY | {"NO_PROXY": ".openai.com, other"}),
        ("https://api.openai.com", PROXY | {"NO_PROXY": "api.openai.com:8443"}),
        ("https://api.openai.com:8443", PROXY | {"no_proxy": "api.openai.com:8443"}),
        ("https://api.openai.com", PROXY | {"NO_PROXY": "*"}),
        ("https://10.1.2.3", PROXY | {"NO_PROXY": "10.0.0.0/8"}),
        ("https://notopenai.com", PROXY | {"NO_PROXY": "openai.com"}),
        ("https://api.openai.com", {"https_proxy": "proxy:3128"}),
        ("https://api.openai.com", {"HTTP_PROXY": "http://proxy:3128"}),
    ],
)
def test_the_way_is_the_gateways(url: str, environment: dict[str, str]) -> None:
    scheme, _, rest = url.partition("://")
    host, _, port = rest.partition("/")[0].partition(":")
    expected = gateways.Proxies(environment).choose(Origin(scheme, host, int(port or 443)))
    found = chosen(url, environment)
    assert (found and (found.host, found.port)) == (expected and (expected.host, expected.port))


def test_a_proxy_is_shown_without_its_password() -> None:
    proxy = configured(PROXY)
    assert proxy is not None and proxy.shown == "proxy.example:3128"
    assert "hunter2" not in repr(proxy) + proxy.shown and "hunter2" in proxy.url


@pytest.mark.parametrize("value", ["socks5://hunter2:1", "http://", "http://x:notaport", "http://x:99999"])
def test_what_is_no_proxy_is_refused_by_the_variables_name(value: str) -> None:
    with pytest.raises(ProxyMalformed) as refused:
        configured({"HTTPS_PROXY": value})
    assert str(refused.value) == "HTTPS_PROXY"
