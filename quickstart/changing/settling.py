"""A change from its review to its proof: shown, asked, carried out, every route tried, and taken back where a route
that answered before does not any more. The same for every command that changes the configuration.

Unattended (`yes`) such a route is told and the change stays, because local models may only be starting; with `strict`
it is taken back and the command ends with 5. Not for: what is to change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quickstart import health, messages, proofs, reviewing
from quickstart.changing import undoing
from quickstart.changing.change import Done, Subject, Wanting
from quickstart.console import Console
from quickstart.errors import ProviderUnhealthy
from quickstart.health import RouteHealth
from quickstart.reconcile.generations import History
from quickstart.reconcile.proposal import Proposal
from quickstart.reconcile.three_way import Choose

text = messages.text


@dataclass(frozen=True, slots=True)
class Manner:
    """How a command was typed."""

    yes: bool = False
    strict: bool = False
    test: bool = True
    dry_run: bool = False


def settle(
    console: Console,
    subject: Subject,
    wanting: Callable[[Choose], Wanting],
    manner: Manner,
    environ: Mapping[str, str],
    carry_out: Callable[[Wanting], Done] | None = None,
    also: Sequence[str] = (),
) -> dict[str, Any]:
    """Returns the document that --json prints. `carry_out` in place of Subject.change; `also`: what else the review
    says. Raises QuickstartError; with Cancelled everything is as it was."""
    # a person is asked; where nobody can be, that is said before anything is looked at
    prompter = None if manner.yes or manner.dry_run else reviewing.asker(environ)
    proposal, choose = reviewing.reviewed(console, prompter, lambda choose: subject.propose(wanting(choose)))
    if not proposal.changes and carry_out is None:
        console.reply(text("change.nothing"))
        return _document(proposal, False, 0, ())
    if proposal.changes or also:
        reviewing.show(console, proposal)
    for line in also:
        console.warn(line)
    if manner.dry_run:
        return _document(proposal, False, 0, ())
    if prompter is not None and not prompter.confirm(text("change.ask"), True):
        console.reply(text("change.not_applied"))
        return _document(proposal, False, 0, ())
    done = (carry_out or subject.change)(wanting(choose))
    if not done.generation:
        console.reply(text("change.nothing"))
        return _document(proposal, False, 0, ())
    _told(console, done)
    results = proved(console, subject) if manner.test and done.live else ()
    document = _document(done.proposal, True, done.generation, results)
    regressed = [result for result, good in results if good and not result.ok]
    if not regressed:
        return document
    for result in regressed:
        said = text("change.regressed", path=result.path, message=result.message or result.health)
        console.warn(said, result.hint)
    ask = prompter is not None and prompter.confirm(text("change.roll_back_ask"), False)
    history = History(subject.places.history)
    if not (ask or manner.strict) or done.generation - 1 not in history.numbers():
        console.warn(text("change.roll_back_hint"))
        return document
    subject.change(undoing.wanting(history.load(done.generation - 1)))
    proved(console, subject)
    if manner.strict:
        total = sum(good for _, good in results)
        raise ProviderUnhealthy(text("change.rolled_back_strict", count=len(regressed), total=total), regressed[0].hint)
    console.reply(text("change.rolled_back"))
    return {**document, "applied": False, "rolled_back": True}


def proved(console: Console, subject: Subject) -> tuple[tuple[RouteHealth, bool], ...]:
    """Every route tried once: its result, and whether it was well the last time."""
    known = proofs.load(subject.places)
    found: list[RouteHealth] = []
    with console.step(text("change.proving")) as step:
        for result in health.prove(subject.plan):
            found.append(result)
            step.progress(result.path)
        bad = sum(not result.ok for result in found if result.health != "untested")
        if bad:
            step.warn(text("launch.proof_bad", bad=bad, total=len(found)))
    proofs.save(subject.places, found)
    asked = (result for result in found if result.health != "untested")
    return tuple((result, (known.get(result.name) or {}).get("health") == "ok") for result in asked)


def _told(console: Console, done: Done) -> None:
    key = "change.applied" if done.live else "change.applied_resting"
    console.reply(text(key, number=done.generation))


def _document(
    proposal: Proposal, applied: bool, generation: int, results: tuple[tuple[RouteHealth, bool], ...]
) -> dict[str, Any]:
    return {
        "applied": applied,
        "generation": generation or None,
        "changes": [change.as_document() for change in proposal.differences()],
        "kept": [edit.as_document() for edit in proposal.kept],
        "dropped": [edit.as_document() for edit in proposal.dropped],
        "routes": [result.as_document() for result, _ in results],
    }
