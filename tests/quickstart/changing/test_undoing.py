"""Back to what was, with its answers, and with what somebody edited since."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.gateway_process import free_ports
from support.launched import SECRET, Launched
from support.reconciling import row_called
from support.setups import a_route

from quickstart import deployment, secret_file
from quickstart.changing import undoing
from quickstart.changing.change import Subject
from quickstart.errors import EnvironmentProblem, UsageError
from quickstart.local_http import listens, request
from quickstart.plan import LISTENERS
from quickstart.reconcile.generations import History

pytestmark = pytest.mark.timeout(180)  # many commands, one after the other


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Launched]:
    with Launched(tmp_path) as made:
        made.apply(test=False)
        yield made


def subject(home: Launched) -> Subject:
    return Subject(home.places, os.environ, home.console)


def undo(home: Launched, number: int | None = None, overwrite: bool = False) -> None:
    one = subject(home)
    goal = undoing.goal(one, number)
    undoing.live(one, goal, undoing.wanting(goal, overwrite))


def test_there_and_back_is_exactly_as_before(home: Launched) -> None:
    before, pid = home.files(), home.pid
    home.apply(home.with_model("gpt-6.1-terra"), test=False)
    undo(home)
    home.ask()
    assert home.asked_model == "gpt-6-luna" and home.pid == pid
    after = {name: content for name, (content, _) in home.files().items()}
    assert after == {name: content for name, (content, _) in before.items()}
    assert home.apply(test=False).unchanged
    undo(home, 2)
    home.ask()
    assert home.asked_model == "gpt-6.1-terra"
    assert [item.entry.restores for item in History(home.places.history).all()] == [0, 0, 1, 2]


@pytest.mark.parametrize(("overwrite", "retries"), [(False, 3), (True, 5)])
def test_edits_since_stay_unless_they_are_to_go(home: Launched, overwrite: bool, retries: int) -> None:
    home.apply(home.with_model("gpt-6.1-terra"), test=False)
    body = json.dumps({"retries": 3}).encode()
    request("127.0.0.1", home.plan.ports["admin"], "PATCH", "/services/mock-api", body)
    undo(home, overwrite=overwrite)
    home.ask()
    running = subject(home).look().running
    assert running is not None
    assert (home.asked_model, row_called(running, "services", "mock-api")["retries"]) == ("gpt-6-luna", retries)


def test_at_rest_it_is_for_the_next_start(home: Launched) -> None:
    home.apply(home.with_model("gpt-6.1-terra"), test=False)
    home.runner.stop()
    undo(home)
    assert deployment.require(home.places.deployment).plan.routes[0].model == "gpt-6-luna"
    home.apply(test=False)
    home.ask()
    assert home.asked_model == "gpt-6-luna"


def test_other_ports_are_gone_back_to_by_a_restart(home: Launched) -> None:
    first, pid = home.plan, home.pid
    moved = home.changed(ports=dict(zip(LISTENERS, free_ports(len(LISTENERS)), strict=True)))
    home.apply(moved, test=False)
    one = subject(home)
    goal = undoing.goal(one, None)
    then = undoing.earlier_deployment(one, goal)
    assert undoing.needs_launch(one, then)
    result = undoing.launched(one, goal, undoing.wanting(goal), home.console, os.environ)  # type: ignore[arg-type,unused-ignore]
    assert result.restarted and home.pid != pid
    assert home.ask(first).status == 200
    assert not any(listens("127.0.0.1", port) for port in moved.ports.values())


def test_a_key_that_is_gone_is_named_before_anything_changes(home: Launched) -> None:
    home.apply(home.changed(routes=(a_route(home.upstream.port),), secrets={}), test=False)
    assert secret_file.read(home.places.secrets)[0] == {}
    before = home.files()
    with pytest.raises(EnvironmentProblem, match=f"needs {SECRET}"):
        undo(home)
    assert home.files() == before


def test_the_first_one_has_nothing_before_it(home: Launched) -> None:
    with pytest.raises(UsageError, match="no earlier generation"):
        undo(home)
    damaged = undoing.goal(subject(home), 1)
    broken = dataclasses.replace(damaged, entry=dataclasses.replace(damaged.entry, deployment="{}"))
    with pytest.raises(EnvironmentProblem, match="cannot be gone back to"):
        undoing.earlier_deployment(subject(home), broken)
