"""`ai-gateway diff [N [M]]`: what is different between what runs, what setup would make, and what was applied earlier.

Not for: telling differences (reconcile/difference.py).
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import click

from quickstart import messages
from quickstart.changing.change import Subject
from quickstart.commands._invocation import JSON, PLAIN, open_console, user_places
from quickstart.console import Console
from quickstart.reconcile.difference import differences, unified
from quickstart.reconcile.generations import History
from quickstart.reconcile.proposal import propose
from quickstart.reconcile.rows import Rows, nothing, read
from quickstart.render import render

text = messages.text


@click.command("diff")
@click.argument("numbers", nargs=-1, type=click.IntRange(1), metavar="[N [M]]")
@JSON
@PLAIN
def command(numbers: tuple[int, ...], as_json: bool, plain: bool) -> None:
    """Show what changed: since the last generation, since generation N, or from N to M. Secrets are references."""
    if len(numbers) > 2:
        raise click.UsageError("At most two generations can be compared.")
    console = open_console("diff", as_json, plain)
    subject = Subject(user_places(), os.environ, console)
    history = History(subject.places.history)

    def generation(number: int) -> Rows:
        return read(history.load(number).entry.configuration, f"generation {number}")

    if len(numbers) == 2:
        old, new = (generation(number) for number in numbers)
        keys = history.load(numbers[1]).entry.other_keys(history.load(numbers[0]).entry)
        _show(console, {"changes": (old, new)}, f"generation {numbers[0]}", f"generation {numbers[1]}", keys)
        return
    now = subject.look()
    running = now.running or nothing()
    if numbers:
        _show(console, {"changes": (generation(numbers[0]), running)}, f"generation {numbers[0]}", "now")
        return
    last = now.last.number if now.last is not None else 0
    pending = propose(now, render(subject.plan).kong_yml).rows
    parts = {"edits": (now.recorded, running), "pending": (running, pending)}
    _show(console, parts, f"generation {last}", "now")


def _show(console: Console, parts: dict[str, tuple[Rows, Rows]], old: str, new: str, keys: Sequence[str] = ()) -> None:
    shown = bool(keys)
    for name, (before, after) in parts.items():
        names = (old, new) if name != "pending" else ("now", "after ai-gateway setup")
        lines = unified(before, after, *names)
        if not lines:
            continue
        shown = True
        if name == "edits":
            console.answer([text("diff.edits", number=old.removeprefix("generation "))])
        elif name == "pending":
            console.answer([text("diff.pending")])
        console.answer(lines)
    if keys:
        console.answer([text("history.keys", names=", ".join(keys))])
    if not shown:
        console.reply(text("diff.same"))
    changes = {name: [change.as_document() for change in differences(*pair)] for name, pair in parts.items()}
    console.result(changes | ({"keys": list(keys)} if keys else {}))
