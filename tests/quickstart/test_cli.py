"""The command as a program is run: exit codes, streams, no trace of a key, and a conversation through a terminal."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pexpect
import pytest
from support.gateway_process import free_ports
from support.user import PORT_NAMES

from quickstart import cli, layout, messages
from quickstart.answers import INPUTS, questions
from quickstart.errors import Cancelled, KonnectError, PortTaken, QuickstartError

ROOT = Path(__file__).resolve().parent.parent.parent
CANARY = "sk-canary-DoNotShowThisAnywhere-9fQA"
QUIET = ["--no-check-keys", "--no-discover", "--runtime", "process"]


def environment(home: Path, **more: str) -> dict[str, str]:
    ports = dict(zip(PORT_NAMES, free_ports(len(PORT_NAMES)), strict=True))  # whoever runs this may have a gateway
    mine = {f"AI_GATEWAY_{name}_PORT": str(port) for name, port in ports.items()}
    kept = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"}
    return {**kept, **mine, "HOME": str(home), "PYTHONPATH": f"{ROOT}:{ROOT / 'gateway_image'}", **more}


def run(home: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "quickstart.cli", *arguments], env=environment(home, **variables), capture_output=True,
        text=True, stdin=subprocess.DEVNULL, start_new_session=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("arguments", [["setup", "--bogus"], ["nonsense"], ["setup", "--json"], ["setup", "extra"]])
def test_usage_errors_exit_with_two(tmp_path: Path, arguments: list[str]) -> None:
    ended = run(tmp_path, *arguments)
    assert ended.returncode == 2
    assert "--help" in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_without_a_terminal_setup_exits_with_three(tmp_path: Path) -> None:
    ended = run(tmp_path, "setup")
    assert ended.returncode == 3
    assert "ai-gateway setup --yes" in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_as_a_program(tmp_path: Path) -> None:
    ended = run(tmp_path, "setup", "--yes", "--dry-run", "--json", *QUIET, OPENAI_API_KEY=CANARY)
    assert ended.returncode == 0
    assert json.loads(ended.stdout)["runtime"] == "process"
    assert CANARY not in ended.stdout + ended.stderr


def test_errors_as_json(tmp_path: Path) -> None:
    ended = run(tmp_path, "setup", "--yes", "--json", "--control-plane", "konnect")
    assert ended.returncode == 6
    assert json.loads(ended.stdout)["exit_code"] == 6


def test_help_names_every_flag_and_variable(tmp_path: Path) -> None:
    shown = re.sub(r"\s+", " ", run(tmp_path, "setup", "--help").stdout)
    for name, question in {**questions(), **INPUTS}.items():
        if question.flag:
            assert question.flag.split("/")[0] in shown and question.environment(name) in shown


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (Cancelled(), 130), (KeyboardInterrupt(), 130), (KonnectError("x"), 6), (PortTaken("x"), 4),
        (QuickstartError("x"), 1), (BrokenPipeError(), 141),
    ],
)  # fmt: skip
def test_exceptions_become_exit_codes(
    raised: BaseException, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def explode(*_: Any) -> None:
        raise raised

    monkeypatch.setattr(cli.Setup, "run", explode)
    monkeypatch.setattr(cli.os, "dup2", lambda *_: None)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cli.main(["setup", "--yes"]) == code
    assert "Traceback" not in capfd.readouterr().err


def test_a_bug_is_told_in_one_line_and_reported_without_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def explode(*_: Any) -> None:
        raise RuntimeError(f"unexpected {CANARY}")

    monkeypatch.setattr(cli.Setup, "run", explode)
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cli.main(["setup", "--yes"]) == 1
    said = capfd.readouterr()
    assert "hit a bug" in said.err and "Traceback" not in said.err
    (report,) = (tmp_path / ".local/state/ai-gateway").glob("crash-*.txt")
    assert "RuntimeError" in report.read_text()
    assert CANARY not in report.read_text() + said.out + said.err
    assert report.stat().st_mode & 0o777 == 0o600


def test_the_version(tmp_path: Path) -> None:
    assert run(tmp_path, "--version").stdout.startswith("ai-gateway ")


def test_a_signal_unwinds_what_was_begun(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys\n"
        "from quickstart import cli\n"
        "def begun(*_):\n"
        "    try:\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "    finally:\n"
        "        print('undone')\n"
        "cli.Setup.run = begun\n"
        "sys.exit(cli.main(['setup', '--yes']))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (143, "undone\n")


STEPS = [
    (r"Continue\?", "y"), ("control plane", "\r"), ("key for OpenAI", f"{CANARY}\r"), ("Model of OpenAI", "\r"),
    ("key for Cohere", "\r"), ("key for Azure", "\r"), ("key for Anthropic", "\r"), ("Further hosted", "\r"),
    ("provider Mistral", "y"), ("URL of Mistral", "\r"), ("Model of Mistral", "\r"), ("provider Llama2", "n"),
    ("Another model server", "n"), (r"Apply\?", "\r"),
]  # fmt: skip


def spawn(home: Path, shell: str = "exec ") -> pexpect.spawn[str]:
    command = f"{shell}{sys.executable} -m quickstart.cli setup --dry-run {' '.join(QUIET)} --output-dir {home}/out"
    return pexpect.spawn(
        "/bin/sh", ["-c", command], env=environment(home), encoding="utf-8", timeout=30, dimensions=(40, 80)
    )  # type: ignore[arg-type]


@pytest.mark.parametrize("shell", ["exec ", "cat /dev/null | "], ids=["terminal", "piped"])
def test_a_conversation_through_a_terminal(tmp_path: Path, shell: str) -> None:
    terminal = spawn(tmp_path, shell)
    seen = ""
    for expected, keys in STEPS:
        terminal.expect(expected)
        seen += str(terminal.before)
        terminal.send(keys)
    terminal.expect("nothing was changed")
    terminal.expect(pexpect.EOF)
    seen += str(terminal.before)
    terminal.close()
    assert terminal.exitstatus == 0
    assert "ends 9fQA" in seen and "/mistral/chat" in seen
    assert CANARY not in seen
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("at", [0, 2, 3, 7, 13])
def test_interrupting_changes_nothing(tmp_path: Path, at: int) -> None:
    terminal = spawn(tmp_path)
    for expected, keys in STEPS[:at]:
        terminal.expect(expected)
        terminal.send(keys)
    terminal.expect(STEPS[at][0])
    terminal.send("\x03")
    terminal.expect("Nothing was changed")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 130
    assert list(tmp_path.iterdir()) == []


def test_the_builtin_model_may_be_declined_on_the_command_line(tmp_path: Path) -> None:
    ended = run(tmp_path, "setup", "--yes", "--dry-run", "--no-builtin-model", *QUIET)
    assert ended.returncode == 2
    assert "--builtin-model" in ended.stderr
    assert run(tmp_path, "setup", "--yes", "--dry-run", "--builtin-model", *QUIET).returncode == 0


@pytest.mark.parametrize("language", ["en", "ja"])
def test_typed_alone_it_tells_every_command_in_one_line_each(language: str, tmp_path: Path) -> None:
    alone = run(tmp_path, AI_GATEWAY_LANG=language)
    assert (alone.returncode, alone.stderr) == (0, "")
    assert alone.stdout == run(tmp_path, "--lang", language, "--help").stdout
    told = alone.stdout.split("Commands:\n")[1]
    names = cli.program.list_commands(click.Context(cli.program))
    texts = [messages.catalogue()[f"command.{name}"][language] for name in names]
    assert [line.split(None, 1)[1].strip() for line in told.splitlines()] == texts
    assert all(layout.cells(line) <= 79 for line in alone.stdout.splitlines())
