from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.konnect_mock.server import KonnectMock
from support.konnect_parts import Office

from quickstart.konnect import sync
from quickstart.konnect.control_planes import ControlPlanes
from quickstart.konnect.product import Entity
from quickstart.konnect.refusals import Refused

ME, OTHER = "aa", "bb"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=8,
)


def entity(name: str, body: dict[str, Any] | None = None, *owners: str, collection: str = "services") -> Entity:
    return Entity(collection, f"id-{name}", name, body or {"name": name}, frozenset(owners))


def marks(changes: list[sync.Change]) -> list[str]:
    return [f"{change.mark} {change.entity.name}" for change in changes]


def test_added_changed_removed_and_left_alone() -> None:
    wanted = [entity("new"), entity("same"), entity("other", {"name": "other", "port": 2})]
    there = [
        entity("same", {"name": "same", "retries": 5}, ME), entity("other", {"name": "other", "port": 1}, ME),
        entity("old", None, ME), entity("theirs"), entity("of another machine", None, OTHER),
        entity("shared", None, ME, OTHER),
    ]  # fmt: skip
    changes = sync.compare(wanted, there, ME)
    assert marks(changes) == ["+ new", "~ other", "- old"]
    assert changes[1].fields == ("port",)


def test_removals_go_from_children_to_parents() -> None:
    there = [
        entity("s", None, ME),
        entity("r", None, ME, collection="routes"),
        entity("p", None, ME, collection="plugins"),
    ]
    assert marks(sync.compare([], there, ME)) == ["- p", "- r", "- s"]


def test_what_another_installation_made_alike_is_shared() -> None:
    assert marks(sync.compare([entity("one")], [entity("one", None, OTHER)], ME)) == ["~ one"]
    assert marks(sync.compare([entity("one")], [entity("one", None, ME, OTHER)], ME)) == []


@pytest.mark.parametrize("identity", ["id-one", "another id"])
def test_a_name_that_somebody_else_has_is_theirs(identity: str) -> None:
    theirs = Entity("services", identity, "one", {"name": "one"})
    with pytest.raises(Refused) as refused:
        sync.compare([entity("one")], [theirs], ME)
    assert refused.value.exit_code == 6 and '"one"' in refused.value.message
    assert "--konnect-control-plane" in refused.value.hint


def filled(value: Any) -> Any:
    """The same with defaults that a server adds to every object."""
    if isinstance(value, dict):
        return {name: filled(inner) for name, inner in value.items()} | {"default": 1}
    return [filled(inner) for inner in value] if isinstance(value, list) else value


@given(st.dictionaries(st.text("ab", max_size=2), JSON, max_size=3))
def test_what_a_server_adds_makes_no_difference(body: dict[str, Any]) -> None:
    assert sync.differing(body, filled(body)) == []


@given(st.dictionaries(st.text("ab", min_size=1, max_size=2), JSON, min_size=1, max_size=3))
def test_what_is_missing_makes_one(body: dict[str, Any]) -> None:
    assert set(sync.differing({**body, "z": 1}, body)) == {"z"}


def test_a_list_in_another_order_is_another_list() -> None:
    assert sync.differing({"config": {"values": [1, 2]}}, {"config": {"values": [2, 1]}}) == ["config.values"]


def test_applying_twice_changes_nothing_more(mock: KonnectMock, office: Office) -> None:
    product, plane = ControlPlanes(), mock.state.create("gateway", "eu", {"name": "ai-gateway"})
    told: list[str] = []
    with office.open() as client:
        wanted = product.wanted(office.plan, office.configuration, plane.id)
        changes = sync.compare(wanted, product.existing(client, plane.id), ME)
        sync.apply(product, client, plane.id, changes, ME, told.append)
        before = plane.expected
        assert sync.compare(wanted, product.existing(client, plane.id), ME) == []
        sync.apply(product, client, plane.id, changes, ME)
        assert {name: len(items) for name, items in plane.configuration.items()} == {
            "services": 2, "routes": len(plane.of("routes")), "plugins": len(plane.of("routes")),
        }  # fmt: skip
        assert before == plane.expected and told[0].startswith(f"1/{len(changes)} ")
        gone = sync.compare([], product.existing(client, plane.id), ME)
        sync.apply(product, client, plane.id, gone, ME)
    assert plane.configuration == {}
