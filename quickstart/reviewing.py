"""What a change would do, shown before it is done, and the questions about it: the same for every command and setup.

Not for: working out what changes (reconcile/), doing it (change.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from quickstart import layout, messages
from quickstart.console import Console
from quickstart.errors import EnvironmentProblem
from quickstart.prompter import Choice, Prompter, open_prompter
from quickstart.reconcile.proposal import Proposal, told
from quickstart.reconcile.three_way import Choose, Conflict, Side

text = messages.text
Place = tuple[tuple[str, str], tuple[str, ...]]


def asker(environ: Mapping[str, str]) -> Prompter:
    """Raises EnvironmentProblem (exit 3) with how to do without."""
    try:
        return open_prompter(environ)
    except EnvironmentProblem:
        raise EnvironmentProblem(text("change.no_terminal"), text("change.no_terminal_hint")) from None


def show(console: Console, proposal: Proposal) -> None:
    """The whole difference as a diff, and what becomes of edits made meanwhile."""
    console.heading(text("change.heading"))
    # what stays the same is there to show the place, and a long line of it would hide the rest
    console.lines([layout.truncate(line, console.width) if line[:1] == " " else line for line in proposal.unified()])
    edits(console, [edit.text for edit in proposal.kept], [edit.text for edit in proposal.dropped])


def edits(console: Console, kept: Sequence[str], dropped: Sequence[str]) -> None:
    """What becomes of edits made meanwhile; also where only plain lines are seen."""
    for one, many, group in (
        ("change.kept_one", "change.kept", kept),
        ("change.dropped_one", "change.dropped", dropped),
    ):
        if len(group) == 1:
            console.warn(text(one, edit=group[0]))
        elif group:
            console.warn(text(many, count=len(group)), "\n".join(group))


def decided(console: Console, prompter: Prompter | None, proposal: Proposal) -> dict[Place, Side]:
    """Who wins where both sides changed one thing: asked, or without a prompter what runs, and told."""
    sides: dict[Place, Side] = {}
    for conflict, side in proposal.conflicts:
        what, ours, theirs = told(proposal.before or proposal.rows, conflict)
        if prompter is None:
            said = text("change.conflict_kept", what=what, ours=ours, theirs=theirs)
            console.warn(said, text("change.conflict_hint"))
            sides[conflict.place] = side
            continue
        console.lines(["", *layout.wrap(text("change.conflict", what=what), console.width)])
        choices = [
            Choice("theirs", text("change.conflict_theirs"), theirs),
            Choice("ours", text("change.conflict_ours"), ours),
        ]
        chosen = prompter.select(text("change.conflict_ask", ours=ours, theirs=theirs), choices, "theirs")
        sides[conflict.place] = "ours" if chosen == "ours" else "theirs"
    return sides


def remembered(sides: Mapping[Place, Side]) -> Choose:
    """Decides as was decided; what came up only afterwards stays as it runs."""

    def choose(conflict: Conflict) -> Side:
        return sides.get(conflict.place, "theirs")

    return choose


def reviewed(
    console: Console,
    prompter: Prompter | None,
    propose: Callable[[Choose], Proposal],
) -> tuple[Proposal, Choose]:
    """The proposal with every conflict decided."""
    proposal = propose(remembered({}))
    if not proposal.conflicts:
        return proposal, remembered({})
    choose = remembered(decided(console, prompter, proposal))
    return propose(choose), choose
