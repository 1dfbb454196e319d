"""The commands as they are typed: what they print, in words and as JSON, and the exit code they end with."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from support.gateway_process import eventually
from support.house import ROOT
from support.launched import CANARY, Launched

from quickstart import lifecycle
from quickstart.lifecycle import duration


class Shell(Launched):
    """Types `ai-gateway ...` in a home of its own."""

    def environment(self) -> dict[str, str]:
        path = os.pathsep.join([str(ROOT), str(ROOT / "gateway_image")])
        # No engine is asked: containers have tests of their own.
        engine = {"DOCKER_HOST": "unix:///no/such/docker.sock"}
        return {"HOME": str(self.places.home), "PATH": os.environ["PATH"], "PYTHONPATH": path, **engine}

    def type(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-P", "-m", "quickstart.cli", *words],
            env=self.environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
            start_new_session=True,
        )  # fmt: skip


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with Shell(tmp_path) as made:
        made.apply()
        yield made


def test_every_command_is_handed_to_the_program() -> None:
    names = [command.name for command in lifecycle.commands]
    assert names == ["status", "start", "stop", "restart", "logs", "uninstall"]
    assert all(command.help for command in lifecycle.commands)


def test_status_in_words(shell: Shell) -> None:
    done = shell.type("status")
    assert done.returncode == 0
    assert done.stdout.startswith("Gateway running, process pid ")
    for words in ("/mock/chat", "gpt-6-luna", f"http://127.0.0.1:{shell.plan.ports['manager']}", "ok"):
        assert words in done.stdout
    assert CANARY not in done.stdout + done.stderr


def test_status_as_json_and_its_exit_code(shell: Shell) -> None:
    done = shell.type("status", "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["running"], report["routes"][0]["health"]) == (0, True, "ok")
    shell.runner.stop()
    done = shell.type("status", "--json")
    assert (done.returncode, json.loads(done.stdout)["running"]) == (1, False)
    done = shell.type("status")
    assert done.returncode == 1 and "ai-gateway start" in done.stderr


def test_stop_start_and_restart(shell: Shell) -> None:
    assert json.loads(shell.type("stop", "--json").stdout) == {"running": False, "stopped": True}
    assert "It did not run." in shell.type("stop").stdout
    done = json.loads(shell.type("start", "--json").stdout)
    assert done["started"] and done["proxy"] == f"http://127.0.0.1:{shell.plan.ports['proxy']}"
    assert not json.loads(shell.type("start", "--json").stdout)["started"]
    before = shell.pid
    assert shell.type("restart").returncode == 0
    assert shell.pid != before and shell.ask().status == 200


def test_start_as_it_is_typed_needs_less_than_two_seconds(shell: Shell) -> None:
    """Of processor time, which does not depend on what else this machine does: the command's and the gateway's."""
    shell.runner.stop()
    before = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    assert shell.type("start").returncode == 0
    command = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]) - before
    gateway = sum(psutil.Process(int(shell.pid.removeprefix("pid "))).cpu_times()[:2])
    assert command + gateway < 2


def test_logs_show_requests_and_follow(shell: Shell) -> None:
    shell.ask()
    eventually(lambda: "/mock/chat" in shell.type("logs", "-n", "3").stdout, "the access log")
    output = shell.folder / "output"
    with output.open("wb") as file:
        following = subprocess.Popen(
            [sys.executable, "-P", "-m", "quickstart.cli", "logs", "-f", "-n", "0"],
            env=shell.environment(), stdin=subprocess.DEVNULL, stdout=file,
        )  # fmt: skip

    def request_seen() -> bool:
        shell.ask()
        return "/mock/chat" in output.read_text()

    try:
        eventually(request_seen, "a new line")
    finally:
        following.terminate()
        following.wait()


def test_a_reader_that_has_seen_enough_is_no_error(shell: Shell) -> None:
    for _ in range(5):
        shell.ask()
    script = f"'{sys.executable}' -P -m quickstart.cli logs | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], env=shell.environment(), capture_output=True, text=True, timeout=60)
    assert done.stderr == "" and done.stdout.count("\n") == 1


def test_uninstall_lists_first_and_a_dry_run_stops_there(shell: Shell) -> None:
    before = shell.files()
    done = shell.type("uninstall", "--purge", "--dry-run")
    assert done.returncode == 0
    assert str(shell.plan.output_dir / "kong.yml") in done.stdout and f"{shell.places.config}/" in done.stdout
    assert json.loads(shell.type("uninstall", "--dry-run", "--json").stdout)["removed"] == []
    assert shell.files() == before and shell.ask().status == 200


def test_uninstall_without_a_terminal_or_yes_does_nothing(shell: Shell) -> None:
    before = shell.files()
    done = shell.type("uninstall")
    assert done.returncode == 3
    assert shell.files() == before and shell.ask().status == 200


def test_uninstall_keeps_keys_and_purge_keeps_nothing(shell: Shell) -> None:
    done = shell.type("uninstall", "--yes")
    assert done.returncode == 0 and "Removed." in done.stdout
    assert shell.places.secrets.exists() and not shell.places.state.exists()
    assert not shell.runner.status().running
    assert shell.type("uninstall", "--purge", "--yes", "--json").returncode == 0
    assert not [path for path in shell.folder.rglob("*") if path.is_file()]
    done = shell.type("uninstall", "--purge", "--yes")
    assert done.returncode == 0 and "Nothing of ours is here." in done.stdout


def test_a_purge_removes_the_very_program_it_is_run_from(shell: Shell) -> None:
    venv.create(shell.places.data / "venv-1", with_pip=False)
    shell.places.venv.symlink_to("venv-1")
    packages = next((shell.places.data / "venv-1" / "lib").glob("*/site-packages"))
    (packages / "here.pth").write_text(sysconfig.get_path("purelib"))
    for folder in ("quickstart", "gateway_image/gateway"):  # copies, so that what is imported late is gone too
        shutil.copytree(ROOT / folder, packages / Path(folder).name)
    done = subprocess.run(
        [shell.places.venv / "bin" / "python", "-P", "-m", "quickstart.cli", "uninstall", "--purge", "--yes"],
        env=shell.environment() | {"PYTHONPATH": ""}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("Removed.\n")
    assert not [path for path in shell.folder.rglob("*") if path.is_file() or path.is_symlink()]


@pytest.mark.parametrize("command", ["status", "start", "stop", "restart", "logs"])
def test_without_a_setup_each_command_says_what_to_type(command: str, tmp_path: Path) -> None:
    done = Shell(tmp_path).type(command)
    assert done.returncode == 3
    assert "Nothing is set up yet" in done.stderr and "ai-gateway setup" in done.stderr


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3725, "1 h 2 min"), (90061, "1 d 1 h")]
)
def test_durations_have_two_units(seconds: int, shown: str) -> None:
    assert duration(seconds) == shown
