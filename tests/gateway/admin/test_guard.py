"""A web page must not drive the Admin API; programs and the Manager may."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.admin_api import request

from gateway.admin.guard import Guard

GUARD = Guard(["gateway.test"], origins=["https://manager.test:8445"], ports=[8002])


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.0.0.1:8001", "127.8.8.8", "localhost", "LOCALHOST:8001", "localhost.", "api.localhost:1"),
        *("[::1]", "[::1]:8001", "gateway.test", "Gateway.Test:8001"),
    ],
)
def test_names_of_this_node(host: str) -> None:
    assert GUARD.refusal(request("POST", "/services", host=host)) is None


@pytest.mark.parametrize(
    "host",
    [
        *("", "evil.test", "evil.test:8001", "localhost.evil.test", "127.0.0.1.evil.test", "10.0.0.1:8001", "0x7f.1"),
        *("notlocalhost", "evil.test#localhost", "[::2]:8001", "[::1", "gateway.test.evil"),
    ],
)
def test_other_names_are_refused_with_what_to_do(host: str) -> None:
    refusal = GUARD.refusal(request("GET", "/", host=host))
    if host == "[::1":  # no closing bracket is still only the loopback
        assert refusal is None
        return
    assert refusal is not None and "KONG_ADMIN_HOSTS" in refusal and "127.0.0.1" in refusal


def test_a_listener_open_to_the_network_takes_addresses_but_no_names() -> None:
    guard = Guard(addresses=True)
    assert guard.refusal(request("GET", "/", host="10.0.0.1:8001")) is None
    assert guard.refusal(request("GET", "/", host="[2001:db8::1]:8001")) is None
    assert guard.refusal(request("GET", "/", host="evil.test")) is not None


@pytest.mark.parametrize(
    "origin",
    [
        "http://127.0.0.1:8001",  # the very listener
        "http://127.0.0.1:8002",  # the Manager
        "http://localhost:8002",
        "http://[::1]:8002",
        "http://gateway.test:8002",
        "https://manager.test:8445",  # configured
        "HTTPS://MANAGER.test:8445",
    ],
)
def test_origins_of_the_manager(origin: str) -> None:
    asked = request("PATCH", "/services/x", headers={"Origin": origin, "Sec-Fetch-Site": "same-site"})
    assert GUARD.refusal(asked) is None


@pytest.mark.parametrize(
    "origin",
    [
        *("https://evil.test", "null", "", "http://127.0.0.1:3000", "http://localhost", "http://evil.test:8002"),
        *(
            "file://",
            "chrome-extension://abc",
            "http://manager.test:8445",
            "https://manager.test",
            "http://10.0.0.1:8002",
        ),
        "http://127.0.0.1:8001.evil.test",
    ],
)
def test_other_origins_are_refused(origin: str) -> None:
    refusal = GUARD.refusal(request("GET", "/services", headers={"Origin": origin}))
    assert refusal is not None and "KONG_ADMIN_GUI_URL" in refusal


def test_a_manager_on_its_usual_port_of_this_machine_is_let_in_anyway() -> None:
    guard = Guard(["gateway.test"])
    for origin, fine in (
        ("http://127.0.0.1:8002", True),
        ("https://localhost:8445", True),
        ("http://127.0.0.1:9002", False),
        ("http://gateway.test:8002", False),
    ):
        assert (guard.refusal(request("GET", "/", headers={"Origin": origin})) is None) is fine


@pytest.mark.parametrize(
    ("method", "mode", "destination", "refused"),
    [
        ("GET", "navigate", "document", False),
        ("HEAD", "navigate", "document", False),
        ("GET", "navigate", "iframe", True),
        ("GET", "no-cors", "image", True),
        ("POST", "navigate", "document", True),
        ("GET", "", "", True),
    ],
)
def test_from_another_site_only_a_visit_is_let_in(method: str, mode: str, destination: str, refused: bool) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": destination}
    assert (GUARD.refusal(request(method, "/", headers=headers)) is not None) is refused


@pytest.mark.parametrize("site", ["same-origin", "none", "same-site"])
def test_other_relations_are_fine(site: str) -> None:
    assert GUARD.refusal(request("GET", "/", headers={"Sec-Fetch-Site": site})) is None


@given(st.text(alphabet="abc.:[]/-1270localhost", max_size=30))
def test_no_host_that_resolves_elsewhere_gets_in(host: str) -> None:
    if Guard().refusal(request("GET", "/", host=host)) is None:
        name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
        name = name.rstrip(".")
        assert name == "localhost" or name.endswith(".localhost") or name.startswith("127.") or name == "::1"
