"""`ai-gateway setup` from beginning to end: sources, answers, plan, review, launch, result. The command's options are
declared by the questions. Not for: any of the steps themselves.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from quickstart import (
    deployment,
    diagnosis,
    health,
    launch,
    messages,
    preflight,
    ready,
    reviewing,
    secret_file,
    standing,
    unattended,
    wizard,
    wizard_review,
)
from quickstart.answers import Answers
from quickstart.console import Console
from quickstart.container_spec import EngineProblem
from quickstart.documents import from_document
from quickstart.errors import Cancelled, EnvironmentProblem, ProviderUnhealthy, QuickstartError, UsageError
from quickstart.eyes import Eyes, real
from quickstart.files import EXPORTS_NAME, SETTINGS_NAME, Places
from quickstart.konnect import launching as konnect_launching
from quickstart.konnect import outlook
from quickstart.konnect import screens as konnect_screens
from quickstart.konnect.outlook import consent_of
from quickstart.launch import LaunchResult
from quickstart.plan import Plan, Runtime
from quickstart.planning import make_plan
from quickstart.preflight import Finding, Machine
from quickstart.prompter import Prompter, open_prompter
from quickstart.reach import outward
from quickstart.reach.outward import Outward
from quickstart.reconcile import situation
from quickstart.reconcile.applying import rolling_back
from quickstart.reconcile.situation import Situation
from quickstart.render import Rendered, render
from quickstart.review import Earlier, compare
from quickstart.rewinding import Tape
from quickstart.runners import Runners, runner_of
from quickstart.runtime import RunStatus
from quickstart.sources import DEFAULT, Sources
from quickstart.wizard import Decided, Preview
from quickstart.wizard_hosted import Desk

text = messages.text
Apply = Callable[..., LaunchResult]
"""launch.apply, or what a test has in its place."""


@dataclass(frozen=True, slots=True)
class Choices:
    """How setup runs, as opposed to what it sets up."""

    yes: bool = False
    dry_run: bool = False
    answers_file: str = ""
    settled: bool = False  # everything is said already (an import): of questions, only the review is left


@dataclass(frozen=True, slots=True)
class Setup:
    """One run. What touches the world is a field, so that tests can hand in another."""

    environment: Mapping[str, str]
    places: Places
    console: Console
    prompter: Callable[[Mapping[str, str]], Prompter] = open_prompter
    eyes: Callable[[Mapping[str, str], frozenset[int]], Eyes] = real
    machine: Callable[[Places, Mapping[str, str]], Machine] = preflight.machine
    apply: Apply = launch.apply
    runners: Runners = runner_of
    wall: Callable[[], float] = time.time

    def run(self, flags: Mapping[str, Any], choices: Choices) -> None:
        """Raises QuickstartError; returns when everything is as it was asked for."""
        # a wizard without a terminal must end before it has looked at or asked about anything
        prompter = None if choices.yes else self.prompter(self.environment)
        sources, way = self._way_out(self._placed(self._sources(flags, choices)))
        machine = self.machine(self.places, self.environment)
        eyes = self.eyes(way.environment(self.environment), machine.ours)
        earlier = self._earlier(sources)

        def preview(answers: Answers) -> Preview:
            with self.console.waiting(text("machine.checking")):
                return self._preview(answers, machine, choices.dry_run, way)

        if prompter is None or choices.settled:
            decided = self._without_asking(sources, eyes, preview, earlier)
            if decided.preview.findings and not choices.dry_run:
                raise preflight.error_of(decided.preview.findings)
            if prompter is not None and not choices.dry_run:
                self._agree(decided, earlier, prompter)
        else:
            tape = Tape(prompter, eyes, self.console)
            desk = Desk(sources, tape, self.console, tape.eyes)
            decided = tape.converse(
                lambda: wizard.run(desk, lambda answers: tape.look("preview", lambda: preview(answers)), earlier)
            )
        if choices.dry_run:
            self._told(decided, earlier, reviewed=prompter is not None and not choices.settled)
            return
        plan, answers = decided.preview.plan, decided.answers
        if plan.konnect is None:
            result = self.apply(
                plan, answers, self.console, self.places, self.environment, answers.test, wish=decided.wish
            )
        else:
            result = konnect_launching.apply(plan, answers, self.console, self.places, self.environment, answers.test)
        if prompter is None:
            reviewing.edits(self.console, result.kept, result.dropped)
        if result.regressed and self._rolled_back(result, answers, earlier, sources, prompter):
            return
        ready.show(self.console, plan, result)
        if answers.strict and result.unhealthy:
            count, total = len(result.unhealthy), len(result.routes)
            raise ProviderUnhealthy(text("done.unhealthy", count=count, total=total), text("done.unhealthy_hint"))

    def _agree(self, decided: Decided, earlier: Earlier, prompter: Prompter) -> None:
        """The review of what somebody's file says. Raises Cancelled."""
        plan, rendered = decided.preview.plan, decided.preview.rendered
        review = compare(plan, rendered, earlier, wizard.proposal_of(decided.preview, earlier, decided.wish))
        wizard_review.show(self.console, plan, review, earlier)
        if not prompter.confirm(text("imports.apply"), True):
            raise Cancelled()

    def _rolled_back(
        self, result: LaunchResult, answers: Answers, earlier: Earlier, sources: Sources, prompter: Prompter | None
    ) -> bool:
        """Whether everything was put back, because a route that answered before did not any more. Unattended that is
        only told, but with --strict raises ProviderUnhealthy."""
        for route in result.regressed:
            said = text("change.regressed", path=route.path, message=route.message or route.health)
            self.console.warn(said, route.hint)
        asked = prompter is not None and prompter.confirm(text("change.roll_back_ask"), False)
        if earlier.plan is None or sources.saved is None or not (asked or answers.strict):
            self.console.warn(text("change.roll_back_hint"))
            return False
        back = replace(earlier.plan, secrets=dict(earlier.secrets or {}))
        wish = rolling_back(self.places, result.generation)
        self.apply(back, sources.saved, self.console, self.places, self.environment, answers.test, wish=wish)
        if answers.strict:
            count, total = len(result.regressed), len(result.passed)
            raise ProviderUnhealthy(text("change.rolled_back_strict", count=count, total=total), "")
        self.console.reply(text("change.rolled_back"))
        return True

    def _sources(self, flags: Mapping[str, Any], choices: Choices) -> Sources:
        path = Path(choices.answers_file).expanduser() if choices.answers_file else self.places.answers
        saved = read_answers(path, bool(choices.answers_file))
        secrets, notes = secret_file.read(self.places.secrets)
        for note in notes:
            self.console.warn(note)
        return Sources(flags, self.environment, saved, secrets)

    def _placed(self, sources: Sources) -> Sources:
        given = sources.value("output_dir")
        if given.origin != DEFAULT:
            return sources
        path, why = preflight.elsewhere(Path(given.value), self.places.home)
        if not why:
            return sources
        self.console.warn(why, text("machine.elsewhere", path=self.console.place(path)))
        return replace(sources, flags={**sources.flags, "output_dir": str(path)})

    def _way_out(self, sources: Sources) -> tuple[Sources, Outward]:
        """How providers are reached, by this shell or as it was kept; the keys are checked that way, and the gateway
        goes it. Raises UsageError, EnvironmentProblem."""
        proxy, direct, authorities = (sources.value(name) for name in ("forward_proxy", "no_proxy", "ca_file"))
        ca_file = str(authorities.value)
        if authorities.origin == "$REQUESTS_CA_BUNDLE" and Path(ca_file).is_dir():
            ca_file = outward.DEFAULT  # that variable may name a folder too, for programs that can use one
        way = outward.settle(self.environment, sources.saved_secrets, str(proxy.value), str(direct.value), ca_file)
        return replace(sources, flags={**sources.flags, "ca_file": way.ca_file or outward.DEFAULT}), way

    def _earlier(self, sources: Sources) -> Earlier:
        try:
            known = deployment.load(self.places.deployment)
        except EnvironmentProblem:
            known = None  # a damaged record: everything is shown as new, and launch says that it was damaged
        if known is None:
            return Earlier()
        folder = known.plan.output_dir
        now = None
        if known.plan.konnect is None:
            now = situation.read(self.places, known.plan, health.is_ready(known.plan))
        texts = _text(folder / SETTINGS_NAME), _text(folder / EXPORTS_NAME)
        return Earlier(known.plan, *texts, dict(sources.saved_secrets), now, self._standing(known.plan.runtime, now))

    def _standing(self, runtime: Runtime, now: Situation | None) -> str:
        try:
            status = self.runners(runtime, self.places, self.environment).status()
        except EnvironmentProblem:
            status = RunStatus(False)  # what runs it does not answer: the review tells that
        uptime = self.wall() - status.since if status.running and status.since is not None else None
        return standing.line(now.last if now is not None else None, uptime)

    def _preview(self, answers: Answers, machine: Machine, dry_run: bool, way: Outward) -> Preview:
        def engine() -> bool:
            try:
                machine.engine()
            except EngineProblem:
                return False
            return True

        plan = make_plan(answers, engine, outward=way)
        findings = preflight.check(plan, machine)
        if plan.konnect is not None:
            rendered = render(plan)
            consent = None if dry_run else consent_of(answers)
            seen = outlook.look(plan, rendered.kong_yml, self.places, self.environment, consent)
            return Preview(plan, rendered, findings, seen)
        unfit = next((finding for finding in findings if finding.check == "engine"), None)
        if unfit is not None and answers.runtime == "auto":
            plan = make_plan(replace(answers, runtime="process"), engine, outward=way)
            plan = replace(plan, because=(unfit.message, text("because.instead")))
            findings = preflight.check(plan, machine)
        elif plan.runtime == "docker" and unfit is None:
            plan, findings = self._reaching(plan, answers, machine, findings, way)
        return Preview(plan, render(plan), findings)

    def _reaching(
        self, plan: Plan, answers: Answers, machine: Machine, findings: list[Finding], way: Outward
    ) -> tuple[Plan, list[Finding]]:
        """A container that cannot reach a model server of this machine gives way to a process, where setup may choose;
        else it is said what is in the way."""
        troubles = machine.ways(plan)
        if not troubles:
            return plan, findings
        if answers.runtime == "auto":
            plan = make_plan(replace(answers, runtime="process"), lambda: False, outward=way)
            plan = replace(plan, because=(troubles[0].message, text("because.instead")))
            return plan, preflight.check(plan, machine)
        for told in troubles:
            self.console.warn(told.message, told.hint)
        return plan, findings

    def _without_asking(
        self, sources: Sources, eyes: Eyes, preview: Callable[[Answers], Preview], earlier: Earlier
    ) -> Decided:
        settled = unattended.answers_without_asking(sources, eyes)
        for note in settled.notes:
            self.console.warn(note.message, note.hint)
        seen = preview(settled.answers)
        return Decided(settled.answers, seen, wizard.wish_of(self.console, None, seen, settled.answers, earlier))

    def _told(self, decided: Decided, earlier: Earlier, reviewed: bool) -> None:
        """What a dry run says instead of doing it."""
        plan, rendered = decided.preview.plan, decided.preview.rendered
        review = compare(plan, rendered, earlier, wizard.proposal_of(decided.preview, earlier, decided.wish))
        if not reviewed:
            if decided.preview.outlook is not None:
                konnect_screens.show(self.console, plan, decided.preview.outlook)
            wizard_review.show(self.console, plan, review, earlier)
        for finding in decided.preview.findings:
            self.console.warn(finding.message, finding.hint)
        for route in plan.routes:
            self.console.fact(
                route.public, "planned", model=route.model, path=route.path, upstream=route.shown_upstream
            )
        if plan.forward_proxy or plan.ca_file:
            self.console.fact("way-out", "planned", forward_proxy=plan.forward_proxy, ca_file=plan.ca_file)
        there = decided.preview.outlook
        remote = {"konnect": len(there.changes)} if there is not None else {}
        self.console.fact("dry-run", runtime=plan.runtime, changes=len(review.changes), **remote)
        self.console.result(_dry_document(plan, rendered, len(review.changes)))
        self.console.say(text("done.dry"))


def _dry_document(plan: Plan, rendered: Rendered, changes: int) -> dict[str, Any]:
    routes = [{"name": r.name, "path": r.path, "model": r.model, "upstream": r.shown_upstream} for r in plan.routes]
    return {
        "dry_run": True, "runtime": plan.runtime, "changes": changes, "routes": routes, "because": list(plan.because),
        "kong_yml": rendered.kong_yml, "kong_env": rendered.kong_env,
    }  # fmt: skip


def read_answers(path: Path, required: bool) -> Answers | None:
    """The answers in a YAML file; None where none were saved. Raises UsageError."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if not required:
            return None
        raise UsageError(f"--answers: there is no file {path}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"Cannot read the answers in {path}: {error}.") from None
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f" (line {where.line + 1})" if where else ""
        told = diagnosis.told("answers_not_yaml", path=path, line=line)
        raise UsageError(told.message, diagnosis.told("answers_damaged", path=path, reason="").hint) from None
    try:
        return from_document(document, str(path))
    except QuickstartError as error:
        hint = error.hint or f"Correct the file, or move it away: mv {path} {path}.old"
        raise UsageError(error.message, hint) from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
