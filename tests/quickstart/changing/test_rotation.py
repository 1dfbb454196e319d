"""Another key is in use at once, and nothing else is different."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from support.launched import CANARY, SECRET, Launched
from support.setups import a_plan, a_route, places_in

from quickstart import proofs
from quickstart.answers import COMPATIBLE, Answers, Hosted
from quickstart.changing import rotation, undoing
from quickstart.changing.change import Subject
from quickstart.documents import to_document
from quickstart.errors import UsageError
from quickstart.reconcile.generations import History

pytestmark = pytest.mark.timeout(180)  # many commands, one after the other


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Launched]:
    with Launched(tmp_path) as made:
        made.apply()
        yield made


def answered(tmp_path: Path, *hosted: Hosted) -> None:
    places = places_in(tmp_path)
    places.config.mkdir(parents=True)
    places.answers.write_text(yaml.safe_dump(to_document(Answers(hosted=hosted))))


def test_the_next_request_has_it_and_of_the_configuration_nothing_changed(home: Launched) -> None:
    before, pid = home.files(), home.pid
    subject = Subject(home.places, os.environ, home.console)
    whose = rotation.owner(subject.plan, home.places, "mock")
    assert rotation.passed(home.places, whose.routes) == {"mock-api_mock-chat"}
    home.upstream.key = f"{CANARY}-2"
    assert [found.health for found in rotation.prove(subject, whose)] == ["key refused"]
    done = rotation.rotate(subject, whose, whose.header_value(f"{CANARY}-2"))
    assert done.live and done.generation == 2
    assert [found.ok for found in rotation.prove(subject, whose)] == [True]
    assert proofs.load(home.places)["mock-api_mock-chat"]["health"] == "ok"
    changed = {name for name, content in home.files().items() if before[name] != content}
    assert {Path(name).name for name in changed} == {"secrets.env"} and home.pid == pid
    assert rotation.present(home.places, SECRET) == f"Bearer {CANARY}-2"
    assert CANARY not in home.console.text + repr(done)
    history = History(home.places.history)
    assert history.load(2).entry.other_keys(history.load(1).entry) == [SECRET]
    kept = [path.read_text() for path in home.places.history.rglob("*") if path.is_file()]
    assert kept and CANARY not in "".join(kept)


def test_undo_brings_the_key_before_back_and_forward_again(home: Launched) -> None:
    subject = Subject(home.places, os.environ, home.console)
    whose = rotation.owner(subject.plan, home.places, "mock")
    for number in ("2", "3"):
        rotation.rotate(subject, whose, whose.header_value(f"{CANARY}-{number}"))

    def undo(number: int | None) -> list[str]:
        goal = undoing.goal(subject, number)
        lost = undoing.keys_of(goal, subject.look())[1]
        undoing.live(subject, goal, undoing.wanting(goal))
        return lost

    assert undo(None) == [] and rotation.present(home.places, SECRET) == f"Bearer {CANARY}-2"
    assert undo(3) == [] and rotation.present(home.places, SECRET) == f"Bearer {CANARY}-3"
    assert undo(1) == [SECRET] and rotation.present(home.places, SECRET) == f"Bearer {CANARY}-3"
    assert undo(2) == [] and rotation.present(home.places, SECRET) == f"Bearer {CANARY}-2"
    assert home.ask().status == 401, "the gateway took the other key up"


def test_a_key_that_is_to_be_forgotten_is_in_no_file(home: Launched) -> None:
    subject = Subject(home.places, os.environ, home.console)
    whose = rotation.owner(subject.plan, home.places, "mock")
    rotation.rotate(subject, whose, whose.header_value("sk-other-0123456789"))
    assert CANARY in home.places.secrets.read_text()
    rotation.rotate(subject, whose, whose.header_value("sk-other-0123456789"), forget=True)
    assert CANARY not in home.places.secrets.read_text()
    assert undoing.keys_of(undoing.goal(subject, 1), subject.look()) == ({}, [SECRET])


def test_whose_key_it_is(tmp_path: Path) -> None:
    answered(tmp_path, Hosted("anthropic", "m", "anthropic"), Hosted(COMPATIBLE, "m", "lan", "https://x.test/v1"))
    routes = (
        replace(a_route(1), public="anthropic", provider="anthropic", title="Anthropic", secret="A"),
        replace(a_route(1), public="lan", secret="B"),
        a_route(1),
    )
    plan = a_plan(tmp_path, *routes)
    anthropic = rotation.owner(plan, places_in(tmp_path), "Anthropic")
    assert anthropic.provider is not None and anthropic.header_value("sk") == "sk"
    lan = rotation.owner(plan, places_in(tmp_path), "lan")
    assert (lan.provider, lan.endpoint, lan.header_value("sk")) == (None, "https://x.test/v1", "Bearer sk")
    with pytest.raises(UsageError, match="mock is not set up with a key") as refused:
        rotation.owner(plan, places_in(tmp_path), "mock")
    assert refused.value.hint == "With a key: anthropic, lan"
    with pytest.raises(UsageError) as none:
        rotation.owner(a_plan(tmp_path, a_route(1)), places_in(tmp_path), "mock")
    assert "No route uses a key" in none.value.hint
