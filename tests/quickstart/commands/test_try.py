"""`ai-gateway try` as it is typed: the answer on standard output alone, comparisons, JSON, Ctrl-C, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import pexpect
import pytest
from support.gateway_process import eventually
from support.launched import CANARY
from support.mock_server import Answer
from support.providers_mock import data_events
from support.shell import PROGRAM, Shell, talking


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    with talking(tmp_path_factory.mktemp("try")) as made:
        yield made


def test_the_answer_alone_is_on_standard_output(shell: Shell) -> None:
    done = shell.type("try", "1+1は?", "-r", "mock")
    assert (done.returncode, done.stdout) == (0, "You said: 1+1は?\n")
    assert "11 in, 7 out, " in done.stderr and CANARY not in done.stderr


def test_the_prompt_may_come_from_a_pipe_and_an_empty_one_is_refused(shell: Shell) -> None:
    piped = subprocess.run(
        [*PROGRAM, "try", "-r", "mock"], input="from a pipe", env=shell.environment(), capture_output=True, text=True
    )
    assert piped.stdout == "You said: from a pipe\n"
    done = shell.type("try", " ")
    assert done.returncode == 2 and "ai-gateway try" in done.stderr


def test_a_refusal_says_what_why_and_what_to_do(shell: Shell) -> None:
    done = shell.type("try", "Hi", "-r", "sour")
    assert (done.returncode, done.stdout) == (5, "")
    assert "credit" in done.stderr and "ai-gateway logs " in done.stderr


def test_all_routes_beside_each_other(shell: Shell) -> None:
    done = shell.type("try", "Hi", "--all")
    assert done.returncode == 5 and "You said: Hi" in done.stdout
    assert "/sour/chat: " in done.stderr and "front-door" not in done.stderr


def test_json_has_every_answer(shell: Shell) -> None:
    done = shell.type("try", "Hi", "--all", "--json")
    document = json.loads(done.stdout)
    assert [(one["path"], one["ok"]) for one in document["answers"]] == [("/mock/chat", True), ("/sour/chat", False)]
    assert document["answers"][0]["text"] == "You said: Hi"


@pytest.mark.parametrize(("words", "code"), [
    (["Hi", "-r", "nope"], 2), (["Hi", "-r", "mock", "--all"], 2), (["Hi", "--bogus"], 2),
])  # fmt: skip
def test_wrong_words(shell: Shell, words: list[str], code: int) -> None:
    done = shell.type("try", *words)
    assert done.returncode == code and "Traceback" not in done.stderr


def test_interrupted_it_stops_the_stream_and_says_so(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()

    def halting(chunks: list[dict[str, Any]]) -> Answer:
        def pieces() -> Iterator[bytes]:
            yield data_events(*chunks[:2], done=False).encode()
            gate.wait(30)  # the rest of the answer, which nobody is going to read

        return Answer(content_type="text/event-stream", pieces=pieces())

    monkeypatch.setattr(shell.upstream, "stream", halting)
    try:
        words = [*PROGRAM[1:], "try", "Hello there", "-r", "mock"]
        program = pexpect.spawn(PROGRAM[0], words, env=_terminal(shell))  # type: ignore[arg-type]
        program.expect("You said")
        program.sendintr()
        program.expect("Stopped")
        program.expect(pexpect.EOF)
        program.close()
        assert program.exitstatus == 130
        eventually(lambda: '"aborted":true' in "".join(shell.runner.logs(5)), "the gateway to see that nobody reads")
    finally:
        gate.set()


def _terminal(shell: Shell) -> dict[str, str]:
    return shell.environment(TERM="xterm", LANG="C.UTF-8", COLUMNS="100") | {"PATH": os.environ["PATH"]}


def test_a_reader_that_goes_is_no_error(shell: Shell) -> None:
    process = subprocess.Popen(
        [*PROGRAM, "try", "Hi", "-r", "mock"], env=shell.environment(), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    with process.stderr:
        assert b"Traceback" not in process.stderr.read()
    assert process.wait(30) == 0
