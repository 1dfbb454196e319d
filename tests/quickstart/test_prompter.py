"""Real prompts on a pseudo-terminal, typed by a program: each kind, both styles, interrupt at each, no terminal."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import termios
from pathlib import Path

import pexpect
import pytest

from quickstart import layout
from quickstart.prompter import Choice, QuestionaryPrompter, ScriptedPrompter, _folded, lines

ROOT = Path(__file__).resolve().parent.parent.parent
COMMAND = "support.ask_everything"
QUESTIONS = [r"Sure\?", r"Name\?", r"Model\?", r"Key\?", r"Where\?", r"Which\?"]
SECRET = "sk-canary-DoNotShow"
DOWN = "\x1b[B"


def environment(**more: str) -> dict[str, str]:
    usual = {name: value for name, value in os.environ.items() if name not in ("ACCESSIBLE", "NO_COLOR")}
    paths = os.pathsep.join(str(ROOT / part) for part in ("", "gateway_image", "tests"))
    return {**usual, "PYTHONPATH": paths, "PROMPT_TOOLKIT_NO_CPR": "1", "TERM": "xterm-256color", **more}


def spawn(shell: str = "", **more: str) -> pexpect.spawn[str]:
    command = f"{shell or 'exec '}{sys.executable} -m {COMMAND}"
    return pexpect.spawn(
        "/bin/sh", ["-c", command], env=environment(**more), encoding="utf-8", timeout=20, dimensions=(30, 80)
    )  # type: ignore[arg-type]


def answers_of(terminal: pexpect.spawn[str]) -> list[object]:
    terminal.expect(r"RESULT (.*)\r\n")
    assert isinstance(terminal.match, object)
    found = json.loads(terminal.match.group(1))  # type: ignore[union-attr]
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    return list(found)


@pytest.mark.parametrize("shell", ["", "cat /dev/null | "], ids=["terminal", "piped"])
def test_arrows_space_and_enter(shell: str) -> None:
    terminal = spawn(shell)
    seen = ""
    for question, keys in zip(QUESTIONS, ["y", "-2\r", "\r", f"{SECRET}\r", DOWN + "\r", " \r"], strict=True):
        terminal.expect(question)
        seen += terminal.before or ""
        terminal.send(keys)
    assert answers_of(terminal) == [True, "proposal-2", "gpt", len(SECRET), "c", ["a", "b"]]
    assert SECRET not in seen + (terminal.before or "")


def test_what_is_refused_is_asked_again() -> None:
    terminal = spawn()
    terminal.expect(QUESTIONS[0])
    terminal.send("n")
    terminal.expect(QUESTIONS[1])
    terminal.send("\x15bad\r")
    terminal.expect("Not that")
    terminal.send("\x15good\r")
    for question in QUESTIONS[2:]:
        terminal.expect(question)
        terminal.send("\r")
    assert answers_of(terminal) == [False, "good", "gpt", 0, "b", ["b"]]


@pytest.mark.parametrize("variable", [{"TERM": "dumb"}, {"ACCESSIBLE": "1"}], ids=["dumb", "accessible"])
def test_numbered_lines(variable: dict[str, str]) -> None:
    terminal = spawn(**variable)
    for question, keys in zip(QUESTIONS, ["y\r", "x\r", "\r", f"{SECRET}\r", "3\r", "1 2\r"], strict=True):
        terminal.expect(question)
        terminal.send(keys)
    assert answers_of(terminal) == [True, "x", "gpt", len(SECRET), "c", ["a", "b"]]


@pytest.mark.parametrize(
    ("variable", "keys"), [({}, "\x1b"), ({}, "<"), ({"ACCESSIBLE": "1"}, " < \r")], ids=["escape", "sign", "plain"]
)
def test_going_back_from_every_prompt(variable: dict[str, str], keys: str) -> None:
    terminal = spawn(**variable)
    for question in QUESTIONS:
        terminal.expect(question)
        terminal.send(keys)
    assert answers_of(terminal) == ["went back"] * 6


def test_a_sign_inside_a_text_and_keys_that_begin_with_escape_are_no_way_back() -> None:
    terminal = spawn()
    typed = ["y", "a<b\r", "\x15\x1b[200~<x>\x1b[201~\r", "k<\r", f"{DOWN}\r", f"{DOWN}{DOWN} \r"]
    for question, keys in zip(QUESTIONS, typed, strict=True):
        terminal.expect(question)
        terminal.send(keys)
    assert answers_of(terminal) == [True, "proposala<b", "<x>", 2, "c", ["b", "c"]]


@pytest.mark.parametrize("columns", [44, 60, 100])
def test_long_questions_and_menus_are_folded_between_words(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    question = "Which of the servers found on this machine should the gateway use?"
    folded = _folded(question, "(space, enter; < goes back)")
    assert folded.replace("\n  ", " ").strip() == question
    shown = f"? {folded} (space, enter; < goes back)"
    assert all(layout.cells(line) < columns for line in shown.splitlines())
    choices = [Choice("a", "llama-cpp-python", "http://localhost:7999  mistral-7b-instruct-v0.1.Q4_K_M"), CHOICE]
    drawn = lines(choices, columns - 9)
    assert all(layout.cells(line) <= columns - 9 for line in drawn)
    assert len({layout.cells(line[: line.index(word)]) for line, word in zip(drawn, ("ht", "モ"), strict=True)}) == 1


CHOICE = Choice("b", "日本語のサーバー", "モデル 1 個")


@pytest.mark.parametrize("plain", [{}, {"ACCESSIBLE": "1"}], ids=["arrows", "plain"])
@pytest.mark.parametrize("at", range(len(QUESTIONS)))
def test_interrupt_at_every_prompt(at: int, plain: dict[str, str]) -> None:
    terminal = spawn(**plain)
    for number, question in enumerate(QUESTIONS):
        terminal.expect(question)
        if number == at:
            terminal.sendintr() if plain else terminal.send("\x03")
            break
        terminal.send("y\r" if number == 0 and plain else "y" if number == 0 else "\r")
    terminal.expect("ENDED 130")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 130


def test_without_a_terminal_it_says_how_to_go_on() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", COMMAND], env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
        start_new_session=True, timeout=30, check=False,
    )  # fmt: skip
    assert ended.returncode == 3
    assert "no terminal" in ended.stderr


def test_a_script_fails_at_the_first_surprise() -> None:
    script = ScriptedPrompter([("Sure", True)])
    assert script.confirm("Sure?") is True
    with pytest.raises(LookupError, match="has ended"):
        script.text("Name?")
    with pytest.raises(LookupError, match="expects a question with 'Name'"):
        ScriptedPrompter([("Name", "x")]).text("Model?")
    with pytest.raises(LookupError, match="no choice"):
        ScriptedPrompter([("Where", "z")]).select("Where?", [Choice("a", "A")])
    with pytest.raises(KeyboardInterrupt):
        ScriptedPrompter([("Sure", KeyboardInterrupt)]).confirm("Sure?")


def test_a_window_that_was_closed_is_no_error_of_ours() -> None:
    """What the person meant stays: that it ends, by a signal."""
    window, terminal = os.openpty()
    unbuffered = open(os.dup(terminal), "wb", buffering=0)  # noqa: SIM115 - closed with what wraps it
    with open(terminal) as reading, io.TextIOWrapper(unbuffered, write_through=True) as writing:
        prompter = QuestionaryPrompter(reading, writing)
        with pytest.raises(SystemExit) as ended, prompter._terminal_as_before():
            os.close(window)
            with pytest.raises(termios.error):
                termios.tcgetattr(terminal)
            raise SystemExit(129)
    assert ended.value.code == 129
