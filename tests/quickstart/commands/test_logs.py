"""`ai-gateway logs` as it is typed: earlier lines, new lines, a reader that goes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.gateway_process import eventually
from support.launched import CANARY
from support.shell import Shell, shell_in


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with shell_in(tmp_path) as made:
        yield made


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


def test_a_request_is_a_line_for_people_and_found_by_its_id(shell: Shell) -> None:
    request_id = shell.ask().headers["x-kong-request-id"]
    eventually(lambda: request_id in "".join(shell.runner.logs(9)), "the access log")
    shown = shell.type("logs", "mock", "-n", "1").stdout
    assert re.fullmatch(
        rf"\d\d:\d\d:\d\d 200 /mock/chat gpt-6-luna \d+ ms 11\+7 tok  req {request_id[-8:]}\n", shown
    ), shown
    one = shell.type("logs", request_id[-8:])
    assert one.returncode == 0 and request_id in one.stdout and "prompt_tokens" in one.stdout
    raw = json.loads(shell.type("logs", request_id, "--json").stdout)
    assert raw["request_id"] == request_id


def test_why_a_request_failed_stands_below_it(shell: Shell) -> None:
    shell.upstream.trouble = "no_credit"
    shell.ask()
    eventually(lambda: '"status":429' in "".join(shell.runner.logs(9)), "the access log")
    shown = shell.type("logs", "/mock/chat", "-n", "1").stdout.splitlines()
    assert " 429 /mock/chat" in shown[0]
    assert shown[1].startswith("           ") and "no credit" in shown[1]
    assert CANARY not in "".join(shown)


def test_a_route_or_request_that_is_not_there(shell: Shell) -> None:
    assert "No request to mock" in shell.type("logs", "mock", "-n", "0").stderr
    done = shell.type("logs", "ffffffff")
    assert done.returncode == 1 and "No request ffffffff" in done.stderr
    done = shell.type("logs", "nonsense")
    assert done.returncode == 2 and "mock" in done.stderr
