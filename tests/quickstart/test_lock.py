"""Two commands never change the same gateway at once, and a dead one blocks nobody."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.house import ROOT
from support.setups import places_in

from quickstart.errors import EnvironmentProblem
from quickstart.files import private_directory
from quickstart.lock import exclusively

HOLD = (
    "import sys; from pathlib import Path; from quickstart.files import Places\n"
    "from quickstart.lock import exclusively\n"
    "with exclusively(Places(*map(Path, sys.argv[1:]))):\n    print('held', flush=True); sys.stdin.read()\n"
)


def test_a_second_command_is_told_who_is_at_work(tmp_path: Path) -> None:
    places = places_in(tmp_path)
    folders = [str(path) for path in (places.home, places.config, places.data, places.state)]
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, *folders], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert other.stdout is not None and other.stdin is not None
    assert other.stdout.readline() == b"held\n"
    with pytest.raises(EnvironmentProblem, match=f"at work \\(pid {other.pid}\\)"), exclusively(places):
        pass
    other.kill()  # however it ends, the lock is free again
    other.communicate()
    with exclusively(places):
        assert (places.run / "lock").read_text() == f"{os.getpid()}\n"
    with exclusively(places):
        pass


def test_what_a_killed_process_left_half_written_is_swept(tmp_path: Path) -> None:
    places = places_in(tmp_path)
    private_directory(places.config)
    left = places.config / ".secrets.env.abcdefgh.unfinished"
    left.write_text("a key")
    (places.config / "secrets.env").write_text("kept")
    with exclusively(places):
        assert not left.exists() and (places.config / "secrets.env").read_text() == "kept"
