"""What the commands of this folder have in common as they are typed: `--json`, `--plain`, the console, the places, and
the words that a shell completes.

Not for: what a single command is given (its file), options of setup (cli.py).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click
from click.shell_completion import CompletionItem

from quickstart import deployment
from quickstart.console import Console
from quickstart.errors import QuickstartError
from quickstart.files import Places
from quickstart.plan import FRONT_DOOR

JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
PLAIN = click.option("--plain", "plain", is_flag=True, help="Plain words instead of marks, for screen readers.")


def user_places() -> Places:
    """Where this user's files are. Raises EnvironmentProblem without a home."""
    return Places.from_environment(os.environ)


def open_console(command: str, as_json: bool = False, plain: bool = False) -> Console:
    """The console of one run of `command`: results on standard output, everything else on standard error."""
    environment = {**os.environ, "ACCESSIBLE": "1"} if plain else os.environ
    return Console("json" if as_json else "human", environment, command=command)


@contextmanager
def until_read() -> Iterator[None]:
    """Ends what is inside quietly once the reader of standard output has seen enough (`| head`)."""
    try:
        yield
    except BrokenPipeError:
        # Python would complain once more while flushing at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def route_words(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Completes the public names of the routes that are set up; asks nobody, so that a key press takes no time."""
    try:
        found = deployment.load(user_places().deployment)
    except QuickstartError:
        return []
    routes = {route.public: route.model for route in found.plan.routes} if found is not None else {}
    if routes:
        routes[FRONT_DOOR] = "all of them, by `model`"
    return [CompletionItem(name, help=model) for name, model in routes.items() if name.startswith(begun)]


def provider_words(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Completes the providers there are."""
    from gateway.providers import providers  # only when a shell asks

    return [
        CompletionItem(name, help=provider.title) for name, provider in providers().items() if name.startswith(begun)
    ]
