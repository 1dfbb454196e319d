"""`ai-gateway status` as it is typed: words, JSON, exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.launched import CANARY
from support.shell import Shell, shell_in

from quickstart.commands.status import duration


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with shell_in(tmp_path) as made:
        yield made


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


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3725, "1 h 2 min"), (90061, "1 d 1 h")]
)
def test_durations_have_two_units(seconds: int, shown: str) -> None:
    assert duration(seconds) == shown
