"""Asking. The Prompter protocol and its three forms: questionary on a terminal (sole importer of questionary), numbered
lines where a screen reader or a dumb terminal needs them (prompter_plain.py), and a script for tests.

Not for: wording (messages/), checking answers (the screens), printing. At any prompt Ctrl-C raises Cancelled and `<`
or Esc raises WentBack (rewinding.py); no terminal to ask on raises EnvironmentProblem with how to go on.
"""

from __future__ import annotations

import os
import shutil
import sys
import termios
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any, NamedTuple, Protocol, TextIO

import questionary
from prompt_toolkit import print_formatted_text
from prompt_toolkit.application import create_app_session
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.input import create_input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent, merge_key_bindings
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput
from prompt_toolkit.output import create_output
from prompt_toolkit.styles import Style
from questionary.prompts import common as questionary_marks

from quickstart import layout, messages
from quickstart.errors import Cancelled, EnvironmentProblem, WentBack
from quickstart.prompter_plain import BACK, PlainPrompter

# its circles take one cell on some terminals and two on others, and a screen reader says "white circle"
setattr(questionary_marks, "INDICATOR_SELECTED", "[x]")  # noqa: B010 - not exported for the type checker
setattr(questionary_marks, "INDICATOR_UNSELECTED", "[ ]")  # noqa: B010

_ESCAPE_SECONDS = 0.2
_AS_BEFORE = "\x1b[0m\x1b[?25h\x1b[?2004l\r\n"
"""No colour, the cursor shown, pasted text not marked, a line of its own for whatever comes next."""
_STYLE = Style([("qmark", "fg:ansicyan"), ("answer", "")])

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
        encoding = getattr(writing or sys.stdout, "encoding", "") or "ascii"
        self._pointer = layout.glyphs(encoding).choose

    def _session(self) -> AbstractContextManager[Any]:
        if self._reading is None or self._writing is None:
            return nullcontext()
        return create_app_session(input=create_input(self._reading), output=create_output(self._writing))

    @contextmanager
    def _terminal_as_before(self) -> Iterator[None]:
        """Whatever ends a question, a signal in the middle of drawing included: echo, cursor and pasting as before."""
        stream = self._reading if self._reading is not None else sys.stdin
        if not stream.isatty():
            yield
            return
        before = termios.tcgetattr(stream.fileno())
        try:
            yield
        except SystemExit:
            writing = self._writing if self._writing is not None else sys.stdout
            with suppress(OSError):
                writing.write(_AS_BEFORE)
                writing.flush()
            raise
        finally:
            with suppress(OSError, termios.error):  # its window was closed: there is nothing left to put right
                termios.tcsetattr(stream.fileno(), termios.TCSANOW, before)

    def _ask(self, make: Callable[[], questionary.Question], untouched: str = "") -> Any:
        """The answer to one question. `untouched`: the text of the line as long as nothing was typed."""
        try:
            with self._terminal_as_before(), self._session():
                question = make()
                _let_go_back(question.application, untouched)
                question.application.erase_when_done = True  # an answered question is told by _answered
                answer = question.unsafe_ask()
        except KeyboardInterrupt:
            raise Cancelled() from None
        except EOFError:
            # Ctrl-D on a terminal means stop; a stream that ended cannot be asked
            stream = self._reading if self._reading is not None else sys.stdin
            if stream.isatty() and os.isatty(stream.fileno()):
                raise Cancelled() from None
            raise no_terminal() from None
        if answer is WentBack:
            raise WentBack()
        if answer is None:
            raise Cancelled()
        return answer

    def _tell(self, *pieces: tuple[str, str]) -> None:
        """A permanent line, in the place of a question that is answered."""
        with self._session():
            print_formatted_text(FormattedText(pieces), style=_STYLE)

    def _answered(self, question: str, answer: str) -> None:
        folded = layout.wrap(question, _columns() - 2)
        said = layout.wrap(answer, _columns() - 4)
        beside = len(said) <= 1 and layout.cells(f"{folded[-1]}  {answer}") <= _columns() - 2
        shown = f"  {answer}" if beside and said else "".join(f"\n    {line}" for line in said)
        self._tell(("class:qmark", "? "), ("bold", "\n  ".join(folded)), ("class:answer", shown))

    def confirm(self, question: str, default: bool = True) -> bool:
        said = bool(self._ask(lambda: questionary.confirm(_folded(question), default=default)))
        self._answered(question, messages.text("prompt.yes" if said else "prompt.no"))
        return said

    def text(
        self, question: str, default: str = "", validate: Validate | None = None, proposals: Sequence[str] = ()
    ) -> str:
        shown, asked = default, _folded(question)

        def make() -> questionary.Question:
            if proposals:
                return questionary.autocomplete(asked, choices=list(proposals), default=shown, match_middle=True)
            return questionary.text(asked, default=shown)

        while True:
            typed = str(self._ask(make, shown)).strip()
            self._answered(question, typed)
            wrong = validate(typed) if validate else ""
            if not wrong:
                return typed
            # its own place for this is one line, which cuts a sentence off on a narrow terminal
            self._tell(("bold", "\n".join(layout.wrap(wrong, _columns(), "  "))))
            shown = typed

    def secret(self, question: str) -> str:
        def make() -> questionary.Question:
            return questionary.text(_folded(question), is_password=True, input_processors=[_ShowNothing()])

        typed = str(self._ask(make)).strip()
        self._answered(question, "")
        return typed

    def select(self, question: str, choices: Sequence[Choice], default: str = "") -> str:
        made = [
            questionary.Choice(line, value=choice.value)
            for line, choice in zip(lines(choices, _columns() - 4), choices, strict=True)
        ]
        first = next((item for item in made if item.value == default), None)
        hint = messages.text("prompt.arrows")
        asked = _folded(question, hint)
        value = str(
            self._ask(
                lambda: questionary.select(asked, choices=made, default=first, instruction=hint, pointer=self._pointer)
            )
        )
        self._answered(question, next(choice.title for choice in choices if choice.value == value))
        return value

    def checkbox(self, question: str, choices: Sequence[Choice]) -> list[str]:
        made = [
            questionary.Choice(line, value=choice.value, checked=choice.checked)
            for line, choice in zip(lines(choices, _columns() - 8), choices, strict=True)
        ]
        hint = messages.text("prompt.space")
        asked = _folded(question, hint)
        values = [
            str(value)
            for value in self._ask(
                lambda: questionary.checkbox(asked, choices=made, instruction=hint, pointer=self._pointer)
            )
        ]
        said = [choice.title for choice in choices if choice.value in values]
        self._answered(question, ", ".join(said) or messages.text("plain.none_word"))
        return values


