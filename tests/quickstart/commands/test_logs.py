"""`ai-gateway logs` as it is typed: earlier lines, new lines, a reader that goes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.gateway_process import eventually
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
