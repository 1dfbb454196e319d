"""Asks one question of each kind on the terminal and says what came back; tests start it through a pseudo-terminal.

A question that is left backwards counts as such, and the next one is asked.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable

from quickstart.errors import QuickstartError, WentBack
from quickstart.prompter import Choice, open_prompter

CHOICES = [Choice("a", "First"), Choice("b", "Second", "with a note", True), Choice("c", "Third")]


def main() -> int:
    try:
        prompter = open_prompter(os.environ)
        questions: list[Callable[[], object]] = [
            lambda: prompter.confirm("Sure?", False),
            lambda: prompter.text("Name?", "proposal", lambda typed: "Not that." if typed == "bad" else ""),
            lambda: prompter.text("Model?", "gpt", None, ("gpt-1", "gpt-2")),
            lambda: len(prompter.secret("Key?")),
            lambda: prompter.select("Where?", CHOICES, "b"),
            lambda: prompter.checkbox("Which?", CHOICES),
        ]
        said = [answer(question) for question in questions]
    except QuickstartError as error:
        sys.stderr.write(f"ENDED {error.exit_code} {error.message}\n")
        return error.exit_code
    sys.stdout.write("RESULT " + json.dumps(said) + "\n")
    return 0


def answer(question: Callable[[], object]) -> object:
    try:
        return question()
    except WentBack:
        return "went back"


if __name__ == "__main__":
    sys.exit(main())
