"""Everything the quickstart prints. Sole importer of rich. Not for: asking (prompter.py), wording (messages/), or
deciding what is said.

Three modes. "human": steps and marks on standard error while it works, results on standard output. "plain": one
`setup: name key=value` line per fact on standard output, progress on standard error. "json": one JSON document on
standard output, nothing else there. No cursor movement except one progress line on a real terminal, which ends as
permanent text, and a frame that is drawn over again. What was shown can be had again (`transcript`), and what is said
while a conversation is replayed is held back (`hold`).
"""

from __future__ import annotations

import io
import json
import shutil
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TextIO

from rich.console import Console as RichConsole
from rich.text import Text

from quickstart import layout
from quickstart.ticking import Ticking

Mode = Literal["human", "plain", "json"]
STYLES = {"ok": "green", "warn": "bold", "bad": "bold red"}


class Step:
    """A running step: `note` is shown at its end, `progress` while it runs."""

    def __init__(self, console: Console, text: str) -> None:
        self._console = console
        self._text = text
        self.shown = f"  {text} ..."
        self.noted = ""
        self.mark: Literal["ok", "warn", "bad"] = "ok"

    def note(self, text: str) -> None:
        self.noted = text

    def warn(self, text: str) -> None:
        """End with a warning mark and this note instead of success."""
        self.mark, self.noted = "warn", text

    def progress(self, text: str) -> None:
        self.shown = f"  {self._text}: {text}"
        self._console._transient(self.shown)


