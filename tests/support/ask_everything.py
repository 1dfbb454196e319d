"""Asks one question of each kind on the terminal and says what came back; tests start it through a pseudo-terminal."""

from __future__ import annotations

import json
import os
import sys

from quickstart.errors import QuickstartError
from quickstart.prompter import Choice, open_prompter

CHOICES = [Choice("a", "First"), Choice("b", "Second", "with a note", True), Choice("c", "Third")]


def main() -> int:
    try:
        prompter = open_prompter(os.environ)
        said = [
            prompter.confirm("Sure?", False),
            prompter.text("Name?", "proposal", lambda typed: "Not that." if typed == "bad" else ""),
            prompter.text("Model?", "gpt", None, ("gpt-1", "gpt-2")),
            len(prompter.secret("Key?")),
            prompter.select("Where?", CHOICES, "b"),
            prompter.checkbox("Which?", CHOICES),
        ]
    except QuickstartError as error:
        sys.stderr.write(f"ENDED {error.exit_code} {error.message}\n")
        return error.exit_code
    sys.stdout.write("RESULT " + json.dumps(said) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
