"""Telling a worker only what changed."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.transport.changes import MOST, applied, changes

KINDS = ("services", "routes")
ids = st.sampled_from("abcdefgh")
steps = st.lists(st.tuples(st.sampled_from(["put", "remove", "reverse"]), st.sampled_from(KINDS), ids), max_size=12)


def row(id: str, version: int = 0) -> dict[str, Any]:
    return {"id": id, "version": version}


def rows(*names: str) -> dict[str, Any]:
    return {name: row(name) for name in names}


@given(st.lists(ids, unique=True), steps)
def test_carried_out_it_makes_the_new_of_the_old_in_the_same_order(first: list[str], edits: list[Any]) -> None:
    old: dict[str, dict[str, Any]] = {"services": rows(*first), "routes": {}}
    new = {kind: dict(rows) for kind, rows in old.items()}
    for number, (word, kind, id) in enumerate(edits, 1):
        if word == "put":
            new[kind] = {**new[kind], id: row(id, number)}
        elif word == "remove":
            new[kind].pop(id, None)
        else:
            new[kind] = dict(reversed(new[kind].items()))
    found = changes(old, new)
    if found is None:
        return  # sent whole
    made = applied(old, found)
    assert made == new and [list(made[kind]) for kind in KINDS] == [list(new[kind]) for kind in KINDS]


def test_rows_that_stay_are_the_same_objects_and_are_not_told() -> None:
    old = {"services": rows("a", "b"), "routes": rows("r")}
    new = {"services": {**old["services"], "b": row("b", 1), "c": row("c")}, "routes": dict(old["routes"])}
    found = changes(old, new)
    assert found == {"services": [[row("b", 1), row("c")], []]}
    made = applied(old, found)
    assert made["services"]["a"] is old["services"]["a"] and made["routes"] is old["routes"]


def test_nothing_changed_is_told_as_nothing() -> None:
    old = {"services": rows("a")}
    assert changes(old, {"services": dict(old["services"])}) == {}


def test_a_row_taken_out() -> None:
    assert changes({"services": rows("a", "b")}, {"services": {}}) == {"services": [[], ["a", "b"]]}


def test_another_order_is_told_whole() -> None:
    old = {"services": rows("a", "b", "c")}
    assert changes(old, {"services": dict(reversed(old["services"].items()))}) is None
    moved = {"services": {"c": old["services"]["c"], "a": row("a", 1), "b": old["services"]["b"]}}
    assert changes(old, moved) is None


def test_much_is_told_whole() -> None:
    assert changes({"services": {}}, {"services": rows(*map(str, range(MOST)))}) is not None
    assert changes({"services": {}}, {"services": rows(*map(str, range(MOST + 1)))}) is None


def test_other_kinds_are_told_whole() -> None:
    assert changes({"services": {}}, {"services": {}, "routes": {}}) is None
