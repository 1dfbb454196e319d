"""Plain processes: started apart from us, never another's killed, nothing of our shell's keys handed on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.gateway_process import eventually
from support.house import ROOT
from support.setups import KEY, a_plan, places_in

from quickstart import image
from quickstart.errors import EnvironmentProblem
from quickstart.files import private_directory
from quickstart.process_identity import identity, is_alive, pid_of
from quickstart.processes import ProcessRunner, Supervised, inherited

SLEEP = ["sleep", "1000"]
PATH = {"PATH": os.environ["PATH"]}


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Supervised]:
    made = Supervised("thing", places_in(tmp_path))
    yield made
    made.stop()


def child_of(supervised: Supervised) -> int:
    return pid_of(str(supervised.recorded()["child"]))


def test_it_runs_until_it_is_stopped(supervised: Supervised) -> None:
    assert not supervised.status().running
    supervised.start(SLEEP, PATH)
    status = supervised.status()
    assert status.running and status.detail == f"pid {child_of(supervised)}" and not status.crashed
    assert status.since is not None and supervised.command() == SLEEP
    assert supervised.stop() and not supervised.stop()
    assert not supervised.status().running and supervised.command() == []


def test_starting_again_replaces_what_runs(supervised: Supervised) -> None:
    supervised.start(SLEEP, PATH)
    first = str(supervised.recorded()["child"])
    supervised.start(["sleep", "2000"], PATH)
    assert not is_alive(first)
    assert supervised.command() == ["sleep", "2000"]


def test_it_outlives_the_program_that_started_it(supervised: Supervised, tmp_path: Path) -> None:
    script = (
        "import sys, os; from pathlib import Path; from support.setups import places_in\n"
        "from quickstart.processes import Supervised\n"
        f"Supervised('thing', places_in(Path(sys.argv[1]))).start({SLEEP!r}, {{'PATH': os.environ['PATH']}})\n"
    )
    path = os.pathsep.join(str(ROOT / name) for name in ("", "gateway_image", "tests"))
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], env=PATH | {"PYTHONPATH": path}, capture_output=True, timeout=30
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")  # and run() saw the end of its pipes
    assert supervised.status().running


def test_a_crash_is_told_with_its_exit_code(supervised: Supervised) -> None:
    supervised.start(["sh", "-c", "echo dying; exit 9"], PATH)
    eventually(lambda: supervised.recorded().get("last_exit") == 9, "the crash")
    eventually(lambda: "9" in supervised.status().crashed, "the status")
    assert next(supervised.logs(1)).startswith("supervisor: the command ended with 9")


def test_a_command_that_cannot_run_is_an_error(supervised: Supervised) -> None:
    with pytest.raises(EnvironmentProblem, match=r"thing process cannot be started: .*no-such-command"):
        supervised.start(["/no-such-command"], PATH)
    assert not supervised.status().running


def test_a_child_whose_supervisor_was_killed_is_still_found_and_stopped(supervised: Supervised) -> None:
    supervised.start(SLEEP, PATH)
    child = str(supervised.recorded()["child"])
    os.kill(pid_of(str(supervised.recorded()["supervisor"])), signal.SIGKILL)
    eventually(lambda: "unsupervised" in supervised.status().detail, "the supervisor's end")
    assert supervised.stop()
    eventually(lambda: not is_alive(child), "the child's end")


def test_a_record_of_another_boot_or_a_reused_pid_kills_nobody(supervised: Supervised) -> None:
    bystander = subprocess.Popen(SLEEP)
    try:
        known = identity(bystander.pid)
        assert known is not None
        stale = f"{bystander.pid}@1@{known.split('@')[2]}"
        private_directory(supervised.record.parent)
        supervised.record.write_text(json.dumps({"supervisor": stale, "child": stale, "command": SLEEP}))
        assert not supervised.status().running
        assert "restarted" in supervised.status().crashed
        assert not supervised.stop()
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "{}"])
def test_a_damaged_record_is_nothing(text: str, supervised: Supervised) -> None:
    private_directory(supervised.record.parent)
    supervised.record.write_text(text)
    assert not supervised.status().running
    assert not supervised.stop()


def test_the_keys_of_our_shell_are_not_handed_on(supervised: Supervised) -> None:
    kept = inherited({
        "OPENAI_API_KEY": KEY, "AWS_SECRET_ACCESS_KEY": KEY, "PATH": "/bin", "HOME": "/h", "LC_ALL": "C",
        "https_proxy": "http://p", "SSL_CERT_FILE": "/c",
    })  # fmt: skip
    assert set(kept) == {"PATH", "HOME", "LC_ALL", "https_proxy", "SSL_CERT_FILE"}


def test_another_version_of_the_program_is_another_deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runner = ProcessRunner(places_in(tmp_path), {})
    plan = a_plan(tmp_path)
    monkeypatch.setattr(image, "content", lambda: {"gateway/a.py": b"1"})
    first = runner.prepare(plan, pytest.fail)
    assert runner.prepare(plan, pytest.fail) == first
    monkeypatch.setattr(image, "content", lambda: {"gateway/a.py": b"2"})
    assert runner.prepare(plan, pytest.fail) != first


def test_following_the_log_goes_on_with_new_lines(supervised: Supervised, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    supervised.start(
        ["sh", "-c", f"echo one; while [ ! -e '{gate}' ]; do sleep 0.02; done; echo two; exec sleep 9"], PATH
    )
    eventually(lambda: list(supervised.logs(5)) == ["one"], "the first line")
    lines = supervised.logs(5, following=True)
    assert next(lines) == "one"
    gate.touch()
    assert next(lines) == "two"
