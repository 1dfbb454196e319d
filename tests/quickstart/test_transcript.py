"""The log of setup: added to, private, bounded, without keys, and nothing where nothing was set up."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from quickstart import transcript

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
KEY = "sk-canary-DoNotShowThisAnywhere-9fQA"


def test_it_is_added_to_and_private(tmp_path: Path) -> None:
    transcript.keep(tmp_path, ["first   ", "日本"], {}, [], NOW)
    path = transcript.keep(tmp_path, ["second"], {}, [], NOW)
    assert path is not None
    assert path.read_text() == "== 2026-11-22T09:00:00+00:00\nfirst\n日本\n\n== 2026-11-22T09:00:00+00:00\nsecond\n\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_readable_file_becomes_private(tmp_path: Path) -> None:
    (tmp_path / transcript.NAME).touch(0o644)
    path = transcript.keep(tmp_path, ["x"], {}, [], NOW)
    assert path is not None and stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_key_is_in_it(tmp_path: Path) -> None:
    secret = "another-secret-8d1f"
    lines = [f"upstream says: wrong key {KEY}", f"Bearer {secret}", f"and {secret}", "value-of-variable"]
    path = transcript.keep(tmp_path, lines, {"OPENAI_API_KEY": "value-of-variable"}, [f"Bearer {secret}"], NOW)
    assert path is not None
    written = path.read_text()
    assert KEY not in written and secret not in written and "value-of-variable" not in written


def test_nothing_is_left_where_nothing_was_set_up(tmp_path: Path) -> None:
    assert transcript.keep(tmp_path / "state", ["x"], {}, [], NOW) is None
    assert list(tmp_path.iterdir()) == []


def test_old_runs_go(tmp_path: Path) -> None:
    for number in range(40):
        path = transcript.keep(tmp_path, [f"run {number}", "x" * 20 * 1024, "y z " * 2000], {}, [], NOW)
    assert path is not None
    written = path.read_text()
    assert len(written) <= transcript.MOST_BYTES + 40 * 1024
    assert written.startswith("== ") and "run 39\n" in written and "run 1\n" not in written


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("precious")
    (tmp_path / transcript.NAME).symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="symbolic"):
        transcript.keep(tmp_path, ["x"], {}, [], NOW)
    assert (tmp_path / "target").read_text() == "precious"
