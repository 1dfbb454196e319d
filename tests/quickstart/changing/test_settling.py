"""From review to proof: asked or not, kept or put back."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.launched import Launched
from support.reconciling import edited, row_called
from support.setup_parts import Screen

from quickstart import reviewing
from quickstart.changing.change import Subject, Wanted, Wanting
from quickstart.changing.settling import Manner, settle
from quickstart.errors import ProviderUnhealthy
from quickstart.prompter import ScriptedPrompter
from quickstart.reconcile import deck_file
from quickstart.reconcile.generations import History
from quickstart.reconcile.proposal import Wish
from quickstart.reconcile.situation import Situation
from quickstart.reconcile.three_way import Choose

pytestmark = pytest.mark.timeout(180)  # many commands, one after the other


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    with Launched(tmp_path_factory.mktemp("settling")) as made:
        made.apply()
        yield made


def wanting(name: str, **fields: Any) -> Callable[[Choose], Wanting]:
    def of(choose: Choose) -> Wanting:
        def wanted(now: Situation) -> Wanted:
            assert now.running is not None
            kind = "plugins" if name == "ai-proxy" else "services"
            rows = edited(now.running, kind, name, **fields)
            return Wanted(Wish("a test", choose=choose, ancestor=now.running, configuration=deck_file.text(rows)))

        return wanted

    return of


BREAKING = wanting("ai-proxy", config__model__options={"upstream_url": "http://127.0.0.1:9/v1/chat/completions"})


def run(home: Launched, wanted: Callable[[Choose], Wanting], manner: Manner) -> tuple[dict[str, Any], Screen]:
    screen = Screen()
    subject = Subject(home.places, os.environ, screen.console)
    return settle(screen.console, subject, wanted, manner, os.environ), screen


def retries(home: Launched) -> Any:
    running = Subject(home.places, os.environ, home.console).look().running
    assert running is not None
    return row_called(running, "services", "mock-api")["retries"]


@pytest.mark.parametrize(("answer", "applied"), [(False, False), (True, True)])
def test_a_person_is_shown_and_asked(
    answer: bool, applied: bool, home: Launched, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompter = ScriptedPrompter([("Apply?", answer)])
    monkeypatch.setattr(reviewing, "open_prompter", lambda environ: prompter)
    told, screen = run(home, wanting("mock-api", retries=4), Manner(test=False))
    assert (told["applied"], retries(home) == 4, prompter.script) == (applied, applied, [])
    assert "+  retries: 4" in screen.text
    assert ("Nothing was changed." in screen.text) is not applied


def test_nothing_new_asks_nothing(home: Launched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reviewing, "open_prompter", lambda environ: ScriptedPrompter([]))
    told, screen = run(home, wanting("mock-api", retries=retries(home)), Manner())
    assert not told["applied"] and "Nothing to change." in screen.text


def test_only_looking(home: Launched) -> None:
    told, _ = run(home, wanting("mock-api", retries=8), Manner(dry_run=True))
    assert not told["applied"] and told["changes"][0]["new"] == "8" and retries(home) != 8


def test_a_person_may_go_back_when_a_route_stops_answering(home: Launched, monkeypatch: pytest.MonkeyPatch) -> None:
    prompter = ScriptedPrompter([("Apply?", True), ("Go back", True)])
    monkeypatch.setattr(reviewing, "open_prompter", lambda environ: prompter)
    told, screen = run(home, BREAKING, Manner())
    assert told["rolled_back"] and home.ask().status == 200 and not prompter.script
    assert "/mock/chat answered before this change" in screen.text.replace("\n    ", " ")


def test_with_strict_it_is_put_back_and_told_by_the_exit_code(home: Launched) -> None:
    with pytest.raises(ProviderUnhealthy, match="everything was put back") as unhealthy:
        run(home, BREAKING, Manner(yes=True, strict=True))
    assert unhealthy.value.exit_code == 5 and home.ask().status == 200


def test_unattended_the_change_stays_and_undo_is_named(home: Launched) -> None:
    told, screen = run(home, BREAKING, Manner(yes=True))
    assert told["applied"] and "ai-gateway undo" in screen.text
    assert [route["health"] for route in told["routes"]] == ["down"]
    assert home.ask().status == 502
    assert History(home.places.history).last() is not None
