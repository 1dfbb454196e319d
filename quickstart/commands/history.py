"""`ai-gateway history`: every configuration that was applied, by number.

Not for: keeping them (reconcile/generations.py).
"""

from __future__ import annotations

from datetime import datetime

import click

from quickstart import messages
from quickstart.commands._invocation import JSON, PLAIN, open_console, user_places
from quickstart.layout import Column
from quickstart.reconcile.generations import EDITED, Generation, History

text = messages.text


@click.command("history")
@JSON
@PLAIN
def command(as_json: bool, plain: bool) -> None:
    """List what was applied when, the newest last. `diff N` shows one, `undo N` goes back to one."""
    console = open_console("history", as_json, plain)
    generations = History(user_places().history).all()
    console.result({"generations": [_document(item) for item in generations]})
    if not generations:
        console.answer([text("history.none")])
        return
    columns = [
        Column(text("history.number"), right=True, drop=0),
        Column(text("history.when")),
        Column(text("history.by"), drop=1),
        Column(text("history.what"), stretch=True),
    ]
    rows = [(str(item.number), _local(item.at), item.entry.made_by, _what(item)) for item in generations]
    console.table(columns, rows)
    console.answer(["", text("history.hint")])


def _what(item: Generation) -> str:
    entry = item.entry
    if entry.restores:
        return text("history.back_to", number=entry.restores)
    first = entry.summary[0] if entry.summary else ""
    if entry.made_by != EDITED and item.number == 1:
        return text("history.first")
    return text("history.more", first=first, count=len(entry.summary) - 1) if len(entry.summary) > 1 else first


def _local(at: str) -> str:
    return datetime.fromisoformat(at).astimezone().strftime("%Y-%m-%d %H:%M")


def _document(item: Generation) -> dict[str, object]:
    entry = item.entry
    return {
        "number": item.number,
        "at": item.at,
        "by": entry.made_by,
        "restores": entry.restores or None,
        "changes": list(entry.summary),
    }
