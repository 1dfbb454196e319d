"""acl: groups let in or kept out, and what the upstream is told."""

from typing import Any

import pytest
from support.exchange import Gateway, proxied

from gateway.errors import ConfigError

CONSUMERS = [
    {"username": "alice", "keyauth_credentials": [{"key": "a"}], "acls": [{"group": "staff"}, {"group": "admins"}]},
    {"username": "bob", "keyauth_credentials": [{"key": "b"}], "acls": [{"group": "guests"}]},
    {"username": "carol", "keyauth_credentials": [{"key": "c"}]},
]


def gateway(**config: Any) -> Gateway:
    return Gateway(proxied({"name": "key-auth"}, {"name": "acl", "config": config}, consumers=CONSUMERS))


@pytest.mark.parametrize(
    ("config", "let_in"),
    [
        ({"allow": ["staff"]}, "a"),
        ({"allow": ["guests", "admins"]}, "ab"),
        ({"deny": ["staff"]}, "bc"),
        ({"deny": ["nobody"]}, "abc"),
    ],
)
def test_groups(config: dict[str, Any], let_in: str) -> None:
    for key in "abc":
        told = gateway(**config).ask("GET", "/", {"apikey": key})
        if key in let_in:
            assert told.status == 200
        else:
            assert (told.status, told.json["message"]) == (403, "You cannot consume this service")
            assert not told.attempts


def test_the_upstream_learns_the_groups() -> None:
    told = gateway(allow=["staff"]).ask("GET", "/", {"apikey": "a", "X-Consumer-Groups": "forged"})
    assert sorted((told.sent.header("X-Consumer-Groups") or "").split(", ")) == ["admins", "staff"]


@pytest.mark.parametrize("config", [{"allow": ["staff"], "hide_groups_header": True}, {"deny": ["x"]}])
def test_a_forged_header_never_passes(config: dict[str, Any]) -> None:
    key = "c" if "deny" in config else "a"
    told = gateway(**config).ask("GET", "/", {"apikey": key, "X-Consumer-Groups": "forged"})
    assert told.sent.header("X-Consumer-Groups") is None


def test_without_a_consumer_nobody_gets_in() -> None:
    told = Gateway(proxied({"name": "acl", "config": {"deny": ["x"]}})).ask("GET", "/")
    assert (told.status, told.json["message"]) == (401, "Unauthorized")


def test_groups_follow_the_configuration() -> None:
    changing = gateway(allow=["staff"])
    assert changing.ask("GET", "/", {"apikey": "b"}).status == 403
    promoted = [{**CONSUMERS[1], "acls": [{"group": "staff"}]}]
    changing.change(proxied({"name": "key-auth"}, {"name": "acl", "config": {"allow": ["staff"]}}, consumers=promoted))
    assert changing.ask("GET", "/", {"apikey": "b"}).status == 200


@pytest.mark.parametrize("config", [{}, {"allow": ["a"], "deny": ["b"]}, {"allow": []}])
def test_exactly_one_list(config: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="exactly one of these fields must be non-empty"):
        gateway(**config)
