"""Asking. The Prompter protocol and its three forms: questionary on a terminal (sole importer of questionary), numbered
lines where a screen reader or a dumb terminal needs them (prompter_plain.py), and a script for tests.

Not for: wording (messages/), checking answers (the screens), printing. Ctrl-C at any prompt raises Cancelled; no
terminal to ask on raises EnvironmentProblem with how to go on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple, Protocol, TextIO

import questionary
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_input
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput
from prompt_toolkit.output import create_output
from questionary.prompts import common as questionary_marks

from quickstart import messages
from quickstart.errors import Cancelled, EnvironmentProblem
from quickstart.prompter_plain import PlainPrompter

# its circles take one cell on some terminals and two on others, and a screen reader says "white circle"
setattr(questionary_marks, "INDICATOR_SELECTED", "[x]")  # noqa: B010 - not exported for the type checker
setattr(questionary_marks, "INDICATOR_UNSELECTED", "[ ]")  # noqa: B010

Validate = Callable[[str], str]
"""Gives what is wrong with a text, "" when nothing is."""


class Choice(NamedTuple):
    value: str
    title: str
    note: str = ""
    checked: bool = False


class Prompter(Protocol):
    def confirm(self, question: str, default: bool = True) -> bool: ...

    def text(
        self, question: str, default: str = "", validate: Validate | None = None, proposals: Sequence[str] = ()
    ) -> str:
        """One line, stripped. `proposals` may be completed to; any other text may be typed too."""

    def secret(self, question: str) -> str:
        """One line that is never shown."""

    def select(self, question: str, choices: Sequence[Choice], default: str = "") -> str: ...

    def checkbox(self, question: str, choices: Sequence[Choice]) -> list[str]: ...


def open_prompter(environment: Mapping[str, str]) -> Prompter:
    """The prompter this terminal can carry. Raises EnvironmentProblem (exit 3) when there is none to ask on."""
    plain = environment.get("TERM", "dumb") == "dumb" or bool(environment.get("ACCESSIBLE"))
    if sys.stdin.isatty() and sys.stdout.isatty():
        return PlainPrompter(sys.stdin, sys.stderr) if plain else QuestionaryPrompter()
    try:
        # in `curl ... | bash` standard input is the script: the terminal is still there under its own name
        reading = open("/dev/tty", encoding=sys.stdin.encoding or "utf-8")  # noqa: SIM115, PTH123 - lives as long as we ask
        writing = open("/dev/tty", "w", encoding=sys.stdin.encoding or "utf-8")  # noqa: SIM115, PTH123
    except OSError:
        raise no_terminal() from None
    return PlainPrompter(reading, writing) if plain else QuestionaryPrompter(reading, writing)


def no_terminal() -> EnvironmentProblem:
    return EnvironmentProblem(messages.text("no_terminal"), messages.text("no_terminal_hint"))


class QuestionaryPrompter:
    """Arrow keys, space and enter. With streams given, those instead of standard input and output."""

    def __init__(self, reading: TextIO | None = None, writing: TextIO | None = None) -> None:
        self._reading = reading
        self._writing = writing

    def _session(self) -> AbstractContextManager[Any]:
        if self._reading is None or self._writing is None:
            return nullcontext()
        return create_app_session(input=create_input(self._reading), output=create_output(self._writing))

    def _ask(self, make: Callable[[], questionary.Question]) -> Any:
        try:
            with self._session():
                answer = make().unsafe_ask()
        except KeyboardInterrupt:
            raise Cancelled() from None
        except EOFError:
            # Ctrl-D on a terminal means stop; a stream that ended cannot be asked
            stream = self._reading if self._reading is not None else sys.stdin
            if stream.isatty() and os.isatty(stream.fileno()):
                raise Cancelled() from None
            raise no_terminal() from None
        if answer is None:
            raise Cancelled()
        return answer

    def confirm(self, question: str, default: bool = True) -> bool:
        return bool(self._ask(lambda: questionary.confirm(question, default=default)))

    def text(
        self, question: str, default: str = "", validate: Validate | None = None, proposals: Sequence[str] = ()
    ) -> str:
        def checked(typed: str) -> bool | str:
            return (validate(typed.strip()) if validate else "") or True

        if proposals:
            return str(
                self._ask(
                    lambda: questionary.autocomplete(
                        question, choices=list(proposals), default=default, validate=checked, match_middle=True
                    )
                )
            ).strip()
        return str(self._ask(lambda: questionary.text(question, default=default, validate=checked))).strip()

    def secret(self, question: str) -> str:
        return str(
            self._ask(lambda: questionary.text(question, is_password=True, input_processors=[_ShowNothing()]))
        ).strip()

    def select(self, question: str, choices: Sequence[Choice], default: str = "") -> str:
        made = [questionary.Choice(_line(choice), value=choice.value) for choice in choices]
        first = next((item for item in made if item.value == default), None)
        return str(self._ask(lambda: questionary.select(question, choices=made, default=first, instruction="(arrows)")))

    def checkbox(self, question: str, choices: Sequence[Choice]) -> list[str]:
        made = [questionary.Choice(_line(choice), value=choice.value, checked=choice.checked) for choice in choices]
        answer = self._ask(lambda: questionary.checkbox(question, choices=made, instruction="(space, enter)"))
        return [str(value) for value in answer]


def _line(choice: Choice) -> str:
    return f"{choice.title:<22} {choice.note}" if choice.note else choice.title


class _ShowNothing(Processor):
    """Not even stars: those for a key of 164 characters wrap, and frighten."""

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        return Transformation([], source_to_display=lambda _: 0, display_to_source=lambda _: 0)


class ScriptedPrompter:
    """Answers from a list of (part of the question, answer); an exception type as the answer is raised.

    A question that the script does not expect fails at once, with what was asked.
    """

    def __init__(self, script: Sequence[tuple[str, Any]]) -> None:
        self.script = list(script)
        self.asked: list[str] = []

    def _next(self, question: str) -> Any:
        self.asked.append(question)
        if not self.script:
            raise LookupError(f"the script has ended, but this was asked: {question}")
        expected, answer = self.script.pop(0)
        if expected.lower() not in question.lower():
            raise LookupError(f"the script expects a question with {expected!r}, but this was asked: {question}")
        if isinstance(answer, type) and issubclass(answer, BaseException):
            raise answer()
        return answer

    def confirm(self, question: str, default: bool = True) -> bool:
        answer = self._next(question)
        return default if answer is None else bool(answer)

    def text(
        self, question: str, default: str = "", validate: Validate | None = None, proposals: Sequence[str] = ()
    ) -> str:
        while True:
            answer = self._next(question)
            typed = default if answer is None else str(answer).strip()
            if not (validate and validate(typed)):
                return typed
            self.asked.append(f"  refused: {validate(typed)}")

    def secret(self, question: str) -> str:
        return str(self._next(question) or "")

    def select(self, question: str, choices: Sequence[Choice], default: str = "") -> str:
        answer = self._next(question)
        value = (default or choices[0].value) if answer is None else str(answer)
        if value not in {choice.value for choice in choices}:
            raise LookupError(f"{value!r} is no choice of: {question}")
        return value

    def checkbox(self, question: str, choices: Sequence[Choice]) -> list[str]:
        answer = self._next(question)
        values = [choice.value for choice in choices if choice.checked] if answer is None else list(answer)
        if unknown := set(values) - {choice.value for choice in choices}:
            raise LookupError(f"{sorted(unknown)} are no choices of: {question}")
        return values
