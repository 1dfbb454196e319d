"""Which files a setup is made of, and what is written of them."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from support.reconciling import SMALL
from support.setups import a_plan, places_in

from quickstart import secret_file
from quickstart.reconcile.applying import Applying
from quickstart.reconcile.due_files import DueFile, Texts, due_files, write
from quickstart.reconcile.proposal import Wish
from quickstart.reconcile.situation import Situation
from quickstart.undo import Undo


def failed(name: str, error: Exception) -> None:
    raise AssertionError(f"{name}: {error}")


def due(tmp_path: Path, added: dict[str, str], exports: str | None = "export A=b\n") -> list[DueFile]:
    places = places_in(tmp_path)
    secrets, _ = secret_file.read(places.secrets)
    applying = Applying(places, Situation(secrets=secrets), SMALL, Wish())
    return due_files(a_plan(tmp_path), applying, Texts("answers", "deployment", exports), set(), added)


def test_a_setup_without_keys_names_no_keys(tmp_path: Path) -> None:
    kinds = [item.kind for item in due(tmp_path, {}) if item.differs()]
    assert kinds == ["", "configuration", "configuration", "configuration", "answers", ""]
    assert next(item.kind for item in due(tmp_path, {"A": "b"})) == "keys"


def test_written_they_differ_no_more_and_going_back_removes_them(tmp_path: Path) -> None:
    places, plan = places_in(tmp_path), a_plan(tmp_path)
    with pytest.raises(KeyError), Undo(failed) as undo:
        write(due(tmp_path, {"A": "b"}), plan, places, undo)
        assert not [item for item in due(tmp_path, {"A": "b"}) if item.differs()]
        assert stat.S_IMODE(places.secrets.stat().st_mode) == 0o600
        raise KeyError
    assert not places.secrets.exists() and not (plan.output_dir / "kong.yml").exists()


def test_a_secrets_file_that_says_the_same_in_other_words_is_left(tmp_path: Path) -> None:
    places = places_in(tmp_path)
    places.config.mkdir(parents=True)
    places.secrets.write_text("# mine\nA='b'\n")
    places.secrets.chmod(0o600)
    assert not due(tmp_path, {"A": "b"})[0].differs()
    assert due(tmp_path, {"A": "c"})[0].differs()


def test_exports_may_stay_as_they_are(tmp_path: Path) -> None:
    assert not [item for item in due(tmp_path, {}, None) if item.path.name == "kong.env"]


def test_a_link_or_another_mode_is_a_difference(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x")
    path.chmod(0o644)
    assert DueFile("", path, b"x").differs() and not DueFile("", path, b"x", 0o644).differs()
    link = tmp_path / "link"
    link.symlink_to(path)
    assert DueFile("", link, b"x", 0o644).differs()
