"""What HTTPS_PROXY and NO_PROXY mean, and never the password in a text."""

from __future__ import annotations

import pytest

from gateway.settings.proxies import ProxyError, configured, direct, goes_direct

PROXY = {"HTTPS_PROXY": "http://user:hunter2@proxy.test:3128"}
API = ("https", "api.example.test", 443)


def test_a_proxy_by_either_spelling_of_the_variable() -> None:
    assert configured({}) is None and configured({"HTTPS_PROXY": "  ", "HTTP_PROXY": "http://other.test:1"}) is None
    found = configured({"HTTPS_PROXY": "", "https_proxy": " proxy.test "})
    assert found is not None
    assert (found.url, found.host, found.port, found.variable) == ("http://proxy.test", "proxy.test", 80, "https_proxy")
    both = configured(PROXY | {"https_proxy": "http://other.test:1"})
    assert both is not None and both.host == "proxy.test"


def test_a_proxy_is_shown_without_its_password() -> None:
    proxy = configured(PROXY)
    assert proxy is not None and proxy.shown == "proxy.test:3128"
    assert "hunter2" not in repr(proxy) + proxy.shown and "hunter2" in proxy.url
    ipv6 = configured({"HTTPS_PROXY": "http://[2001:db8::1]:3128"})
    assert ipv6 is not None and ipv6.shown == "[2001:db8::1]:3128"


def test_a_password_becomes_a_header() -> None:
    proxy = configured({"HTTPS_PROXY": "http://me:p%40ss@proxy.test:3128/"})
    assert proxy is not None and proxy.authorization == b"Basic bWU6cEBzcw=="
    plain = configured({"HTTPS_PROXY": "http://proxy.test:3128"})
    assert plain is not None and plain.authorization == b""


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
@pytest.mark.parametrize("value", ["socks5://hunter2:1", "http://", "http://x:hunter2", "http://me:hunter2@x:99999"])
def test_what_is_no_proxy_is_refused_by_the_variables_name(name: str, value: str) -> None:
    with pytest.raises(ProxyError, match=f"^{name} must look like http://host:port") as refused:
        configured({name: value})
    assert refused.value.variable == name and "hunter2" not in str(refused.value)


def test_names_of_no_proxy_without_their_dress() -> None:
    assert direct({"NO_PROXY": " .Example.test, ,10.0.0.0/8 "}) == ["example.test", "10.0.0.0/8"]
    assert direct({"no_proxy": "a.test"}) == ["a.test"] and direct({}) == []


@pytest.mark.parametrize(
    ("names", "goes"),
    [
        ("example.test", True),
        (".example.test", True),
        ("API.example.test", True),
        ("other.test, example.test", True),
        ("*", True),
        ("ample.test", False),
        ("example.test:443", True),
        ("example.test:8443", False),
        ("10.0.0.0/8", False),
        ("", False),
    ],
)
def test_no_proxy_by_name(names: str, goes: bool) -> None:
    assert goes_direct(*API, direct({"NO_PROXY": names})) is goes


@pytest.mark.parametrize(
    ("names", "goes"),
    [("10.0.0.0/8", True), ("10.1.2.3", True), ("10.1.2.3:443", True), ("192.168.0.0/16", False), ("10/x", False)],
)
def test_no_proxy_by_address_and_network(names: str, goes: bool) -> None:
    assert goes_direct("https", "10.1.2.3", 443, direct({"no_proxy": names})) is goes


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.9.9.9", "::1", "models.localhost"])
def test_this_machine_and_plain_http_need_no_proxy(host: str) -> None:
    assert goes_direct("https", host, 443, [])
    assert goes_direct("http", "api.example.test", 80, [])
    assert not goes_direct(*API, [])
