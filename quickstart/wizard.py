"""Walks the questions with a Prompter, in the original's order: consent, control plane, hosted keys, local models; then
the review, from where any section can be changed or everything cancelled. Nothing is written here.

Not for: the screens of a section (wizard_hosted.py, wizard_local.py, wizard_review.py), `--yes` (unattended.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from gateway.providers import providers
from quickstart import documents, messages, naming, offers, reviewing, wizard_review
from quickstart.answers import Answers, questions
from quickstart.console import Console
from quickstart.discovery import Server
from quickstart.errors import Cancelled, QuickstartError, UsageError
from quickstart.konnect import screens as konnect_screens
from quickstart.konnect.outlook import Outlook
from quickstart.plan import LISTENERS, Plan
from quickstart.preflight import Finding
from quickstart.prompter import Choice, Prompter
from quickstart.reconcile.proposal import Proposal, Wish, propose
from quickstart.render import Rendered
from quickstart.review import Earlier, compare
from quickstart.unattended import settings
from quickstart.wizard_hosted import Desk, ask_hosted
from quickstart.wizard_local import ask_local

text = messages.text


class Preview(NamedTuple):
    """What some answers would lead to."""

    plan: Plan
    rendered: Rendered
    findings: list[Finding]
    outlook: Outlook | None = None  # in Konnect


class Decided(NamedTuple):
    answers: Answers
    preview: Preview
    wish: Wish = Wish()


Previewer = Callable[[Answers], Preview]


def run(desk: Desk, preview: Previewer, earlier: Earlier) -> Decided:
    """The whole conversation. Raises Cancelled at any point, with nothing changed."""
    answers = ask(desk, earlier.standing)
    while True:
        answers = naming.named(answers, providers())
        try:
            seen = preview(answers)
        except UsageError as error:
            desk.console.bad(error.message, error.hint)
            answers = _change(desk, answers)
            continue
        if seen.findings:
            answers = _settle(desk, answers, seen.findings)
            continue
        wish = wish_of(desk.console, desk.prompter, seen, answers, earlier)
        review = compare(seen.plan, seen.rendered, earlier, proposal_of(seen, earlier, wish))
        if seen.outlook is not None:
            konnect_screens.show(desk.console, seen.plan, seen.outlook)
        wizard_review.show(desk.console, seen.plan, review, earlier)
        settled = seen.outlook is None or seen.outlook.nothing
        if review.nothing and earlier.plan is not None and settled:
            return Decided(answers, seen, wish)
        decision = wizard_review.decide(desk.console, desk.prompter, review, earlier.plan is None)
        if decision == "apply":
            return Decided(answers, seen, wish)
        if decision == "cancel":
            raise Cancelled()
        answers = _change(desk, answers)


def proposal_of(seen: Preview, earlier: Earlier, wish: Wish) -> Proposal | None:
    """What the plan and the edits made meanwhile come to; None where nothing runs that could have been edited."""
    if earlier.situation is None or seen.plan.konnect is not None:
        return None
    return propose(earlier.situation, seen.rendered.kong_yml, wish)


def wish_of(console: Console, prompter: Prompter | None, seen: Preview, answers: Answers, earlier: Earlier) -> Wish:
    """How edits are to be merged: what both sides changed is asked about, or without a prompter told and kept."""
    wish = Wish(overwrite=answers.overwrite)
    proposal = proposal_of(seen, earlier, wish)
    if proposal is None or not proposal.conflicts:
        return wish
    sides = reviewing.decided(console, prompter, proposal)
    return replace(wish, choose=reviewing.remembered(sides))


def ask(desk: Desk, standing: str = "") -> Answers:
    """Every screen once; saved answers are the defaults. `standing`: how what is set up stands."""
    desk.sources.unknown_names([*providers(), "konnect"])
    saved = desk.sources.saved
    desk.console.heading(text("title"), text("title_note"))
    if standing:
        desk.console.say(standing)
    found = look_around(desk)
    desk.console.heading(text("consent.heading"))
    desk.console.say(text("consent.explain"))
    if not desk.prompter.confirm(text("consent.ask"), True):
        raise Cancelled(text("consent.no"))
    answers = replace(settings(desk.sources), consent=True, control_plane=_control_plane(desk))
    if saved is not None:
        answers = replace(answers, hosted=saved.hosted, local=saved.local, secrets=dict(desk.sources.saved_secrets))
    if answers.control_plane == "konnect":
        answers = konnect_screens.ask(desk, answers)
    answers = ask_hosted(desk, answers)
    return ask_local(desk, answers, found)


def look_around(desk: Desk) -> list[Server]:
    """Says what is here already: keys in the environment, model servers that listen."""
    console, sources = desk.console, desk.sources
    console.heading(text("look.heading"))
    for provider in offers.offered():
        for variable in provider.environment:
            if sources.environment.get(variable, "").strip():
                console.ok(text("look.key", variable=variable))
                break
    if not sources.value("discover").value:
        console.item(text("look.not_looked"))
        return []
    with console.waiting(text("look.searching")):
        found = desk.eyes.discover()
    for server in found:
        if server.locked:
            note = text("look.locked")
        elif not server.models:
            note = text("look.no_models")
        else:
            note = text("look.model") if len(server.models) == 1 else text("look.models", count=len(server.models))
        console.ok(text("look.server", title=server.title, port=server.port), note)
    if not found:
        console.item(text("look.no_server"))
    return found


def _control_plane(desk: Desk) -> str:
    given = desk.sources.value("control_plane")
    if not given.fixed:
        choices = [
            Choice("local", text("control.local"), text("control.local_note")),
            Choice("konnect", text("control.konnect"), text("control.konnect_note")),
        ]
        return desk.prompter.select(text("control.ask"), choices, str(given.value))
    return str(given.value)


def _change(desk: Desk, answers: Answers) -> Answers:
    section = wizard_review.section(desk.prompter, answers)
    if section == "hosted":
        return ask_hosted(desk, answers)
    if section == "local":
        found = desk.eyes.discover() if desk.sources.value("discover").value else []
        return ask_local(desk, answers, found)
    if section == "machine":
        return ask_machine(desk, answers)
    return answers


def ask_machine(desk: Desk, answers: Answers) -> Answers:
    """Runtime, directory and ports: every question of that section, straight from its declaration."""
    for name, question in questions().items():
        if question.section != "machine" or not question.prompt or not question.only_when(answers):
            continue
        current = getattr(answers, name)
        if question.kind == "choice":
            choices = [Choice(word, text(f"machine.{word}")) for word in question.choices]
            value: Any = desk.prompter.select(text(question.prompt), choices, str(current))
        else:
            prompt = text(question.prompt, listener=name.removesuffix("_port"))
            typed = desk.prompter.text(prompt, str(current), _problem_of(name))
            value = documents.parse(name, typed, prompt)
        changed: dict[str, Any] = {name: value}
        answers = replace(answers, **changed)
    return answers


def _problem_of(name: str) -> Callable[[str], str]:
    def problem(typed: str) -> str:
        try:
            documents.parse(name, typed, "This")
        except QuickstartError as error:
            return f"{error.message} {error.hint}".strip()
        return ""

    return problem


def _settle(desk: Desk, answers: Answers, findings: list[Finding]) -> Answers:
    """Asks about each thing that is in the way; what no answer can put right ends setup."""
    changes: dict[str, Any] = {}
    for finding in findings:
        desk.console.bad(finding.message, finding.hint)
        if finding.check == "port":
            name = "local_model_port" if finding.listener not in LISTENERS else f"{finding.listener}_port"
            prompt = text("port.ask", listener=finding.listener)
            proposal = str(finding.suggestion) if finding.suggestion else ""
            typed = desk.prompter.text(prompt, proposal, _problem_of(name))
            changes[name] = documents.parse(name, typed, prompt)
        elif finding.check == "engine":
            changes["runtime"] = _without_engine(desk, answers)
        elif finding.check == "output":
            typed = desk.prompter.text(text("machine.output_dir"), "~/ai-gateway", _problem_of("output_dir"))
            changes["output_dir"] = Path(typed).expanduser()
        else:
            raise finding.error()
    return replace(answers, **changes)


def _without_engine(desk: Desk, answers: Answers) -> str:
    choices = [
        Choice("retry", text("engine.retry")),
        Choice("process", text("engine.process")),
        Choice("quit", text("engine.quit")),
    ]
    chosen = desk.prompter.select(text("engine.ask"), choices, "process")
    if chosen == "quit":
        raise Cancelled()
    return answers.runtime if chosen == "retry" else "process"
