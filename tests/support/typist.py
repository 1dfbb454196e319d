"""Somebody at a terminal of a certain size and encoding who answers what a program asks, and what they see.

Not for: what is answered (the tests), how a terminal draws (terminal_screen.py).
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Mapping, Sequence

import pexpect
from support.terminal_screen import TerminalScreen

ENTER, SPACE, UP, DOWN, ESCAPE, INTERRUPT = "\r", " ", "\x1b[A", "\x1b[B", "\x1b", "\x03"
PATIENCE = 60.0


class Typist:
    """`command` runs in a pseudo-terminal; every answer waits for its question, so nothing is typed ahead."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        columns: int = 80,
        encoding: str = "utf-8",
        cwd: str | None = None,
    ) -> None:
        self.child: pexpect.spawn[str] = pexpect.spawn(
            command[0],
            list(command[1:]),
            env=dict(environment),
            cwd=cwd,
            encoding=encoding,
            timeout=PATIENCE,
            dimensions=(60, columns),
            codec_errors="replace",
        )  # type: ignore[arg-type]
        self.screen = TerminalScreen(columns)
        self.raw = ""
        self._read_to = 0

    @property
    def seen(self) -> str:
        """All that was written, colours and cursor movements taken out, in the order it came."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.raw)

    def _read(self) -> None:
        piece = self.child.read_nonblocking(65536, timeout=PATIENCE)
        self.raw += piece
        self.screen.feed(piece)

    def wait_for(self, question: str) -> None:
        """Returns when the regular expression `question` stands after what was answered before."""
        deadline = time.monotonic() + PATIENCE
        while not (found := re.search(question, self.seen[self._read_to :])):
            try:
                self._read()
            except pexpect.ExceptionPexpect as error:
                raise AssertionError(f"{type(error).__name__}: no {question!r} on this screen:\n{self.seen}") from None
            assert time.monotonic() < deadline, f"no {question!r} on this screen:\n{self.seen}"
        self._read_to += found.end()

    def drain(self) -> None:
        """Takes what is there or comes within a moment, so that the program can go on writing."""
        with contextlib.suppress(pexpect.TIMEOUT, pexpect.EOF):
            piece = self.child.read_nonblocking(65536, timeout=0.05)
            self.raw += piece
            self.screen.feed(piece)

    def answer(self, question: str, keys: str) -> None:
        self.wait_for(question)
        self.child.send(keys)

    def answers(self, script: Sequence[tuple[str, str]]) -> None:
        for question, keys in script:
            self.answer(question, keys)

    def end(self) -> int:
        """The exit code, once the program has ended; -N for death by signal N."""
        try:
            while True:
                self._read()
        except pexpect.EOF:
            self.child.close()
        except pexpect.TIMEOUT:
            raise AssertionError(f"it does not end; the screen:\n{self.seen}") from None
        return int(self.child.exitstatus if self.child.exitstatus is not None else -(self.child.signalstatus or 0))
