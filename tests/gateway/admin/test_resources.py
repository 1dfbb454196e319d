"""Which kind a path names."""

from __future__ import annotations

import pytest

from gateway.admin.resources import COLLECTIONS, endpoints, place
from gateway.entities import KINDS


def told(path: str) -> tuple[str, str, str, str, str, bool] | None:
    found = place(tuple(part for part in path.split("/") if part))
    if found is None:
        return None
    parent = found.parent_kind.name if found.parent_kind is not None else ""
    return found.kind.name, found.key, parent, found.parent_key, found.field, found.upward


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/services", ("services", "", "", "", "", False)),
        ("/key-auths/k", ("keyauth_credentials", "k", "", "", "", False)),
        ("/key-sets", ("key_sets", "", "", "", "", False)),
        ("/services/s/routes", ("routes", "", "services", "s", "service", False)),
        ("/services/s/routes/r", ("routes", "r", "services", "s", "service", False)),
        ("/consumers/c/key-auth/k", ("keyauth_credentials", "k", "consumers", "c", "consumer", False)),
        ("/consumers/c/acls", ("acls", "", "consumers", "c", "consumer", False)),
        ("/upstreams/u/targets/t", ("targets", "t", "upstreams", "u", "upstream", False)),
        ("/key-sets/k/keys", ("keys", "", "key_sets", "k", "set", False)),
        ("/certificates/c/services", ("services", "", "certificates", "c", "client_certificate", False)),
        ("/routes/r/service", ("services", "", "routes", "r", "service", True)),
        ("/snis/s/certificate", ("certificates", "", "snis", "s", "certificate", True)),
        ("/targets", None),
        ("/consumers/c/key-auths", None),
        ("/services/s/consumers", None),
        ("/routes/r/service/x", None),
        ("/services/s/routes/r/plugins", None),
        ("/Services", None),
        ("/", None),
    ],
)
def test_places(path: str, expected: object) -> None:
    assert told(path) == expected


def test_every_kind_has_its_collection() -> None:
    assert {kind.name for kind in COLLECTIONS.values()} == set(KINDS)


def test_every_listed_path_names_something() -> None:
    listed = set(endpoints())
    assert {
        "/services/{services}/routes/{routes}",
        "/plugins/{plugins}/consumer",
        "/consumers/{consumers}/acls",
    } <= listed
    assert [path for path in listed if told(path) is None] == ["/targets"]
