"""What the commands of this folder have in common as they are typed: `--json`, `--plain`, the console, the places.

Not for: what a single command is given (its file), options of setup (cli.py).
"""

from __future__ import annotations

import os

import click

from quickstart.console import Console
from quickstart.files import Places

JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
PLAIN = click.option("--plain", "plain", is_flag=True, help="Plain words instead of marks, for screen readers.")


def user_places() -> Places:
    """Where this user's files are. Raises EnvironmentProblem without a home."""
    return Places.from_environment(os.environ)


def open_console(command: str, as_json: bool = False, plain: bool = False) -> Console:
    """The console of one run of `command`: results on standard output, everything else on standard error."""
    environment = {**os.environ, "ACCESSIBLE": "1"} if plain else os.environ
    return Console("json" if as_json else "human", environment, command=command)
