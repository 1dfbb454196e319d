"""The review screen: everything that would be made or changed, before anything is; then apply, change or cancel.

Not for: working out what changes (review.py).
"""

from __future__ import annotations

from typing import Literal

from gateway.settings.proxies import PROXY
from quickstart import layout, messages, reviewing
from quickstart.answers import Answers
from quickstart.console import Console
from quickstart.layout import Column
from quickstart.plan import Plan
from quickstart.prompter import Choice, Prompter
from quickstart.review import Change, Earlier, Review

text = messages.text
Decision = Literal["apply", "change", "cancel"]


def show(console: Console, plan: Plan, review: Review, earlier: Earlier) -> None:
    """The whole screen: what will be, or what is going to be different, and why."""
    console.heading(text("review.heading"), text("review.nothing_yet"))
    if earlier.plan is None:
        console.table(
            [Column("", drop=0), Column(text("review.model"), stretch=True), Column(text("review.route")),
             Column(text("review.upstream"), drop=1)],
            [(f"+ {route.public}", route.model, route.path, route.shown_upstream) for route in plan.routes],
            out=False,
        )  # fmt: skip
        _rows(console, plan)
    else:
        _changes(console, review)
    for sentence in plan.because:
        console.lines(layout.wrap(sentence, console.width, "  "))


def _rows(console: Console, plan: Plan) -> None:
    count = len(plan.secrets.keys() - {PROXY})
    key = "review.key_count_none" if not count else "review.key_count_one" if count == 1 else "review.key_count"
    runtime = "review.process" if plan.runtime == "process" else "review.docker"
    if plan.runtime != "process" and plan.host_network:
        runtime = "review.docker_host"
    listeners = ", ".join(f"{plan.ports[name]}{layout.TOGETHER}{name}" for name in plan.listeners)
    rows = (
        ("review.secrets", text(key, count=count)),
        ("review.files", f"{console.place(plan.output_dir)}/kong.yml, kong.env"),
        ("review.listeners", listeners),
        ("review.runtime", text(runtime, bind=plan.bind)),
        *([("review.forward_proxy", plan.forward_proxy)] if plan.forward_proxy else []),
        *([("review.certificates", plan.ca_file)] if plan.ca_file else []),
    )
    width = max(layout.cells(text(name)) for name, _ in rows)
    for name, value in rows:
        console.lines(layout.beside(f"  + {layout.pad(text(name), width)}  ", value, console.width))


def _changes(console: Console, review: Review) -> None:
    if review.nothing:
        console.ok(text("review.same"))
        reviewing.edits(console, review.kept, review.dropped)
        return
    rows = [(f"{change.mark} {change.name}", change.field, _difference(change)) for change in review.changes]
    if rows:
        _table_of_changes(console, rows)
    reviewing.edits(console, review.kept, review.dropped)
    marks = [change.mark for change in review.changes]
    changed = {change.name for change in review.changes if change.mark == "~"}
    counts = text(
        "review.counts",
        added=marks.count("+"), changed=len(changed), removed=marks.count("-"), same=review.unchanged,
    )  # fmt: skip
    console.lines(layout.wrap(counts, console.width, "  "))
    if not review.restarts:
        console.lines(layout.wrap(text("change.drops_nothing"), console.width, "  "))


def _table_of_changes(console: Console, rows: list[tuple[str, str, str]]) -> None:
    """A row each; where a difference does not fit beside its name it stands below: half of a value tells nothing."""
    console.lines(layout.wrap(text("review.changes"), console.width, "  "))
    names = max(layout.cells(name) for name, _, _ in rows)
    fields = max(layout.cells(field) for _, field, _ in rows)
    for name, field, difference in rows:
        beside = f"  {layout.pad(name, names)}  {layout.pad(field, fields)}  {difference}"
        closer = f"  {name}  {field}{'  ' if field else ''}{difference}"
        line = next((line for line in (beside, closer) if layout.cells(line) <= console.width), "")
        if line:
            console.lines([line])
        else:
            console.lines(layout.wrap(f"{name}{layout.TOGETHER * 2}{field}", console.width, "  "))
            console.lines(layout.wrap(difference, console.width, "      "))


def _difference(change: Change) -> str:
    if change.old and change.new:
        return f"{change.old} -> {change.new}"
    return change.new or change.old


def decide(console: Console, prompter: Prompter, review: Review, first: bool) -> Decision:
    """Asks until it is apply, change or cancel; the full diff may be looked at in between."""
    choices = [
        Choice("apply", text("review.apply")),
        Choice("change", text("review.change")),
        Choice("cancel", text("review.cancel")),
    ]
    if review.diff and not first:
        choices.insert(1, Choice("diff", text("review.diff")))
    while True:
        decision = prompter.select(text("review.ask"), choices, "apply")
        if decision == "diff":
            console.lines(["", *review.diff, ""])
        elif decision == "apply":
            return "apply"
        else:
            return "change" if decision == "change" else "cancel"


def section(prompter: Prompter, answers: Answers) -> str:
    """Which part of the answers should change: "hosted", "local", "machine" or "back"."""
    names = ("hosted", "local", "machine", "back")
    return prompter.select(text("review.what"), [Choice(name, text(f"section.{name}")) for name in names])
