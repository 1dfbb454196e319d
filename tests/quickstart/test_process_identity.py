"""A reused pid, an ended process and a damaged record are never taken for the process that was meant."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from quickstart.process_identity import identity, is_alive, pid_of


def test_a_process_has_one_identity_as_long_as_it_runs() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    first = identity(process.pid)
    assert first is not None and identity(process.pid) == first and is_alive(first)
    assert pid_of(first) == process.pid
    process.communicate(b"\n")
    assert identity(process.pid) is None and not is_alive(first)


def test_a_process_that_has_ended_but_is_not_collected_does_not_run() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert identity(process.pid) is None
    process.wait()


def test_the_same_pid_at_another_time_is_another_process() -> None:
    mine = identity(os.getpid())
    assert mine is not None
    parts = mine.split("@")
    parts[1] = str(int(parts[1]) + 1)
    assert not is_alive("@".join(parts))


@pytest.mark.parametrize("recorded", ["", "None", "x@1@y", "-1@1@y", "99999999@1@y"])
def test_a_damaged_record_is_nobody(recorded: str) -> None:
    assert not is_alive(recorded)


def test_odd_process_names_do_not_confuse(tmp_path: object) -> None:
    odd = f"{tmp_path}/a ) b"
    os.symlink("/bin/sleep", odd)
    process = subprocess.Popen([odd, "60"])
    try:
        known = identity(process.pid)
        assert known is not None and is_alive(known)
    finally:
        process.kill()
        process.wait()
