"""Asking by numbered lines: for screen readers, dumb terminals and anything that cannot move a cursor.

Not for: deciding when (prompter.open_prompter). Lines are read from one stream and written to another; nothing is drawn
over.
"""

from __future__ import annotations

import contextlib
import termios
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TextIO

from quickstart import messages
from quickstart.errors import Cancelled, EnvironmentProblem, WentBack

if TYPE_CHECKING:
    from quickstart.prompter import Choice

BACK = "<"
"""Typed alone, it asks for the question before; no key, name, model or URL begins with it."""


class PlainPrompter:
    def __init__(self, reading: TextIO, writing: TextIO) -> None:
        self._reading = reading
        self._writing = writing

    def _say(self, text: str) -> None:
        self._writing.write(text)
        self._writing.flush()

    def _line(self, prompt: str) -> str:
        try:
            self._say(prompt + " ")
            line = self._reading.readline()
        except KeyboardInterrupt:
            self._say("\n")
            raise Cancelled() from None
        if not line:
            if self._reading.isatty():
                raise Cancelled()
            raise EnvironmentProblem(messages.text("no_terminal"), messages.text("no_terminal_hint"))
        typed = line.rstrip("\r\n").strip()
        if typed == BACK:
            raise WentBack()
        return typed

    def confirm(self, question: str, default: bool = True) -> bool:
        while True:
            typed = self._line(f"{question} ({'Y/n' if default else 'y/N'})").lower()
            if not typed:
                return default
            if typed in {"y", "yes", "n", "no"}:
                return typed.startswith("y")
            self._say(messages.text("plain.yes_or_no") + "\n")

    def text(
        self,
        question: str,
        default: str = "",
        validate: Callable[[str], str] | None = None,
        proposals: Sequence[str] = (),
    ) -> str:
        while True:
            typed = (self._line(f"{question} [{default}]" if default else question) or default).strip()
            wrong = validate(typed) if validate else ""
            if not wrong:
                return typed
            self._say(wrong + "\n")

    def secret(self, question: str) -> str:
        with self._unechoed():
            typed = self._line(f"{question} {messages.text('plain.hidden')}")
        self._say("\n")
        return typed

    def select(self, question: str, choices: Sequence[Choice], default: str = "") -> str:
        self._menu(choices, ())
        first = next((index for index, choice in enumerate(choices, 1) if choice.value == default), 1)
        while True:
            typed = self._line(f"{question} {messages.text('plain.number', default=first)}")
            number = _number(typed or str(first), len(choices))
            if number:
                return choices[number - 1].value
            self._say(messages.text("plain.numbers_only", highest=len(choices)) + "\n")

    def checkbox(self, question: str, choices: Sequence[Choice]) -> list[str]:
        checked = [index for index, choice in enumerate(choices, 1) if choice.checked]
        self._menu(choices, checked)
        shown = " ".join(map(str, checked)) or messages.text("plain.none_word")
        while True:
            typed = self._line(f"{question} {messages.text('plain.numbers', default=shown)}")
            if not typed:
                return [choices[index - 1].value for index in checked]
            if typed.lower() in {"none", "0", "-"}:
                return []
            numbers = [_number(word, len(choices)) for word in typed.replace(",", " ").split()]
            if all(numbers):
                return [choice.value for index, choice in enumerate(choices, 1) if index in numbers]
            self._say(messages.text("plain.numbers_only", highest=len(choices)) + "\n")

    def _menu(self, choices: Sequence[Choice], checked: Sequence[int]) -> None:
        for index, choice in enumerate(choices, 1):
            mark = f" ({messages.text('plain.chosen')})" if index in checked else ""
            self._say(f"  {index}. {choice.title}{f', {choice.note}' if choice.note else ''}{mark}\n")

    @contextlib.contextmanager
    def _unechoed(self) -> Iterator[None]:
        """Echo off while a secret is typed, and on again whatever happens."""
        if not self._reading.isatty():
            yield
            return
        handle = self._reading.fileno()
        before = termios.tcgetattr(handle)
        silent = termios.tcgetattr(handle)
        silent[3] &= ~termios.ECHO
        try:
            termios.tcsetattr(handle, termios.TCSADRAIN, silent)
            yield
        finally:
            termios.tcsetattr(handle, termios.TCSADRAIN, before)


def _number(typed: str, highest: int) -> int:
    """1..highest, 0 when it is not."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 5 and 1 <= int(typed) <= highest else 0
