"""The last test of each route is remembered, whatever else was tested since."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from support.setups import a_plan, a_route, places_in

from quickstart import health, proofs


def test_results_are_kept_per_route(tmp_path: Path) -> None:
    places = places_in(tmp_path)
    first, second = health.untested(a_route(1), "ok"), health.untested(a_route(1, "completions"), "down", "why", "hint")
    proofs.save(places, [first, second])
    proofs.save(places, [dataclasses.replace(first, health="down")])
    known = proofs.load(places)
    assert (known[first.name]["health"], known[second.name]["message"]) == ("down", "why")


@pytest.mark.parametrize("text", [None, "", "[]", "nonsense"])
def test_what_cannot_be_read_is_nothing(text: str | None, tmp_path: Path) -> None:
    places = places_in(tmp_path)
    if text is not None:
        places.run.mkdir(parents=True)
        (places.run / "health.json").write_text(text)
    assert proofs.load(places) == {}


def test_chats_that_went_well_come_first(tmp_path: Path) -> None:
    places = places_in(tmp_path)
    routes = [a_route(1, name=name, public=name) for name in ("a", "b", "c")]
    plan = a_plan(tmp_path, *routes, a_route(1, "completions", name="d", public="d"))
    assert proofs.by_health(places, plan) == ["a", "b", "c"]
    proofs.save(places, [health.untested(routes[1], "ok"), health.untested(routes[0], "down")])
    assert proofs.by_health(places, plan) == ["b", "a", "c"]
