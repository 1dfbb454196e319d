"""kong.yml: broken, gone, edited, or other than what runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.fault_bed import write_down
from support.patients import a_patient, codes, nobody, served

from quickstart.answers import Answers
from quickstart.doctor import configuration
from quickstart.doctor.patient import Patient
from quickstart.errors import QuickstartError
from quickstart.plan import Plan


def one(folder: Path, ready: bool = False) -> tuple[Patient, Path]:
    patient = a_patient(folder, served(1, model="a-model"), ready=ready)
    assert patient.plan is not None
    write_down(patient.plan, Answers(), patient.places)
    return patient, patient.plan.output_dir / "kong.yml"


def unasked(plan: Plan) -> str:
    raise AssertionError("the gateway does not run")


def test_well_formed_while_nothing_runs(tmp_path: Path) -> None:
    patient, _ = one(tmp_path)
    assert codes(configuration.check(patient, unasked)) == [("ok", "config_valid")]


def test_what_runs_is_compared(tmp_path: Path) -> None:
    patient, path = one(tmp_path, ready=True)
    same = path.read_text()
    assert codes(configuration.check(patient, lambda plan: same)) == [("ok", "config_ok")]
    (found,) = configuration.check(patient, lambda plan: same.replace("a-model", "b-model"))
    assert (found.mark, found.code) == ("note", "config_changed")
    assert "a-model" in found.message and "b-model" in found.message


def test_a_gateway_that_does_not_tell(tmp_path: Path) -> None:
    def refuse(plan: Plan) -> str:
        raise QuickstartError("no", "do")

    patient, _ = one(tmp_path, ready=True)
    (found,) = configuration.check(patient, refuse)
    assert (found.mark, found.message, found.remedy) == ("warn", "no", "do")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("services: [", "config_broken"),
        ("_format_version: '3.0'\nservices: [{name: x, colour: red}]\n", "config_broken"),
        (None, "config_missing"),
    ],
)
def test_what_the_gateway_would_refuse(tmp_path: Path, text: str | None, code: str) -> None:
    patient, path = one(tmp_path)
    if text is None:
        path.unlink()
    else:
        path.write_text(text)
    (found,) = configuration.check(patient, unasked)
    assert (found.mark, found.code) == ("bad", code) and str(path) in found.message


def test_an_edit_that_waits_and_one_that_means_the_same(tmp_path: Path) -> None:
    patient, path = one(tmp_path)
    path.write_text("# mine\n" + path.read_text())
    assert codes(configuration.check(patient, unasked)) == [("ok", "config_valid")]
    path.write_text(path.read_text().replace("a-model", "b-model"))
    assert codes(configuration.check(patient, unasked)) == [("warn", "config_edited")]


def test_nothing_is_set_up(tmp_path: Path) -> None:
    assert list(configuration.check(nobody(tmp_path), unasked)) == []
