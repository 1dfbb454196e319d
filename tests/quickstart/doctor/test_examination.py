"""The order of the checks, and a check that breaks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.patients import nobody

from quickstart import messages
from quickstart.doctor.examination import ORDER, checks, examine
from quickstart.doctor.finding import Finding, found
from quickstart.doctor.patient import Patient


def breaks(patient: Patient) -> Iterator[Finding]:
    yield found("a", "ok", "ok")
    raise ValueError("secret of the check\nsecond line")


def works(patient: Patient) -> Iterator[Finding]:
    yield found("b", "ok", "ok")


def interrupted(patient: Patient) -> Iterator[Finding]:
    raise KeyboardInterrupt
    yield


def test_a_check_that_breaks_stops_nobody(tmp_path: Path) -> None:
    told = list(examine(nobody(tmp_path), [("a", breaks), ("b", works)]))
    assert [(one.check, one.code) for one in told] == [("a", "ok"), ("a", "check_failed"), ("b", "ok")]
    assert "ValueError" in told[1].message and "second line" not in told[1].message


def test_ctrl_c_is_not_a_finding(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        list(examine(nobody(tmp_path), [("a", interrupted)]))


def test_every_room_with_a_check_is_asked_once_and_has_a_heading() -> None:
    folder = Path(__file__).parents[3] / "quickstart" / "doctor"
    rooms = {path.stem for path in folder.glob("*.py") if "def check(" in path.read_text()}
    assert sorted(ORDER) == sorted(rooms)
    for name, _ in checks():
        assert f"doctor.{name.replace(' ', '_').replace('.', '_')}" in messages.catalogue()


def test_doctor_works_where_nothing_was_ever_set_up(tmp_path: Path) -> None:
    patient = nobody(tmp_path, environment={"DOCKER_HOST": f"unix://{tmp_path}/none.sock"})
    told = list(examine(patient))
    assert {"not_set_up", "engine_stopped"} <= {one.code for one in told}
    assert not [one for one in told if one.mark == "bad" or one.code == "check_failed"]
    assert not patient.places.home.exists(), "looking makes nothing"
