"""`ai-gateway import FILE`: another tool's file becomes what setup, or `apply -f`, is told. Not for: reading it
(quickstart.imports).
"""

from __future__ import annotations

import os
from pathlib import Path

import click

from gateway.providers import providers
from quickstart import messages
from quickstart.changing import documents
from quickstart.changing.change import Subject
from quickstart.changing.settling import Manner, settle
from quickstart.commands._invocation import JSON, PLAIN, open_console, user_places
from quickstart.console import Console
from quickstart.errors import UsageError
from quickstart.imports import Imported, imported
from quickstart.setup import Choices, Setup


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Remove what a decK file does not name. Else it stays.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Stop at the review; change nothing.")
@click.option("--test/--no-test", default=True, help="Send one small request through every route afterwards.")
@JSON
@PLAIN
def command(file: Path, replace: bool, yes: bool, dry_run: bool, test: bool, as_json: bool, plain: bool) -> None:
    """Take over a decK file, LiteLLM's config.yaml or a .env file, after a review.

    A decK file changes the running configuration, as `apply` does. The others become answers and keys of setup. What is
    not taken is said, with the reason.
    """
    found = imported(file, os.environ)
    console = open_console("import", as_json, plain)
    for note in found.notes:
        console.warn(note.message, note.hint)
    if found.empty:
        raise UsageError(messages.text("imports.nothing", path=file), messages.text("imports.known"))
    if found.kind == "deck":
        subject = Subject(user_places(), os.environ, console)
        wanted = documents.wanting(found.configuration, str(file), replace)
        manner = Manner(yes or as_json, False, test, dry_run)
        console.result(settle(console, subject, lambda choose: wanted, manner, os.environ))
        return
    # facts and results are said by setup, in its own way
    mode = Console("json" if as_json else "plain" if yes else "human", os.environ, command="import")
    flags = {**found.flags, "discover": False, "test": test}
    Setup(environment(found), user_places(), mode).run(flags, Choices(yes or as_json or dry_run, dry_run, settled=True))


def environment(found: Imported) -> dict[str, str]:
    """What setup sees of the environment: keys of the file only, not those that happen to be set here."""
    keys = {variable for provider in providers().values() for variable in provider.environment}
    return {name: value for name, value in os.environ.items() if name not in keys} | found.environment
