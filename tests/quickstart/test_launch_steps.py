"""The steps that every launch takes: by a real one where a gateway is needed, alone where the built-in model is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.launched import Launched
from support.setups import Listening, a_plan, places_in

from quickstart import health
from quickstart.deployment import Deployment
from quickstart.errors import EnvironmentProblem
from quickstart.launch_steps import LaunchSteps
from quickstart.runners import runner_of
from quickstart.undo import Undo


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Launched]:
    with Launched(tmp_path) as made:
        yield made


def test_a_route_that_does_not_answer_undoes_nothing(home: Launched) -> None:
    home.upstream.trouble = "no_credit"
    result = home.apply()
    assert [route.health for route in result.unhealthy] == ["no credit"]
    assert "1 of 1 did not answer well" in home.console.text
    home.upstream.trouble = ""
    assert home.ask().status == 200


def test_without_tests_nothing_is_sent_upstream(home: Launched) -> None:
    result = home.apply(test=False)
    assert [route.health for route in result.routes] == ["untested", "untested"] and not result.unhealthy
    assert not home.upstream.asked


def test_a_damaged_record_is_told_and_written_anew(home: Launched) -> None:
    home.apply(test=False)
    home.places.deployment.write_text("nonsense")
    assert "gateway" in home.apply(test=False).changed
    assert "Cannot read what was set up" in home.console.text
    assert home.ask().status == 200


def test_ctrl_c_during_the_test_requests_keeps_what_was_set_up(home: Launched, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> Iterator[health.RouteHealth]:
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(health, "prove", interrupted)
    result = home.apply()
    assert [route.health for route in result.routes] == ["untested", "untested"]
    assert "the gateway keeps running" in home.console.text
    assert home.ask().status == 200


def test_moving_the_output_directory_leaves_nothing_in_the_old_one(home: Launched) -> None:
    home.apply(test=False)
    moved = home.changed(output_dir=home.folder / "elsewhere")
    assert home.apply(moved, test=False).changed == ("configuration",)
    assert sorted(path.name for path in moved.output_dir.iterdir()) == ["kong.env", "kong.yml"]
    assert not list(home.plan.output_dir.iterdir())


# -- the built-in model --------------------------------------------------------------------------------------------


class Model:
    """What steps ask of a built-in model; `said` is what was done to it."""

    def __init__(self, port: int | None, installed: bool = True) -> None:
        self.at = port
        self.there = installed
        self.said: list[str] = []

    def port(self) -> int | None:
        return self.at

    def installed(self) -> bool:
        return self.there

    def install(self, progress: object) -> None:
        self.there = True
        self.said.append("installed")

    def start(self, port: int) -> None:
        self.at = port
        self.said.append(f"started on {port}")

    def wait(self, port: int) -> None:
        self.said.append(f"waited for {port}")

    def stop(self) -> None:
        self.at = None
        self.said.append("stopped")


def steps(folder: Path, model: Model, local_model: bool = True) -> LaunchSteps:
    plan = a_plan(folder, local_model=local_model, local_model_port=7999)
    places = places_in(folder)
    made = LaunchSteps(plan, Listening(), places, os.environ, runner_of("process", places, os.environ))
    made.model = model  # type: ignore[assignment]
    return made


def launched(made: LaunchSteps, fails: bool = False) -> None:
    with Undo(made.undo_failed) as undo:
        made.start_model(undo)
        if fails:
            raise EnvironmentProblem("the gateway did not start")
        undo.commit()


@pytest.mark.parametrize(
    ("model", "done"),
    [
        (Model(7999), []),
        (Model(None), ["started on 7999", "waited for 7999"]),
        (Model(8000), ["started on 7999", "waited for 7999"]),
        (Model(7999, False), ["stopped", "installed", "started on 7999", "waited for 7999"]),
    ],
)
def test_a_model_is_started_where_it_is_not_as_planned(model: Model, done: list[str], tmp_path: Path) -> None:
    made = steps(tmp_path, model)
    assert made.model_is_due() is bool(done)
    launched(made)
    assert model.said == done and not made.model_is_due()


def test_a_plan_without_the_model_leaves_it_until_the_gateway_runs(tmp_path: Path) -> None:
    model = Model(8000)
    made = steps(tmp_path, model, local_model=False)
    assert not made.model_is_due()
    launched(made)
    assert model.said == []
    made.clean_up(Deployment(made.plan, ""))
    assert model.said == ["stopped"]


@pytest.mark.parametrize(("before", "after"), [(None, ["stopped"]), (8000, ["stopped", "started on 8000"])])
def test_a_launch_that_fails_gives_the_model_its_port_back(
    before: int | None, after: list[str], tmp_path: Path
) -> None:
    model = Model(before)
    with pytest.raises(EnvironmentProblem):
        launched(steps(tmp_path, model), fails=True)
    assert model.said == ["started on 7999", "waited for 7999", *after]
