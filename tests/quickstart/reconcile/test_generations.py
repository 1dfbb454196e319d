"""Numbered, whole or not at all, private, and bounded."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from quickstart.errors import EnvironmentProblem, UsageError
from quickstart.reconcile import generations
from quickstart.reconcile.generations import Entry, History, before

AT = "2026-11-22T09:12:03+00:00"


def entry(text: str, restores: int = 0) -> Entry:
    return Entry("setup", text, "rendered", "answers", "deployment", ("a: b", "c"), restores)


def test_what_was_recorded_is_read_back(tmp_path: Path) -> None:
    history = History(tmp_path / "history")
    assert history.last() is None and history.all() == [] and not history.folder.exists()
    assert [history.record(entry(str(number)), AT).number for number in (1, 2)] == [1, 2]
    last = history.last()
    assert last is not None and (last.number, last.at, last.entry) == (2, AT, entry("2"))
    assert [item.entry.configuration for item in history.all()] == ["1", "2"]


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    history = History(tmp_path / "history")
    history.record(entry("x"), AT)
    for path in (history.folder, *history.folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def test_the_oldest_are_forgotten_and_numbers_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generations, "KEPT", 3)
    history = History(tmp_path / "history")
    for number in range(5):
        history.record(entry(str(number)), AT)
    assert history.numbers() == [3, 4, 5]
    history.forget(5)
    assert history.numbers() == [3, 4]


def test_a_number_that_is_not_there_and_a_damaged_folder_are_told(tmp_path: Path) -> None:
    history = History(tmp_path / "history")
    with pytest.raises(UsageError, match="no generation 1; kept: none yet"):
        history.load(1)
    history.record(entry("x"), AT)
    with pytest.raises(UsageError, match="no generation 7; kept: 1 to 1"):
        history.load(7)
    (history.folder / "0001" / "kong.yml").unlink()
    with pytest.raises(EnvironmentProblem, match="Generation 1 cannot be read") as damaged:
        history.load(1)
    assert str(history.folder / "0001") in damaged.value.hint


def test_a_disk_that_is_full_leaves_nothing_half_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history = History(tmp_path / "history")

    def full(path: Path, *_: object) -> None:
        raise EnvironmentProblem("Cannot write: No space left on device.")

    monkeypatch.setattr(generations, "write_atomically", full)
    with pytest.raises(EnvironmentProblem):
        history.record(entry("x"), AT)
    assert history.numbers() == [] and list(history.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("restores", "goal"),
    [([0, 0], 1), ([0, 0, 0], 2), ([0, 0, 0, 2], 1), ([0, 0, 0, 1, 0], 4), ([0, 0, 1, 0, 3], 2)],
)
def test_undo_steps_back_and_never_to_and_fro(restores: list[int], goal: int, tmp_path: Path) -> None:
    history = History(tmp_path / "history")
    for number in restores:
        history.record(entry("x", number), AT)
    assert before(history.all()) == goal


@pytest.mark.parametrize("restores", [[], [0], [0, 0, 1]])
def test_before_the_first_there_is_nothing(restores: list[int], tmp_path: Path) -> None:
    history = History(tmp_path / "history")
    for number in restores:
        history.record(entry("x", number), AT)
    with pytest.raises(UsageError, match="no earlier generation"):
        before(history.all())
