"""`ai-gateway undo [N]`: back to an earlier generation. Not for: what that takes (changing/undoing.py)."""

from __future__ import annotations

import os

import click

from quickstart import keys, messages
from quickstart.changing import undoing
from quickstart.changing.change import Done, Subject, Wanting
from quickstart.changing.settling import Manner, settle
from quickstart.commands._invocation import JSON, PLAIN, open_console, user_places
from quickstart.reconcile.generations import History
from quickstart.reconcile.three_way import Choose

text = messages.text


@click.command("undo")
@click.argument("number", required=False, type=click.IntRange(1), metavar="[N]")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--overwrite", is_flag=True, help="Drop edits made since the last generation too.")
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@click.option("--test/--no-test", default=True, help="Send one small request through every route afterwards.")
@JSON
@PLAIN
def command(
    number: int | None, yes: bool, overwrite: bool, dry_run: bool, test: bool, as_json: bool, plain: bool
) -> None:
    """Go back to the generation before, or to generation N. Going back is a generation too: it can be undone."""
    console = open_console("undo", as_json, plain)
    subject = Subject(user_places(), os.environ, console)
    goal = undoing.goal(subject, number)

    def wanting(choose: Choose) -> Wanting:
        return undoing.wanting(goal, overwrite, choose)

    restart = undoing.needs_launch(subject, undoing.earlier_deployment(subject, goal))

    def carry_out(wanted: Wanting) -> Done:
        if not restart:
            return undoing.live(subject, goal, wanted)
        proposal = subject.propose(wanted)
        result = undoing.launched(subject, goal, wanted, console, os.environ)
        return Done(proposal, result.generation, True)

    now = subject.look()
    back, lost = undoing.keys_of(goal, now)
    told = [text("undo.key_back", name=name, mask=keys.mask_header(value)) for name, value in back.items()]
    told += [text("undo.key_lost", name=name) for name in lost]
    if restart:
        console.say(text("undo.ports"))
    manner = Manner(yes or as_json, False, test, dry_run)
    document = settle(console, subject, wanting, manner, os.environ, carry_out, told)
    about = {"restored": goal.number, "keys_back": sorted(back), "keys_lost": lost}
    console.result({**document, **about, "kept_generations": History(subject.places.history).numbers()})
