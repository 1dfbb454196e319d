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
    pairs = list(zip(generations, [None, *generations], strict=False))
    console.result({"generations": [_document(item, before) for item, before in pairs]})
    if not generations:
        console.reply(text("history.none"))
        return
    columns = [
        Column(text("history.number"), right=True, drop=0),
        Column(text("history.when")),
        Column(text("history.by"), drop=1),
        Column(text("history.what"), stretch=True),
    ]
    rows = [(str(item.number), _local(item.at), item.entry.made_by, _what(item, before)) for item, before in pairs]
    console.table(columns, rows)
    console.answer(["", text("history.hint")])


def _what(item: Generation, before: Generation | None) -> str:
    entry = item.entry
    if entry.restores:
        return text("history.back_to", number=entry.restores)
    if entry.made_by != EDITED and item.number == 1:
        return text("history.first")
    keys = _other_keys(item, before)
    parts = [*entry.summary, *([text("history.keys", names=", ".join(keys))] if keys else [])]
    first = parts[0] if parts else ""
    return text("history.more", first=first, count=len(parts) - 1) if len(parts) > 1 else first


def _other_keys(item: Generation, before: Generation | None) -> list[str]:
    """Names of secrets that have another value since this generation."""
    return item.entry.other_keys(before.entry) if before is not None else []


def _local(at: str) -> str:
    return datetime.fromisoformat(at).astimezone().strftime("%Y-%m-%d %H:%M")


def _document(item: Generation, before: Generation | None) -> dict[str, object]:
    entry = item.entry
    return {
        "number": item.number,
        "at": item.at,
        "by": entry.made_by,
        "restores": entry.restores or None,
        "changes": list(entry.summary),
        "keys": _other_keys(item, before),
    }
