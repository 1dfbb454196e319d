"""What is in force: told by the gateway that runs, else by what it keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.launched import CANARY, Launched
from support.reconciling import row_called
from support.setups import places_in

from quickstart.errors import QuickstartError
from quickstart.local_http import request
from quickstart.reconcile import situation
from quickstart.reconcile.rows import Rows, nothing


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Launched]:
    with Launched(tmp_path) as made:
        yield made


def retries(rows: Rows | None) -> object:
    assert rows is not None
    return row_called(rows, "services", "mock-api")["retries"]


def edit(home: Launched, retries: int) -> None:
    body = json.dumps({"retries": retries}).encode()
    assert request("127.0.0.1", home.plan.ports["admin"], "PATCH", "/services/mock-api", body).status == 200


def test_before_anything_was_set_up_there_is_nothing(tmp_path: Path) -> None:
    found = situation.read(places_in(tmp_path), None, False)
    assert (found.running, found.live, found.last, found.base) == (None, False, None, nothing())
    assert not list(tmp_path.iterdir()), "nothing is made by looking"


def test_a_running_gateway_is_asked_and_a_stopped_ones_state_read(home: Launched) -> None:
    home.apply(test=False)
    edit(home, 3)
    live = situation.read(home.places, home.plan, True)
    assert (live.live, retries(live.running), retries(live.recorded), retries(live.base)) == (True, 3, 5, 5)
    assert live.tag and "retries: 3" in live.raw
    home.runner.stop()
    resting = situation.read(home.places, home.plan, False)
    assert (resting.live, resting.raw) == (False, "")
    assert resting.running == live.running


def test_a_gateway_that_does_not_answer_is_read_from_the_disk(home: Launched) -> None:
    home.apply(test=False)
    edit(home, 3)
    home.runner.stop()
    assert retries(situation.read(home.places, home.plan, True).running) == 3


def test_a_file_that_somebody_changed_since_is_what_would_start(home: Launched) -> None:
    home.apply(test=False)
    edit(home, 3)
    home.runner.stop()
    file = home.places.configuration
    file.write_text(file.read_text().replace("- name: mock-api\n", "- name: mock-api\n  retries: 9\n"))
    assert retries(situation.read(home.places, home.plan, False).running) == 9


def test_a_state_that_is_damaged_is_told(home: Launched) -> None:
    home.apply(test=False)
    home.runner.stop()
    (home.places.prefix / "state.json").write_text("{")
    with pytest.raises(QuickstartError, match="the saved state is damaged"):
        situation.read(home.places, home.plan, False)


def test_no_secret_is_in_its_repr(home: Launched) -> None:
    home.apply(test=False)
    assert CANARY not in repr(situation.read(home.places, home.plan, True))
