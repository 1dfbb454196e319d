"""Texts, generations and the gateway told; what the whole does is shown by test_launch_edits.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.reconciling import SMALL, edited, small
from support.setups import a_plan, places_in

from quickstart import admin_client
from quickstart.admin_client import ChangedMeanwhile
from quickstart.errors import QuickstartError
from quickstart.files import private_directory
from quickstart.plan import Plan
from quickstart.reconcile.applying import Applying, rolling_back
from quickstart.reconcile.generations import EDITED, History
from quickstart.reconcile.proposal import Wish
from quickstart.reconcile.rows import Rows, read
from quickstart.reconcile.situation import Situation
from quickstart.undo import Undo

OTHER = SMALL.replace("gpt-a", "gpt-b")


def failed(name: str, error: Exception) -> None:
    raise AssertionError(f"{name}: {error}")


def at() -> str:
    return "2026-11-22T09:12:03+00:00"


def situation(tmp_path: Path, running: Rows) -> Situation:
    last = History(places_in(tmp_path).history).last()
    return Situation(running, True, "raw", '"tag"', last, small(), {"KEPT": "x", "OLD": "y"}, {})


def first(tmp_path: Path) -> None:
    """The generation that there is when something changes."""
    private_directory(places_in(tmp_path).state)
    with Undo(failed) as undo:
        Applying(places_in(tmp_path), Situation(), SMALL, Wish()).record(undo, "answers", "deployment", at)
        undo.commit()


def test_edits_are_recorded_before_what_is_applied(tmp_path: Path) -> None:
    first(tmp_path)
    running = edited(small(), "services", "openai-api", retries=2)
    with Undo(failed) as undo:
        applying = Applying(places_in(tmp_path), situation(tmp_path, running), OTHER, Wish("limit openai"))
        applying.record(undo, "answers", "deployment", at)
        undo.commit()
    history = History(places_in(tmp_path).history).all()
    assert [item.entry.made_by for item in history] == ["setup", EDITED, "limit openai"]
    assert history[1].entry.summary == ("service openai-api: retries 5 -> 2",)
    assert history[2].entry.rendered == OTHER
    wish = rolling_back(places_in(tmp_path), 3)
    assert (wish.restores, read(wish.configuration, "x")) == (2, running)
    assert rolling_back(places_in(tmp_path), 1) == Wish("undo") == rolling_back(places_in(tmp_path), 0)


def test_the_same_again_is_no_generation_and_going_back_leaves_none(tmp_path: Path) -> None:
    first(tmp_path)
    with Undo(failed) as undo:
        applying = Applying(places_in(tmp_path), situation(tmp_path, small()), SMALL, Wish())
        assert applying.record(undo, "answers", "deployment", at) is None
    with pytest.raises(KeyError), Undo(failed) as undo:
        assert Applying(places_in(tmp_path), situation(tmp_path, small()), OTHER, Wish()).record(undo, "", "", at)
        raise KeyError
    assert History(places_in(tmp_path).history).numbers() == [1]


def test_secrets_that_the_configuration_names_stay(tmp_path: Path) -> None:
    text = SMALL.replace("openai-auth-header", "old")
    applying = Applying(places_in(tmp_path), situation(tmp_path, read(text, "x")), SMALL, Wish())
    assert applying.settle_keys({"OLD"}, {"NEW": "z"}) == {"KEPT": "x", "OLD": "y", "NEW": "z"}
    applying = Applying(places_in(tmp_path), situation(tmp_path, small()), SMALL, Wish())
    assert applying.settle_keys({"OLD"}, {}) == {"KEPT": "x"}


@pytest.mark.parametrize("error", [QuickstartError("broke"), ChangedMeanwhile("changed")])
def test_going_back_tells_the_gateway_only_where_it_may_have_taken_ours(
    error: QuickstartError, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, str]] = []

    def push(plan: Plan, configuration: str, tag: str = "") -> None:
        told.append((configuration, tag))
        if len(told) == 1:
            raise error

    monkeypatch.setattr(admin_client, "push", push)
    refreshed: list[str] = []
    applying = Applying(places_in(tmp_path), situation(tmp_path, small()), OTHER, Wish())
    with pytest.raises(type(error)), Undo(failed) as undo:
        applying.promise_back(undo, a_plan(tmp_path), lambda: refreshed.append("files"))
        applying.push(a_plan(tmp_path), OTHER)
    assert told[0] == (OTHER, '"tag"')
    if isinstance(error, ChangedMeanwhile):
        assert len(told) == 1 and not refreshed
    else:
        assert told[1] == ("raw", admin_client.tag_of(OTHER)) and refreshed


def test_a_gateway_at_rest_forgets_its_own_record_only_for_a_change(tmp_path: Path) -> None:
    places = places_in(tmp_path)
    places.prefix.mkdir(parents=True)
    state = places.prefix / "state.json"
    for text, stays in ((SMALL, True), (OTHER, False)):
        state.write_text("{}")
        with pytest.raises(KeyError), Undo(failed) as undo:
            Applying(places, situation(tmp_path, small()), text, Wish()).forget_state(undo)
            assert state.exists() == stays
            raise KeyError
        assert state.read_text() == "{}", "and has it back"