def _let_go_back(application: Any, untouched: str) -> None:
    """Esc goes back from anywhere, `<` where nothing was typed yet."""
    bindings = KeyBindings()

    def nothing_typed() -> bool:
        return application.current_buffer.text in ("", untouched)

    def back(event: KeyPressEvent) -> None:
        event.app.exit(result=WentBack)

    bindings.add("escape")(back)
    bindings.add(BACK, filter=Condition(nothing_typed))(back)
    application.key_bindings = merge_key_bindings([application.key_bindings, bindings])
    # Esc begins the sequences of other keys too; this is how long it takes to tell it from them
    application.timeoutlen = application.ttimeoutlen = _ESCAPE_SECONDS


def _columns() -> int:
    return max(20, shutil.get_terminal_size((80, 24)).columns - 1)


def _folded(question: str, hint: str = "") -> str:
    """The question broken between words, where a terminal would break inside them; room for `hint` behind it."""
    folded = layout.wrap(question, _columns() - 2)
    if hint and layout.cells(folded[-1]) + layout.cells(hint) + 3 > _columns():
        folded.append("")
    return "\n  ".join(folded)


def lines(choices: Sequence[Choice], width: int) -> list[str]:
    """A menu's lines within `width` cells: titles, and notes in a column of their own where there is room for them."""
    column = max((layout.cells(choice.title) for choice in choices if choice.note), default=0)
    column = min(max(column, 22), max(width - layout.MINIMUM_STRETCH - 2, 12))
    drawn = []
    for choice in choices:
        if choice.note:
            title = layout.pad(layout.truncate(choice.title, column), column)
            drawn.append(f"{title}  {layout.truncate(choice.note, width - column - 2)}")
        else:
            drawn.append(layout.truncate(choice.title, width))
    return drawn


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
