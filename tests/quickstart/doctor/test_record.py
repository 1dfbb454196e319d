"""What was set up and answered: there and readable."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.patients import a_patient, codes, nobody

from quickstart.doctor import record


def test_something_is_set_up(tmp_path: Path) -> None:
    (found,) = record.check(a_patient(tmp_path))
    assert (found.mark, found.code) == ("ok", "set_up")


def test_nothing_or_a_damaged_record(tmp_path: Path) -> None:
    assert codes(record.check(nobody(tmp_path))) == [("warn", "not_set_up")]
    assert codes(record.check(nobody(tmp_path, damaged=True))) == [("bad", "record_damaged")]


@pytest.mark.parametrize(
    ("content", "reason"), [(b"a: [\n", "not YAML"), (b"colour: red\n", "colour"), (b"\xff\xfe\xff", "not text")]
)
def test_answers_that_cannot_be_used(tmp_path: Path, content: bytes, reason: str) -> None:
    patient = a_patient(tmp_path)
    patient.places.answers.parent.mkdir(parents=True)
    patient.places.answers.write_bytes(content)
    assert codes(record.check(patient))[-1] == ("bad", "answers_damaged")
    assert reason in record.unreadable_answers(patient)
