"""Which proxy a request takes: the same as the gateway's own."""

from __future__ import annotations

import pytest

from gateway.transport import proxies as gateways
from gateway.values import Origin
from quickstart.reach.proxies import chosen

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


@pytest.mark.parametrize("host", ["host.docker.internal", "0.0.0.0"])
def test_other_names_of_this_machine_need_no_proxy_either(host: str) -> None:
    assert chosen(f"https://{host}:7999", PROXY) is None
