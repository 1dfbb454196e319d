"""The gateway that was set up is started, looked at and stopped again, quickly."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.launched import CANARY, Launched
from support.setups import Listening, places_in

from quickstart.errors import EnvironmentProblem
from quickstart.files import write_atomically
from quickstart.gateway_control import GatewayControl
from quickstart.local_http import request


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Launched]:
    with Launched(tmp_path) as made:
        made.apply()
        yield made


def control(home: Launched) -> GatewayControl:
    return GatewayControl(home.places, os.environ)


def test_it_stops_and_starts_and_knows_when_there_is_nothing_to_do(home: Launched) -> None:
    found = control(home)
    assert not found.start(home.console)  # it runs
    assert found.stop() and not found.stop()
    assert found.start(home.console)
    assert home.ask().status == 200


def test_the_report_says_everything_a_program_wants(home: Launched) -> None:
    report = control(home).report(wall=lambda: time.time() + 100)
    assert report["running"] and report["ready"] and report["runtime"] == "process"
    assert 100 <= report["uptime_seconds"] < 200 and report["restarts"] == 0
    assert report["listeners"]["proxy"] == f"http://127.0.0.1:{home.plan.ports['proxy']}"
    assert len(report["listeners"]) == 6
    route, door = report["routes"]
    assert (door["path"], door["health"]) == ("/v1/chat/completions", "ok")
    assert {name: route[name] for name in ("name", "path", "model", "upstream", "health")} == {
        "name": "mock-api_mock-chat",
        "path": "/mock/chat",
        "model": "gpt-6-luna",
        "upstream": f"localhost:{home.upstream.port}",
        "health": "ok",
    }
    assert report["local_model"] is None
    assert Path(report["files"]["configuration"]).exists()
    assert CANARY not in json.dumps(report)


def test_the_report_of_a_stopped_gateway(home: Launched) -> None:
    found = control(home)
    found.stop()
    report = found.report()
    assert not report["running"] and not report["ready"] and report["uptime_seconds"] is None
    assert [route["health"] for route in report["routes"]] == ["down", "down"]


def test_one_that_cannot_start_is_not_left_half_started(home: Launched) -> None:
    found = control(home)
    found.stop()
    write_atomically(home.places.configuration, "nonsense: [")
    with pytest.raises(EnvironmentProblem, match="did not start"):
        found.start(home.console)
    assert not found.runner.status().running


@pytest.mark.parametrize("updated", [False, True], ids=["as set up", "after an update without a restart"])
def test_what_was_changed_through_the_admin_api_survives_a_restart(home: Launched, updated: bool) -> None:
    if updated:
        home.apply(home.with_model("gpt-6.1-terra"), test=False)
    path = "/services/mock-api"
    body = b'{"retries": 3}'
    assert request("127.0.0.1", home.plan.ports["admin"], "PATCH", path, body).status == 200
    found = control(home)
    found.stop()
    found.start(home.console)
    answer = request("127.0.0.1", home.plan.ports["admin"], "GET", path)
    assert json.loads(answer.body)["retries"] == 3


def test_nothing_set_up_is_told(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentProblem, match="Nothing is set up yet"):
        GatewayControl(places_in(tmp_path), {})


def test_starting_says_what_it_does(home: Launched) -> None:
    found = control(home)
    found.stop()
    console = Listening()
    found.start(console)
    assert console.said[0] == "Gateway started" and console.said[1].startswith("pid ")
