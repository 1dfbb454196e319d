"""ip-restriction: addresses and ranges, IPv4 and IPv6, and that X-Forwarded-For is not believed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.exchange import Gateway, proxied

from gateway.errors import ConfigError


def status(client: str, **config: Any) -> int:
    return Gateway(proxied({"name": "ip-restriction", "config": config})).ask("GET", "/", client=client).status


@pytest.mark.parametrize(
    ("config", "client", "wanted"),
    [
        ({"allow": ["10.0.0.0/8"]}, "10.1.2.3", 200),
        ({"allow": ["10.0.0.0/8"]}, "11.1.2.3", 403),
        ({"allow": ["10.0.0.5/8"]}, "10.1.2.3", 200),
        ({"deny": ["10.1.2.3"]}, "10.1.2.3", 403),
        ({"deny": ["10.1.2.3"]}, "10.1.2.4", 200),
        ({"allow": ["10.0.0.0/8"], "deny": ["10.1.0.0/16"]}, "10.1.2.3", 403),
        ({"allow": ["10.0.0.0/8"], "deny": ["10.1.0.0/16"]}, "10.2.2.3", 200),
        ({"allow": ["2001:db8::/32"]}, "2001:db8::1", 200),
        ({"allow": ["2001:db8::/32"]}, "2001:db9::1", 403),
        ({"allow": ["::/0"]}, "10.0.0.1", 403),
        ({"allow": ["10.0.0.0/8"]}, "::ffff:10.0.0.1", 200),
        ({"deny": ["10.0.0.0/8"]}, "::ffff:10.0.0.1", 403),
        ({"allow": ["fe80::/10"]}, "fe80::1%eth0", 200),
        ({"deny": ["1.1.1.1"]}, "not an address", 403),
    ],
)
def test_who_gets_in(config: dict[str, Any], client: str, wanted: int) -> None:
    assert status(client, **config) == wanted


def test_the_words_of_a_refusal() -> None:
    told = Gateway(proxied({"name": "ip-restriction", "config": {"deny": ["127.0.0.1"]}})).ask("GET", "/")
    assert (told.status, told.json["message"]) == (403, "IP address not allowed: 127.0.0.1")
    own = {"deny": ["127.0.0.1"], "status": 418, "message": "go away"}
    told = Gateway(proxied({"name": "ip-restriction", "config": own})).ask("GET", "/")
    assert (told.status, told.json["message"], told.attempts) == (418, "go away", [])


def test_a_header_does_not_change_where_a_request_comes_from() -> None:
    gateway = Gateway(proxied({"name": "ip-restriction", "config": {"allow": ["10.0.0.1"]}}))
    told = gateway.ask("GET", "/", {"X-Forwarded-For": "10.0.0.1", "X-Real-IP": "10.0.0.1"}, client="9.9.9.9")
    assert told.status == 403


@given(st.ip_addresses())
def test_every_address_is_in_the_range_of_itself(address: Any) -> None:
    assert status(str(address), allow=[str(address)]) == 200
    assert status(str(address), deny=[str(address)]) == 403


@pytest.mark.parametrize("bad", ["x", "1.2.3.4/99", "1.2.3", "::1/129"])
def test_what_is_no_address(bad: str) -> None:
    with pytest.raises(ConfigError) as refused:
        status("1.1.1.1", allow=["1.2.3.4", bad])
    assert f"invalid ip or cidr range: '{bad}'" in str(refused.value)


def test_one_list_at_least() -> None:
    with pytest.raises(ConfigError, match="at least one of these fields must be non-empty"):
        status("1.1.1.1")
