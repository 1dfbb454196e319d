"""`ai-gateway status` as it is typed: words, JSON, exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.gateway_process import eventually
from support.launched import CANARY
from support.shell import PROGRAM, Shell, shell_in
from support.typist import INTERRUPT, Typist

from quickstart.commands._invocation import open_console
from quickstart.commands.status import watched


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with shell_in(tmp_path) as made:
        yield made


def test_status_in_words(shell: Shell) -> None:
    done = shell.type("status")
    assert done.returncode == 0
    assert done.stdout.startswith("Gateway running, process pid ")
    assert "\nLast changed 20" in done.stdout and " by setup\n" in done.stdout
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


def test_what_a_route_did_in_the_last_day(shell: Shell) -> None:
    shell.ask()

    def tokens() -> int:
        report = json.loads(shell.type("status", "--json").stdout)
        return int(report["routes"][0]["tokens_24h"])

    eventually(lambda: tokens() >= 18, "the access log")
    done = shell.type("status", COLUMNS="120")
    assert "p50" in done.stdout and "Tokens 24 h" in done.stdout
    assert "Tokens 24 h" not in shell.type("status", COLUMNS="70").stdout


def test_a_route_that_is_down_is_an_exit_code(shell: Shell) -> None:
    shell.upstream.__exit__()
    done = shell.type("status")
    assert done.returncode == 1 and "nothing listens" in done.stderr.lower()


def test_watching_draws_over_itself_on_a_terminal(shell: Shell) -> None:
    environment = shell.environment(TERM="xterm-256color")
    watching = Typist([*PROGRAM, "status", "--watch"], environment, columns=80)
    for _ in range(3):
        watching.wait_for("Gateway running")
    watching.wait_for("/mock/chat.*ok")
    assert watching.screen.text.count("Gateway running") == 1, watching.screen.text
    assert watching.screen.text.count("/mock/chat") == 1
    watching.child.send(INTERRUPT)
    assert watching.end() == 0


def test_watching_shows_each_change_once(capsys: pytest.CaptureFixture[str]) -> None:
    route = {
        "path": "/a/chat", "model": "m", "upstream": "h", "health": "ok", "message": "", "hint": "", "p50_ms": None,
        "tokens_24h": 0,
    }  # fmt: skip
    report: dict[str, Any] = {
        "running": True, "ready": True, "runtime": "process", "detail": "pid 1", "uptime_seconds": 1, "restarts": 0,
        "listeners": {}, "routes": [route], "local_model": None, "konnect": None,
    }  # fmt: skip
    later = [report, {**report, "uptime_seconds": 3}, {**report, "routes": [{**route, "tokens_24h": 77}]}]
    looked = iter(later)
    pauses = 0

    def pause() -> None:
        nonlocal pauses
        pauses += 1
        if pauses == len(later):
            raise KeyboardInterrupt

    watched(open_console("status"), lambda: next(looked), pause)
    shown = capsys.readouterr().out
    assert shown.count("Gateway running") == 2 and shown.count("77") == 1
