"""The keys file is looked at and never changed."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from support.patients import SECRET, a_patient, codes, nobody, provided

from quickstart import secret_file
from quickstart.doctor import keys_file
from quickstart.doctor.patient import Patient


def one(tmp_path: Path) -> Patient:
    patient = a_patient(tmp_path, provided(), secrets={SECRET: "Bearer x"})
    secret_file.write(patient.places.secrets, {SECRET: "Bearer x"})
    return patient


def test_as_it_should_be(tmp_path: Path) -> None:
    assert codes(keys_file.check(one(tmp_path))) == [("ok", "secrets_ok")]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_readable_by_others_is_told_and_left(tmp_path: Path, mode: int) -> None:
    patient = one(tmp_path)
    patient.places.secrets.chmod(mode)
    (found,) = keys_file.check(patient)
    assert (found.mark, found.code) == ("bad", "secrets_open") and f"{mode:04o}" in found.message
    assert stat.S_IMODE(patient.places.secrets.stat().st_mode) == mode


def test_a_link_and_a_missing_key(tmp_path: Path) -> None:
    patient = one(tmp_path)
    patient.places.secrets.rename(tmp_path / "moved")
    patient.places.secrets.symlink_to(tmp_path / "moved")
    assert codes(keys_file.check(patient)) == [("bad", "secrets_link")]
    patient.places.secrets.unlink()
    (found,) = keys_file.check(patient)
    assert found.code == "secrets_missing" and SECRET in found.message


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_somebody_elses_file(tmp_path: Path) -> None:
    patient = one(tmp_path)
    os.chown(patient.places.secrets, 12345, 12345)
    assert codes(keys_file.check(patient)) == [("bad", "secrets_foreign")]


def test_no_key_is_needed_by_everybody(tmp_path: Path) -> None:
    assert codes(keys_file.check(a_patient(tmp_path))) == [("ok", "secrets_none")]
    assert list(keys_file.check(nobody(tmp_path))) == []
