"""Going back: a conversation that can be rewound to any earlier question. What was answered and seen so far is kept in
order; to go back, the last answer is taken off and the conversation is run again from its beginning, silently, until
it reaches the question without an answer.

So a screen is straight code that asks one question after another, and knows nothing of this. It must decide by what it
is told here alone: answers, keys tried, servers found, previews. Not for: asking (prompter.py), the screens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from quickstart import messages
from quickstart.console import Console
from quickstart.errors import QuickstartError, WentBack
from quickstart.eyes import Eyes
from quickstart.prompter import Choice, Prompter, Validate

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Told:
    """One thing the conversation was told. `what`: the question, or a word for what was looked at."""

    what: str
    value: Any = field(repr=False)  # it may be a key
    question: bool
    error: QuickstartError | None = None


class Tape:
    """A Prompter and Eyes over the real ones, which remember."""

    def __init__(self, prompter: Prompter, eyes: Eyes, console: Console) -> None:
        self._prompter = prompter
        self._eyes = eyes
        self._console = console
        self._told: list[_Told] = []
        self._at = 0
        self._before: dict[str, Any] = {}  # question -> its answer before somebody went back over it

    def converse(self, talk: Callable[[], T]) -> T:
        """What `talk` returns in the end, run anew each time somebody goes back."""
        while True:
            try:
                value = talk()
            except WentBack:
                self._rewind()
                continue
            except BaseException:
                self._console.release()
                raise
            self._console.release()
            return value

    def _rewind(self) -> None:
        if any(told.question for told in self._told):
            while not (last := self._told.pop()).question:
                pass
            self._before[last.what] = last.value
        else:
            self._console.item(messages.text("back.first"))
        self._at = 0
        self._console.hold()

    def look(self, what: str, see: Callable[[], T]) -> T:
        """What `see` returns, the same again when the conversation is replayed. Its QuickstartError is kept too."""
        return cast(T, self._next(what, see, question=False))

    def _next(self, what: str, live: Callable[[], Any], question: bool) -> Any:
        if self._at < len(self._told):
            told = self._told[self._at]
            if (told.what, told.question) == (what, question):
                self._at += 1
                if told.error is not None:
                    raise told.error
                return told.value
            del self._told[self._at :]  # the way has changed from here on
        if question:
            self._console.release()
        error: QuickstartError | None = None
        value: Any = None
        try:
            value = live()
        except QuickstartError as raised:
            if question:
                raise
            error = raised
        self._told.append(_Told(what, value, question, error))
        self._at = len(self._told)
        if error is not None:
            raise error
        return value

    @property
    def eyes(self) -> Eyes:
        def checked(provider: Any, value: str, endpoint: str) -> Any:
            return self.look(f"check {provider.name}", lambda: self._eyes.check(provider, value, endpoint))

        return Eyes(
            checked,
            lambda: self.look("discover", self._eyes.discover),
            lambda base: self.look(f"probe {base}", lambda: self._eyes.probe(base)),
            lambda token, asked: self.look(f"konnect {asked}", lambda: self._eyes.konnect(token, asked)),
        )

    # -- the questions ---------------------------------------------------------------------------------------------

    def _asked(self, question: str, live: Callable[[], Any], shown: Callable[[Any], str]) -> Any:
        def asked() -> Any:
            value = live()
            self._console.answered(question, shown(value))
            return value

        return self._next(question, asked, question=True)

    def confirm(self, question: str, default: bool = True) -> bool:
        first = bool(self._before.get(question, default))
        return bool(self._asked(question, lambda: self._prompter.confirm(question, first), lambda v: "y" if v else "n"))

    def text(
        self, question: str, default: str = "", validate: Validate | None = None, proposals: Sequence[str] = ()
    ) -> str:
        first = str(self._before.get(question, default))
        return str(self._asked(question, lambda: self._prompter.text(question, first, validate, proposals), str))

    def secret(self, question: str) -> str:
        def typed() -> str:
            before = str(self._before.get(question, ""))
            if not before:
                return self._prompter.secret(question)
            self._console.item(messages.text("back.as_before"))
            return self._prompter.secret(question) or before

        return str(self._asked(question, typed, lambda value: "(hidden)" if value else "(enter)"))

    def select(self, question: str, choices: Sequence[Choice], default: str = "") -> str:
        before = str(self._before.get(question, default))
        first = before if before in {choice.value for choice in choices} else default
        return str(self._asked(question, lambda: self._prompter.select(question, choices, first), str))

    def checkbox(self, question: str, choices: Sequence[Choice]) -> list[str]:
        before = self._before.get(question)
        if before is not None:
            choices = [choice._replace(checked=choice.value in before) for choice in choices]
        return list(self._asked(question, lambda: self._prompter.checkbox(question, choices), ", ".join))
