"""How the program speaks, whatever the command: in which language and whether in colour. `--lang` and `--color` may
stand before or after the command. Not for: the texts (messages/), drawing them (console.py), what a command says.

A flag becomes the environment variable that says the same, so that whoever is handed the environment, a program that we
start included, hears it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import click

from quickstart import messages
from quickstart.errors import UsageError

VARIABLES = (messages.VARIABLE, "NO_COLOR", "FORCE_COLOR")
COLOURS = ("auto", "always", "never")


@contextmanager
def settled(environment: MutableMapping[str, str]) -> Iterator[None]:
    """What one run changes in `environment` is as before at its end."""
    before = {name: environment.get(name) for name in VARIABLES}
    try:
        yield
    finally:
        for name, value in before.items():
            environment.pop(name, None) if value is None else environment.__setitem__(name, value)


def speak(environment: MutableMapping[str, str]) -> None:
    """Chooses the language that `environment` asks for, English where the terminal's encoding cannot carry it.
    Raises UsageError for a language that we do not have, where it was asked of us and not of every program."""
    said = environment.get(messages.VARIABLE, "")
    if said and said not in messages.LANGUAGES:
        messages.choose("en")
        raise UsageError(
            f"${messages.VARIABLE} is {said!r}; it must be one of {', '.join(messages.LANGUAGES)}.",
            f"unset {messages.VARIABLE}, or: {messages.VARIABLE}=en",
        )
    encodings = [getattr(stream, "encoding", "") or "utf-8" for stream in (sys.stdout, sys.stderr)]
    messages.choose(messages.shown(messages.language_of(environment), encodings))


def colour(environment: MutableMapping[str, str], when: str) -> None:
    """Makes `environment` say when there is colour: one of COLOURS."""
    if when != "auto":
        environment.pop("FORCE_COLOR" if when == "never" else "NO_COLOR", None)
        environment["NO_COLOR" if when == "never" else "FORCE_COLOR"] = "1"


def options() -> list[click.Option]:
    """Fresh options for one command; they act as soon as they are read and hand nothing to the command."""

    def lang(context: click.Context, option: click.Parameter, value: str | None) -> None:
        if value and not context.resilient_parsing:
            os.environ[messages.VARIABLE] = value
            speak(os.environ)

    def color(context: click.Context, option: click.Parameter, value: str | None) -> None:
        if value and not context.resilient_parsing:
            colour(os.environ, value)

    shared: dict[str, Any] = {"expose_value": False, "is_eager": True, "default": None}
    return [
        click.Option(
            ["--lang"], type=click.Choice(messages.LANGUAGES), callback=lang,
            help=f"Language; else that of ${messages.VARIABLE} or the locale.", **shared,
        ),
        click.Option(
            ["--color"], type=click.Choice(COLOURS), callback=color,
            help="Colour; auto heeds $NO_COLOR, $FORCE_COLOR and the terminal.", **shared,
        ),
    ]  # fmt: skip


def taught(command: click.Command) -> click.Command:
    """The same command, knowing these options, its own commands too. Teaching twice does no harm."""
    known = {name for option in command.params for name in option.opts}
    command.params.extend(option for option in options() if option.opts[0] not in known)
    if isinstance(command, click.Group):
        for below in command.commands.values():
            taught(below)
    return command
