"""`ai-gateway key` as it is typed: from a prompt, a file and standard input; a key that does not work is told."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
from support.launched import CANARY, SECRET
from support.shell import PROGRAM, Shell, shell_in

from quickstart import secret_file

pytestmark = pytest.mark.timeout(180)  # many commands, one after the other

NEW = f"{CANARY}-new"


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with shell_in(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    with shell_in(tmp_path_factory.mktemp("key")) as made:
        yield made


def stored(shell: Shell) -> str:
    return secret_file.read(shell.places.secrets)[0][SECRET]


def test_from_a_file_and_at_once_in_use(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"export OPENAI_API_KEY='{NEW}'\n")
    shell.upstream.key = NEW
    pid = shell.pid
    done = shell.type("key", "mock", "--key-file", str(file))
    assert done.returncode == 0, done.stderr
    assert "uses the new key (****-new) now, without a restart" in done.stdout
    assert (shell.ask().status, shell.pid, stored(shell)) == (200, pid, f"Bearer {NEW}")
    assert NEW not in done.stdout + done.stderr
    assert "for ai-gateway undo" in done.stdout and "another key: MOCK_AUTH_HEADER" in shell.type("history").stdout
    looked = shell.type("undo", "--dry-run")
    assert "The key before comes back: MOCK_AUTH_HEADER (****37c2)" in " ".join(looked.stderr.split())
    assert CANARY not in looked.stderr + looked.stdout
    again = json.loads(shell.type("key", "mock", "--key-file", str(file), "--json").stdout)
    assert again == {"provider": "mock", "changed": False, "routes": []}


def typed(shell: Shell, *words: str, text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, "key", *words], env=shell.environment(), input=text, capture_output=True, text=True, timeout=60
    )


def test_from_standard_input_and_with_strict_put_back_when_it_does_not_work(shell: Shell) -> None:
    done = typed(shell, "mock", "--strict", text="sk-wrong-1234567890\n")
    assert done.returncode == 5 and "not taken" in done.stderr
    assert stored(shell) == f"Bearer {CANARY}" and shell.ask().status == 200
    done = typed(shell, "mock", text="sk-wrong-1234567890\n")
    assert done.returncode == 0 and "answered before this change and does not now" in done.stderr
    assert shell.ask().status == 401


@pytest.mark.parametrize(
    ("text", "words", "code", "said"),
    [
        ("", (), 3, "ai-gateway key mock --key-file FILE"),
        ("", ("--yes",), 2, "No key was given"),
        ("a\nb\n", (), 2, "2 lines"),
        ("two words\n", (), 2, "a space or a line break"),
        ("-", ("grog",), 2, "With a key: mock"),
    ],
)
def test_no_key_is_no_change(text: str, words: tuple[str, ...], code: int, said: str, shared: Shell) -> None:
    done = typed(shared, *(words if "grog" in words else ("mock", *words)), text=text)
    assert done.returncode == code and said in done.stderr, done.stderr
    assert stored(shared) == f"Bearer {CANARY}"


def test_at_a_prompt_nothing_is_shown_and_a_wrong_key_can_be_put_back(shell: Shell) -> None:
    child = pexpect.spawn(
        sys.executable, ["-P", "-m", "quickstart.cli", "key", "mock"], env=shell.environment(TERM="xterm-256color",
        PROMPT_TOOLKIT_NO_CPR="1"), encoding="utf-8", timeout=60, dimensions=(40, 100),
    )  # fmt: skip
    child.expect(r"New API key for Mock \(hidden\)")
    child.send("sk-wrong-1234567890\r")
    child.expect(r"Go back to how it was\?")
    seen = child.before or ""
    child.send("y")
    child.expect("Gone back")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0 and "sk-wrong" not in seen
    assert stored(shell) == f"Bearer {CANARY}" and shell.ask().status == 200


def test_at_rest_it_is_stored_for_the_next_start(shell: Shell) -> None:
    shell.runner.stop()
    done = typed(shell, "mock", text=NEW)
    assert done.returncode == 0 and "start it: ai-gateway start" in " ".join(done.stdout.split())
    assert stored(shell) == f"Bearer {NEW}"
