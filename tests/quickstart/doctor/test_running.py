"""The gateway's own state, and the built-in model beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.patients import RUNNING, a_patient, codes, nobody

from quickstart.container_spec import EngineProblem
from quickstart.doctor import running
from quickstart.runtime import RunStatus


class Runner:
    def prepare(self, plan: Any, progress: Any) -> str:
        return "image"


class Newer(Runner):
    def prepare(self, plan: Any, progress: Any) -> str:
        return "another"


CRASHED = RunStatus(False, crashed="it ended with exit code 1")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"status": RUNNING, "ready": True}, [("ok", "gateway_running")]),
        ({"status": RUNNING}, [("bad", "gateway_not_ready")]),
        ({}, [("bad", "gateway_stopped")]),
        ({"status": CRASHED}, [("bad", "gateway_crashed")]),
        ({"engine_problem": EngineProblem("denied", "", "")}, []),
        (
            {"status": RunStatus(True, "pid 1", 0.0, 3), "ready": True},
            [("ok", "gateway_running"), ("warn", "gateway_restarted")],
        ),
    ],
)
def test_the_gateways_state(tmp_path: Path, more: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert codes(running.check(a_patient(tmp_path, runner=Runner(), **more))) == expected


def test_an_old_gateway(tmp_path: Path) -> None:
    patient = a_patient(tmp_path, runner=Newer(), status=RUNNING, ready=True)
    assert codes(running.check(patient))[-1] == ("warn", "gateway_old")


def test_a_built_in_model_that_is_gone(tmp_path: Path) -> None:
    patient = a_patient(tmp_path, runner=Runner(), status=RUNNING, ready=True, plan={"local_model": True})
    assert codes(running.check(patient))[-1] == ("bad", "builtin_stopped")


def test_nothing_to_say_where_nothing_is_set_up(tmp_path: Path) -> None:
    assert list(running.check(nobody(tmp_path))) == []