class Console:
    def __init__(
        self,
        mode: Mode = "human",
        environment: Mapping[str, str] | None = None,
        out: TextIO | None = None,
        err: TextIO | None = None,
        width: int | None = None,
        command: str = "setup",
        clock: Callable[[], float] = time.monotonic,
        tick: float = 1.0,
    ) -> None:
        environment = environment if environment is not None else {}
        self.mode: Mode = mode
        self._home = environment.get("HOME", "").rstrip("/")
        self.command = command
        self._out = out if out is not None else sys.stdout
        self._err = err if err is not None else sys.stderr
        self._clock = clock
        self._tick = tick
        self.transcript: deque[str] = deque(maxlen=5000)  # a log that is followed has no end
        """The last lines a person saw, without colour. No key of ours is in it; a provider's words may hold one."""
        self._held: list[tuple[TextIO, str, Text | None]] | None = None
        self._lock = threading.RLock()  # the progress line ticks in a thread of its own
        self._given_width = width
        for stream in (self._out, self._err):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")  # EUC-JP and CP932 terminals cannot carry every character
        encodings = [getattr(stream, "encoding", None) or "utf-8" for stream in (self._out, self._err)]
        self.glyphs = next((g for g in map(layout.glyphs, encodings) if g is layout.ASCII), layout.UNICODE)
        dumb = environment.get("TERM") == "dumb" or bool(environment.get("ACCESSIBLE"))
        if dumb:
            self.glyphs = layout.Glyphs("ok:", "note:", "error:", ">")
        terminal = self._err.isatty()
        forced = bool(environment.get("FORCE_COLOR"))
        colour = (terminal or forced) and not environment.get("NO_COLOR") and not dumb
        self._live = terminal and not dumb and mode == "human"
        self._colour = colour
        self._rich = {
            stream: RichConsole(
                file=stream, force_terminal=colour, no_color=not colour, highlight=False, emoji=False, markup=False,
                color_system="standard" if colour else None, width=10_000, legacy_windows=False,
            )
            for stream in (self._out, self._err)
        }  # fmt: skip
        self._pending = False
        self._frame: list[str] = []  # the lines of the last frame

    @property
    def width(self) -> int:
        """Columns to stay within, one left free so that no terminal wraps; measured anew at each use."""
        if self._given_width is not None:
            return self._given_width
        return max(20, shutil.get_terminal_size((80, 24)).columns - 1)

    def place(self, path: Path) -> str:
        """A path as people write it: `~/...` below the home directory."""
        return f"~/{path.relative_to(self._home)}" if self._home and path.is_relative_to(self._home) else str(path)

    # -- what is said while it works ------------------------------------------------------------------------------

    def say(self, text: str = "") -> None:
        """A sentence, wrapped; an empty one is an empty line."""
        if self.mode == "human":
            self._lines(layout.wrap(text, self.width) if text else [""])

    def heading(self, text: str, note: str = "") -> None:
        if self.mode != "human":
            return
        if self._held is not None:
            self._held.clear()  # of a replayed conversation, the part that is still about something
        self._lines([""])
        gap = self.width - layout.cells(text) - layout.cells(note)
        if note and gap >= 2:
            self._print(Text(text, style="bold") + Text(" " * gap + note))
        else:
            self._print(Text(text, style="bold"))
            if note:
                self._lines(layout.wrap(note, self.width))

    def item(self, text: str, note: str = "") -> None:
        """An indented line without a mark."""
        if self.mode == "human":
            first, *rest = self._two_columns("  " + text, note)
            self._lines([*self._fold(first, 2), *rest])

    def ok(self, text: str, note: str = "") -> None:
        if self.mode == "human":
            self._marked("ok", text, note)

    def warn(self, text: str, hint: str = "") -> None:
        """Something a person should know; it also reaches people who see only plain lines."""
        self._problem("warn", text, hint)

    def bad(self, text: str, hint: str = "") -> None:
        self._problem("bad", text, hint)

    def lines(self, lines: Sequence[str]) -> None:
        """Lines that are laid out already (a diff, a command): as they are."""
        if self.mode == "human":
            self._lines(lines)

    def answered(self, question: str, answer: str) -> None:
        """For the transcript: the prompter showed both already."""
        self.transcript.append(f"? {question}  {answer}")

    def hold(self) -> None:
        """From now on nothing is shown, until release()."""
        self._held = self._held or []

    def release(self) -> None:
        """Shows what was held back since the last heading, and everything from now on."""
        held, self._held = self._held or [], None
        for stream, line, styled in held:
            self._emit(stream, line, styled)

    @contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """Like step(), but leaves nothing behind: for what is usually too quick to be told."""
        with Ticking(lambda seconds: self._ticked(f"  {text} ...", seconds), self._tick):
            if self.mode == "human":
                self._transient(f"  {text} ...")
            yield
        self._clear()

    @contextmanager
    def step(self, text: str) -> Iterator[Step]:
        """A step that ends with its mark and its time. An exception marks it as failed and goes on."""
        step = Step(self, text)
        started = self._clock()
        if self.mode == "human":
            self._transient(f"  {text} ...")
        else:
            self._lines([f"{self.command}: {text} ..."])
        try:
            with Ticking(lambda seconds: self._ticked(step.shown, seconds), self._tick):
                yield step
        except BaseException:
            if self.mode == "human":
                self._marked("bad", text, step.noted)
            raise
        seconds = self._clock() - started
        if self.mode == "human":
            noted = step.noted or (f"{seconds:.1f} s" if seconds >= 0.1 else "")
            self._marked(step.mark, text, noted)
        elif step.mark != "ok":
            self._lines([f"{self.command}: {text}: {step.noted}"])

    @property
    def draws(self) -> bool:
        """Whether a frame can take the place of the one before: everything goes to one terminal."""
        return self._live and self._out.isatty()

    @contextmanager
    def frame(self) -> Iterator[None]:
        """What is said in it takes the place of the last frame, or stands below it where nothing can be drawn over."""
        if not self.draws:
            yield
            return
        self._held = []
        try:
            yield
        finally:
            held, self._held = self._held or [], None
        columns, rows = shutil.get_terminal_size((80, 24))
        with self._lock:
            if above := sum(max(1, -(-layout.cells(line) // columns)) for line in self._frame):
                self._err.write(f"\x1b[{above}A\r\x1b[J")
            # what has scrolled away cannot be drawn over
            if len(held) > rows - 1:
                held = [*held[: rows - 2], (self._err, "  ...", None)]
            for stream, line, styled in held:
                self._emit(stream, line, styled)
            self._frame = [line for _, line, _ in held]

    # -- results ---------------------------------------------------------------------------------------------------

    def fact(self, name: str, *words: str, **values: object) -> None:
        """plain mode: `setup: openai ok model=... path=...`; values with spaces are quoted as JSON strings."""
        if self.mode != "plain":
            return
        pairs = [f"{key}={_plain(value)}" for key, value in values.items()]
        self._lines([" ".join([f"{self.command}:", name, *words, *pairs])], self._out)

    def table(self, columns: Sequence[layout.Column], rows: Sequence[Sequence[str]], out: bool = True) -> None:
        """A table, or cards where it cannot fit. The first column names the row."""
        if self.mode != "human":
            return
        lines = layout.table(columns, rows, self.width)
        if not lines:
            lines = layout.cards([(row[0], row[1:]) for row in rows], self.width)
        self._lines(lines, self._out if out else None)

    def answer(self, lines: Sequence[str]) -> None:
        """Lines that are the result itself: on standard output, in human mode only."""
        if self.mode == "human":
            self._lines(lines, self._out)

    def reply(self, text: str) -> None:
        """A sentence that is the result itself, wrapped."""
        self.answer(layout.wrap(text, self.width))

    def piece(self, text: str) -> None:
        """A part of a result that comes bit by bit, without a line end of its own; in human mode only."""
        if self.mode == "human":
            self._clear()
            self._out.write(text)
            self._out.flush()

    def result(self, document: object) -> None:
        """json mode: the one document."""
        if self.mode == "json":
            self._out.write(json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n")
            self._out.flush()

    def error(self, message: str, hint: str = "") -> None:
        """What ended the command: always on standard error, in every mode."""
        self._problem("bad", message, hint)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _problem(self, mark: Literal["warn", "bad"], text: str, hint: str) -> None:
        if self.mode != "human":
            self._lines([f"{self.command}: {text}", *(f"  {line}" for line in hint.splitlines())])
            return
        self._marked(mark, text, "")
        for line in hint.splitlines():
            self._lines(layout.wrap(line, self.width, "    "))

    def _marked(self, mark: Literal["ok", "warn", "bad"], text: str, note: str) -> None:
        self._clear()
        glyph = getattr(self.glyphs, mark)
        prefix = f"  {glyph} "
        lines = self._two_columns(prefix + text, note)
        lines = [
            piece
            for number, line in enumerate(lines)
            for piece in (self._fold(line, layout.cells(prefix)) if number == 0 else [line])
        ]
        for number, line in enumerate(lines):
            if number == 0:
                shown = Text("  ") + Text(glyph, style=STYLES[mark]) + Text(line[2 + len(glyph) :])
                self._print(shown)
            else:
                self._lines([line])

    def _fold(self, line: str, indent: int) -> list[str]:
        if layout.cells(line) <= self.width:
            return [line]
        folded = layout.wrap(line, self.width - indent)
        return ["  " + folded[0], *(" " * indent + rest for rest in folded[1:])]

    def _two_columns(self, text: str, note: str) -> list[str]:
        """`note` beside `text` in a column of its own where both fit, else on the next line."""
        if not note:
            return [text]
        column = 42 if self.width >= 72 else 0
        gap = max(2, column - layout.cells(text))
        if layout.cells(text) + gap + layout.cells(note) <= self.width:
            return [text + " " * gap + note]
        return [text, *layout.wrap(note, self.width, "      ")]

    def _lines(self, lines: Sequence[str], stream: TextIO | None = None) -> None:
        for line in lines:
            self._emit(stream if stream is not None else self._err, line)

    def _print(self, text: Text) -> None:
        self._emit(self._err, text.plain, text)

    def _emit(self, stream: TextIO, line: str, styled: Text | None = None) -> None:
        """One permanent line, the one place where people's lines are written."""
        if self._held is not None:
            self._held.append((stream, line, styled))
            return
        with self._lock:
            self._clear()
            self.transcript.append(line)
            if styled is not None and self._colour:
                self._rich[stream].print(styled, soft_wrap=True)
            else:
                stream.write(f"{line}\n")
                stream.flush()

    def _transient(self, text: str) -> None:
        with self._lock:
            if self._live and self._held is None:
                self._err.write("\r\x1b[K" + layout.truncate(text, self.width))
                self._err.flush()
                self._pending = True

    def _ticked(self, text: str, seconds: int) -> None:
        """A step goes on. Where no line can be drawn over, that is said once."""
        with self._lock:
            if self._live:
                time_ = f"  {seconds} s"
                self._transient(layout.truncate(text, self.width - len(time_)) + time_)
            elif self.mode == "human" and seconds == 1:
                self._lines(layout.wrap(text, self.width, "  "))

    def _clear(self) -> None:
        with self._lock:
            if self._pending:
                self._err.write("\r\x1b[K")
                self._err.flush()
                self._pending = False


def _plain(value: Any) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if not text or any(c.isspace() or c in "\"'=" for c in text) else text
