"""Numbered lines: what is typed decides, junk is asked again, the end of the stream ends it."""

from __future__ import annotations

import io
import os
import pty
import termios
import threading

import pytest

from quickstart.errors import Cancelled, EnvironmentProblem
from quickstart.prompter import Choice
from quickstart.prompter_plain import PlainPrompter

CHOICES = [Choice("a", "First", "note"), Choice("b", "Second", "", True), Choice("c", "Third")]


def prompter(typed: str) -> tuple[PlainPrompter, io.StringIO]:
    written = io.StringIO()
    return PlainPrompter(io.StringIO(typed), written), written


@pytest.mark.parametrize(
    ("typed", "default", "answer"),
    [
        ("\n", True, True),
        ("\n", False, False),
        ("y\n", False, True),
        ("NO\n", True, False),
        ("what\nyes\n", False, True),
    ],
)
def test_confirm(typed: str, default: bool, answer: bool) -> None:
    assert prompter(typed)[0].confirm("Sure?", default) is answer


def test_text_with_default_and_check() -> None:
    asking, written = prompter("\nbad\n good \n")
    assert asking.text("Name", "x") == "x"
    assert asking.text("Name", "", lambda typed: "Not that." if typed == "bad" else "") == "good"
    assert "Name [x]" in written.getvalue() and "Not that." in written.getvalue()


@pytest.mark.parametrize(("typed", "answer"), [("\n", "b"), ("1\n", "a"), ("9\nx\n3\n", "c")])
def test_select(typed: str, answer: str) -> None:
    asking, written = prompter(typed)
    assert asking.select("Which?", CHOICES, "b") == answer
    assert "  1. First, note\n  2. Second\n  3. Third\n" in written.getvalue()


@pytest.mark.parametrize(
    ("typed", "answer"), [("\n", ["b"]), ("3, 1\n", ["a", "c"]), ("none\n", []), ("1 9\n2\n", ["b"]), ("-\n", [])]
)
def test_checkbox(typed: str, answer: list[str]) -> None:
    asking, written = prompter(typed)
    assert asking.checkbox("Which?", CHOICES) == answer
    assert "Second (chosen)" in written.getvalue()


def test_the_end_of_a_stream_that_is_no_terminal() -> None:
    with pytest.raises(EnvironmentProblem, match="no terminal") as ended:
        prompter("")[0].text("Name")
    assert ended.value.exit_code == 3


def test_interrupt_cancels() -> None:
    class Interrupted(io.StringIO):
        def readline(self, size: int | None = -1, /) -> str:
            raise KeyboardInterrupt

    with pytest.raises(Cancelled) as cancelled:
        PlainPrompter(Interrupted(), io.StringIO()).confirm("Sure?")
    assert cancelled.value.exit_code == 130


def test_a_secret_is_not_echoed_and_echo_comes_back() -> None:
    master, slave = pty.openpty()
    with os.fdopen(slave, "r") as reading:
        written = io.StringIO()
        asked = threading.Event()

        class Watched(io.StringIO):
            def write(self, text: str, /) -> int:
                if "Key" in text:
                    asked.set()
                return written.write(text)

        typed: list[str] = []
        thread = threading.Thread(target=lambda: typed.append(PlainPrompter(reading, Watched()).secret("Key")))
        thread.start()
        assert asked.wait(10)
        assert not termios.tcgetattr(reading.fileno())[3] & termios.ECHO
        os.write(master, b"sk-canary\n")
        thread.join(10)
        assert typed == ["sk-canary"]
        assert termios.tcgetattr(reading.fileno())[3] & termios.ECHO
        os.set_blocking(master, False)
        try:
            echoed = os.read(master, 1000)
        except BlockingIOError:
            echoed = b""
        assert b"canary" not in echoed
        assert "canary" not in written.getvalue()
    os.close(master)
