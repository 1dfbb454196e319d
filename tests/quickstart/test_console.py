"""Three modes, any width, any encoding: results on one stream, progress on the other, never wider than the terminal."""

from __future__ import annotations

import io
import json
import re
import threading
from pathlib import Path

import pytest
from support.setup_parts import Screen
from support.terminal_screen import TerminalScreen

from quickstart import layout
from quickstart.console import Console
from quickstart.layout import Column

COLUMNS = [Column("Route"), Column("Model", stretch=True), Column("Health")]
ROWS = [("/mistral/chat", "mistral-7b-instruct-v0.1.Q4_K_M.gguf-日本語", "ok")]


def say_everything(console: Console) -> None:
    console.heading("Looking around", "Ctrl-C changes nothing")
    console.say("A sentence that is long enough to be wrapped on any of the terminals that are tried here. " * 2)
    console.ok("Model server on port 7999 that has a long title", "llama-cpp-python, 1 model")
    console.item("Ollama", "not running")
    console.warn(
        "cannot check the key: no answer from api.openai.com (timeout 10 s)", "HTTPS_PROXY is not set.\nSet it."
    )
    console.bad("key rejected")
    with console.step("Gateway started") as step:
        step.progress("waiting")
        step.note("pid 1")
    console.table(COLUMNS, ROWS)


@pytest.mark.parametrize("width", [30, 44, 60, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    screen = Screen(width=width)
    say_everything(screen.console)
    assert all(layout.cells(line) <= width for line in screen.text.splitlines())


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "euc_jp", "cp932", "latin-1"])
@pytest.mark.parametrize(
    "environment", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}, {"ACCESSIBLE": "1"}, {"FORCE_COLOR": "1"}]
)
def test_every_encoding_carries_it(encoding: str, environment: dict[str, str]) -> None:
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding=encoding) for _ in range(2))
    say_everything(Console("human", environment, out, err, 80))
    for stream in (out, err):
        stream.flush()
        assert isinstance(stream.buffer, io.BytesIO)
        assert b"\xef\xbf\xbd" not in stream.buffer.getvalue()
        stream.buffer.getvalue().decode(encoding)


@pytest.mark.parametrize(
    "environment", [{}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, {"TERM": "dumb", "FORCE_COLOR": "1"}]
)
def test_no_colour_where_it_is_not_wanted(environment: dict[str, str]) -> None:
    screen = Screen(environment=environment)
    say_everything(screen.console)
    assert "\x1b" not in screen.text


def test_colour_where_it_is_forced() -> None:
    screen = Screen(environment={"FORCE_COLOR": "1"})
    screen.console.ok("done")
    assert "\x1b[32m✓\x1b[0m done" in screen.text


def test_words_instead_of_marks_for_screen_readers() -> None:
    screen = Screen(environment={"ACCESSIBLE": "1"})
    screen.console.ok("done")
    screen.console.bad("wrong")
    assert screen.text == "  ok: done\n  error: wrong\n"


def test_results_and_progress_have_their_own_streams() -> None:
    screen = Screen()
    screen.console.ok("progress")
    screen.console.table(COLUMNS, ROWS)
    screen.console.answer(["the result"])
    assert "progress" in screen.err.getvalue() and "progress" not in screen.out.getvalue()
    assert "/mistral/chat" in screen.out.getvalue()
    assert screen.out.getvalue().endswith("the result\n")


def test_plain_mode_prints_facts_alone() -> None:
    screen = Screen("plain")
    say_everything(screen.console)
    screen.console.answer(["for people"])
    screen.console.fact("openai", "ok", model="gpt 6", path="/openai/chat", ms=598, empty="")
    assert screen.out.getvalue() == 'setup: openai ok model="gpt 6" path=/openai/chat ms=598 empty=""\n'
    assert "key rejected" in screen.err.getvalue()
    assert "Gateway started" in screen.err.getvalue()


def test_json_mode_prints_one_document_and_nothing_else() -> None:
    screen = Screen("json")
    say_everything(screen.console)
    screen.console.fact("x", "ok")
    screen.console.answer(["x"])
    screen.console.result({"routes": ["日本"]})
    assert json.loads(screen.out.getvalue()) == {"routes": ["日本"]}


def test_a_failed_step_says_so_and_the_exception_goes_on() -> None:
    screen = Screen()
    with pytest.raises(ValueError, match="x"), screen.console.step("Gateway started"):
        raise ValueError("x")
    assert screen.text == "  ✗ Gateway started\n"


def test_a_step_may_end_with_a_warning() -> None:
    screen = Screen("plain")
    with screen.console.step("One test request per route") as step:
        step.warn("1 of 3 did not answer well")
    assert "1 of 3 did not answer well" in screen.err.getvalue()


