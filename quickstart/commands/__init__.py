"""The commands, found by folder: `logs.py` is `ai-gateway logs`, and its `command` is the click command.

A leading underscore says that a file is no command; a trailing one keeps a Python word importable (`try_.py` is `try`).
A module is imported when its command is typed, so that no command pays for the others. Each raises QuickstartError,
which cli.py turns into an exit code. Not for: what commands do; each says it in its file and leaves it to rooms below.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import click


@cache
def modules() -> dict[str, str]:
    """Name of a command as it is typed -> its module, in alphabetical order."""
    names = sorted(module.name for module in iter_modules(__path__) if not module.name.startswith("_"))
    return {name.rstrip("_").replace("_", "-"): f"{__name__}.{name}" for name in names}


def command(name: str) -> click.Command:
    """One command by its name. KeyError for a name that no file has."""
    found = import_module(modules()[name]).command
    if not isinstance(found, click.Command) or found.name != name:
        raise TypeError(f"{modules()[name]}.command is not the command {name!r}")
    return found


class CommandsByFolder(click.Group):
    """A group whose commands are the ones added to it and those of this folder."""

    def list_commands(self, context: click.Context) -> list[str]:
        return [*super().list_commands(context), *modules()]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        return command(name) if name in modules() else super().get_command(context, name)
