"""The supervisor, run as it is run in earnest: it outlives its caller, restarts what crashes and ends when told to."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.gateway_process import eventually
from support.house import ROOT

from quickstart.process_identity import identity, is_alive, pid_of


class Watched:
    """One supervised shell command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.record = folder / "record.json"
        self.log = folder / "log"

    def start(self, script: str, *options: str) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-P", "-m", "quickstart.supervisor", "--record", str(self.record)]
        return subprocess.run(
            [*command, "--log", str(self.log), *options, "--", "sh", "-c", script],
            env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
            cwd=self.folder, capture_output=True, timeout=20,
        )  # fmt: skip

    def read(self) -> dict[str, Any]:
        try:
            return dict(json.loads(self.record.read_text()))
        except FileNotFoundError:
            return {}

    def signal(self, number: int) -> None:
        os.kill(pid_of(self.read()["supervisor"]), number)

    def gone(self) -> bool:
        return not self.record.exists()

    def logged(self) -> str:
        return self.log.read_text() if self.log.exists() else ""


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path)
    yield made
    for name in ("supervisor", "child"):
        known = str(made.read().get(name))
        if is_alive(known):
            os.kill(pid_of(known), signal.SIGKILL)


def test_it_leaves_its_caller_and_holds_none_of_its_pipes(watched: Watched) -> None:
    done = watched.start("echo out; echo err >&2; exec sleep 1000")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    record = watched.read()
    assert is_alive(record["supervisor"]) and is_alive(record["child"])
    assert os.getsid(pid_of(record["supervisor"])) != os.getsid(0)
    files = [os.readlink(f"/proc/{pid_of(record['supervisor'])}/fd/{number}") for number in (0, 1, 2)]
    assert files == [os.devnull] * 3
    eventually(lambda: watched.logged() == "out\nerr\n", "both streams in the log")
    assert watched.record.stat().st_mode & 0o777 == watched.log.stat().st_mode & 0o777 == 0o600


def test_sigterm_is_passed_on_and_waited_for(watched: Watched) -> None:
    watched.start("trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done")
    eventually(lambda: "ready" in watched.logged(), "the command")
    watched.signal(signal.SIGTERM)
    eventually(watched.gone, "the end")
    assert watched.logged() == "ready\nbye\n"


def test_sighup_is_passed_on_and_ends_nothing(watched: Watched) -> None:
    watched.start("trap 'echo again' HUP; echo ready; while :; do sleep 0.05; done")
    eventually(lambda: "ready" in watched.logged(), "the command")
    child = watched.read()["child"]
    watched.signal(signal.SIGHUP)
    eventually(lambda: "again" in watched.logged(), "the signal")
    assert is_alive(child)


def test_a_crash_is_followed_by_a_restart_that_the_record_tells_of(watched: Watched) -> None:
    watched.start("echo run; [ -e twice ] && exec sleep 1000; touch twice; exit 7")
    eventually(lambda: watched.read().get("restarts") == 1, "the restart")
    eventually(lambda: watched.logged().count("run\n") == 2, "the second run")
    assert watched.read()["last_exit"] == 7
    assert "ended with 7; again in 0.2 s" in watched.logged()


def test_a_killed_command_is_started_again(watched: Watched) -> None:
    watched.start("exec sleep 1000")
    os.kill(pid_of(watched.read()["child"]), signal.SIGKILL)
    eventually(lambda: watched.read().get("restarts") == 1 and is_alive(watched.read()["child"]), "the restart")
    assert watched.read()["last_exit"] == -signal.SIGKILL


def test_the_commands_own_wish_to_end_is_respected(watched: Watched) -> None:
    watched.start("exit 0")
    eventually(watched.gone, "the end")


def test_being_told_to_end_between_two_tries_ends_at_once(watched: Watched) -> None:
    watched.start("exit 1")
    supervisor = watched.read()["supervisor"]
    eventually(lambda: watched.logged().count("again in") >= 2, "the second pause")
    os.kill(pid_of(supervisor), signal.SIGTERM)
    eventually(lambda: not is_alive(supervisor), "the end")
    assert watched.gone()


def test_workers_that_outlive_the_command_are_ended_with_it(watched: Watched) -> None:
    watched.start("sleep 1000 & echo $!; exit 0")
    eventually(watched.gone, "the end")
    worker = int(watched.logged())
    eventually(lambda: identity(worker) is None, "the worker's end")


def test_a_command_that_cannot_be_run_is_told_to_the_caller(watched: Watched) -> None:
    command = [sys.executable, "-P", "-m", "quickstart.supervisor", "--record", str(watched.record)]
    done = subprocess.run(
        [*command, "--log", str(watched.log), "--", "/no/such/command"],
        env={"PYTHONPATH": str(ROOT)}, cwd=watched.folder, capture_output=True, text=True, timeout=20,
    )  # fmt: skip
    assert done.returncode == 1
    assert "/no/such/command" in done.stderr
    assert watched.gone()


def test_the_log_has_a_limit(watched: Watched) -> None:
    watched.start("seq 1 2000; exec sleep 1000", "--log-limit", "2000", "--log-keep", "2")
    eventually(lambda: watched.logged().endswith("2000\n"), "the last line")
    assert sorted(path.name for path in watched.folder.iterdir() if path.name.startswith("log")) == [
        "log", "log.1", "log.2",
    ]  # fmt: skip
    assert all(path.stat().st_size < 2100 for path in watched.folder.glob("log*"))


def test_starting_takes_little_of_a_starts_two_seconds(watched: Watched) -> None:
    before = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    watched.start("exec sleep 1000")
    assert sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]) - before < 0.5  # of processor time; usually 0.06