def test_time_is_told_when_there_was_any() -> None:
    ticks = iter([0.0, 1.25])
    err = io.StringIO()
    with Console("human", {}, io.StringIO(), err, 80, clock=lambda: next(ticks)).step("Gateway started"):
        pass
    assert err.getvalue() == "  ✓ Gateway started                       1.2 s\n"


def test_a_table_too_narrow_becomes_cards() -> None:
    screen = Screen(width=34)
    screen.console.table(COLUMNS, ROWS)
    assert screen.out.getvalue().splitlines()[0] == "  /mistral/chat"


def test_the_progress_line_of_a_terminal_leaves_no_trace() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    err = Terminal()
    console = Console("human", {"NO_COLOR": "1"}, io.StringIO(), err, 80, clock=lambda: 0.0)
    with console.step("Image") as step:
        step.progress("layer 1")
    assert err.getvalue().endswith("\r\x1b[K  ✓ Image\n")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_long_step_is_seen_to_go_on() -> None:
    seen = threading.Event()

    class Watched(Terminal):
        def write(self, text: str) -> int:
            if "2 s" in text:
                seen.set()
            return super().write(text)

    err = Watched()
    console = Console("human", {}, io.StringIO(), err, 40, clock=lambda: 0.0, tick=0.001)
    with console.step("Installing something with a rather long name") as step:
        step.progress("wheel 3 of 7")
        assert seen.wait(30)
    drawn = [piece for piece in re.split(r"\r\x1b\[K", err.getvalue()) if " s" in piece and "\n" not in piece]
    assert drawn and all(layout.cells(line) <= 40 for line in drawn)


def test_where_nothing_can_be_drawn_over_it_is_said_once() -> None:
    ticks = threading.Event()

    class Watched(io.StringIO):
        def write(self, text: str) -> int:
            ticks.set()
            return super().write(text)

    err = Watched()
    console = Console("human", {"ACCESSIBLE": "1"}, io.StringIO(), err, 80, clock=lambda: 0.0, tick=0.001)
    with console.step("Installing"):
        assert ticks.wait(30)
    assert err.getvalue() == "  Installing ...\n  ok: Installing\n"


def test_waiting_leaves_nothing_behind() -> None:
    err = Terminal()
    with Console("human", {}, io.StringIO(), err, 80).waiting("Asking"):
        pass
    assert err.getvalue() == "\r\x1b[K  Asking ...\r\x1b[K"
    with Screen().console.waiting("Asking"):
        pass


def test_what_is_held_back_is_shown_from_the_last_heading() -> None:
    screen = Screen()
    screen.console.hold()
    screen.console.heading("First")
    screen.console.ok("lost")
    screen.console.heading("Second")
    screen.console.answer(["kept"])
    assert screen.text == "" and not screen.console.transcript
    screen.console.release()
    assert screen.err.getvalue() == "\nSecond\n" and screen.out.getvalue() == "kept\n"
    assert list(screen.console.transcript) == ["", "Second", "kept"]


def test_the_transcript_has_no_colour_and_no_progress() -> None:
    screen = Screen(environment={"FORCE_COLOR": "1"})
    with screen.console.step("Gateway started") as step:
        step.progress("waiting")
    screen.console.answered("Sure?", "y")
    assert list(screen.console.transcript) == ["  ✓ Gateway started", "? Sure?  y"]


def test_paths_are_told_as_people_write_them() -> None:
    console = Screen(environment={"HOME": "/home/ada"}).console
    assert console.place(Path("/home/ada/kong/ai-gateway")) == "~/kong/ai-gateway"
    assert console.place(Path("/home/adam/x")) == "/home/adam/x"
    assert Screen().console.place(Path("/srv/x")) == "/srv/x"


def frames(console: Console) -> None:
    for number in (1, 2, 3):
        with console.frame():
            console.answer([f"looked {number} times", "a" * 50])
            console.warn("something is down", "Type this.")


def test_a_frame_takes_the_place_of_the_last_one_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("LINES", "10")
    both = Terminal()
    console = Console("human", {"TERM": "xterm", "NO_COLOR": "1"}, both, both)
    frames(console)
    screen = TerminalScreen(40)
    screen.feed(both.getvalue().replace("\n", "\r\n"))
    assert [line for line in screen.lines if line][:3] == ["looked 3 times", "a" * 40, "a" * 10]
    assert len([line for line in screen.lines if line]) == 5
    with console.frame():
        console.answer([f"line {number}" for number in range(30)])
    screen.feed(both.getvalue().rpartition("\x1b[J")[2].replace("\n", "\r\n"))
    assert "line 7" in screen.text and "line 8" not in screen.text, "as many as the terminal has rows for"


def test_frames_are_appended_where_there_is_no_terminal() -> None:
    screen = Screen(width=80)
    assert not screen.console.draws
    frames(screen.console)
    assert screen.out.getvalue().count("looked") == 3 and "\x1b" not in screen.out.getvalue()
