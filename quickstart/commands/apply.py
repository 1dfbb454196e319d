"""`ai-gateway apply -f FILE`: a decK file put into force. Not for: merging it (changing/documents.py)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from quickstart.changing import documents
from quickstart.changing.change import Subject, Wanting
from quickstart.changing.settling import Manner, settle
from quickstart.commands._invocation import JSON, PLAIN, open_console, user_places
from quickstart.errors import UsageError
from quickstart.reconcile.three_way import Choose


@click.command("apply")
@click.option(
    "-f", "--file", "file", required=True, metavar="FILE", help="A decK or DB-less file; - for standard input."
)
@click.option("--replace", is_flag=True, help="Remove what FILE does not name. Else it stays.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@click.option("--test/--no-test", default=True, help="Send one small request through every route afterwards.")
@click.option("--strict", is_flag=True, help="Take it back and exit with 5 when a route stops answering.")
@JSON
@PLAIN
def command(
    file: str, replace: bool, yes: bool, dry_run: bool, test: bool, strict: bool, as_json: bool, plain: bool
) -> None:
    """Put what FILE names into the running configuration, as a generation that can be undone."""
    console = open_console("apply", as_json, plain)
    subject = Subject(user_places(), os.environ, console)
    wanted = documents.wanting(_read(file), "standard input" if file == "-" else file, replace)

    def wanting(choose: Choose) -> Wanting:
        return wanted  # it is made of what runs, so nothing is there to choose

    document = settle(console, subject, wanting, Manner(yes or as_json, strict, test, dry_run), os.environ)
    console.result(document)


def _read(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).expanduser().read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{file} is not text in UTF-8.") from None
    except OSError as error:
        raise UsageError(f"Cannot read {file}: {error.strerror}.") from None
