"""Foreign keys of rows that are written."""

from __future__ import annotations

from typing import Any

import pytest
from support.admin_api import NOBODY

from gateway.admin import references
from gateway.admin.answers import Refusal
from gateway.entities import KINDS, Config

CONFIG = Config.from_declarative(
    {
        "_format_version": "3.0",
        "services": [
            {
                "name": "s",
                "host": "h.test",
                "routes": [{"name": "r", "paths": ["/r"], "plugins": [{"name": "key-auth"}]}],
            },
            {"name": "bare", "host": "h.test", "plugins": [{"name": "key-auth"}]},
        ],
        "consumers": [{"username": "al", "keyauth_credentials": [{"key": "k"}], "acls": [{"group": "g"}]}],
    }
)
ROWS = CONFIG.collections


def id_of(kind: str, name: str) -> str:
    row = CONFIG.get(kind, name)
    assert row is not None
    return str(row["id"])


def test_names_become_ids_and_an_id_wins() -> None:
    service = id_of("services", "s")
    assert references.resolved(ROWS, KINDS["routes"], {"service": {"name": "s"}}) == {"service": {"id": service}}
    both = {"service": {"name": "s", "id": NOBODY}}
    assert references.resolved(ROWS, KINDS["routes"], both) == {"service": {"id": NOBODY}}
    others: list[dict[str, Any]] = [{"service": None}, {"service": "s"}, {"service": {}}, {"service": {"foo": 1}}, {}]
    for untouched in others:
        assert references.resolved(ROWS, KINDS["routes"], untouched) == untouched


def test_a_name_nobody_has() -> None:
    with pytest.raises(Refusal) as refused:
        references.resolved(ROWS, KINDS["routes"], {"service": {"name": "x"}})
    assert refused.value.body["code"] == 13 and list(refused.value.body["fields"]) == ["service"]


def test_a_key_that_leads_nowhere() -> None:
    with pytest.raises(Refusal) as refused:
        references.check(ROWS, KINDS["routes"], {"service": {"id": NOBODY}})
    assert refused.value.body["fields"] == {"service": {"id": NOBODY}}


def test_what_goes_with_a_row() -> None:
    consumer = CONFIG.get("consumers", "al")
    assert consumer is not None
    gone = references.dependants(ROWS, KINDS["consumers"], consumer)
    assert sorted(kind.name for kind, _ in gone) == ["acls", "keyauth_credentials"]


def test_a_route_keeps_its_service() -> None:
    service = CONFIG.get("services", "s")
    assert service is not None
    with pytest.raises(Refusal) as refused:
        list(references.dependants(ROWS, KINDS["services"], service))
    assert refused.value.body["fields"] == {"@referenced_by": "routes"}


def test_protocols_must_meet() -> None:
    plugin = {"protocols": ["grpc"], "route": {"id": id_of("routes", "r")}, "service": None}
    with pytest.raises(Refusal, match="associated route"):
        references.check_protocols(ROWS, plugin)
    plugin = {"protocols": ["grpc"], "route": None, "service": {"id": id_of("services", "s")}}
    with pytest.raises(Refusal, match="at least one route"):
        references.check_protocols(ROWS, plugin)
    bare = {"protocols": ["http"], "route": None, "service": {"id": id_of("services", "bare")}}
    references.check_protocols(ROWS, bare)
    with pytest.raises(Refusal):
        references.check_protocols(ROWS, bare, moved=True)
