"""Carrying a plan out: files written, gateway and built-in model started or told, routes proved. Any exception on the
way, Ctrl-C included, puts the previous files and the previous gateway back.

Not for: asking, what is rendered (render.py), how a container or process is run (containers.py, processes.py).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import yaml

from gateway.settings.proxies import PROXY
from quickstart import deployment, messages, proofs, secret_file
from quickstart.admin_client import ChangedMeanwhile
from quickstart.answers import Answers
from quickstart.deployment import Deployment
from quickstart.documents import to_document
from quickstart.files import Places
from quickstart.health import RouteHealth
from quickstart.konnect.account import TOKEN
from quickstart.launch_steps import LaunchSteps
from quickstart.lock import exclusively
from quickstart.plan import Plan
from quickstart.progress import Reporter
from quickstart.reach import outward
from quickstart.reconcile import situation
from quickstart.reconcile.applying import ATTEMPTS, Applying
from quickstart.reconcile.due_files import DueFile, Texts, due_files, kept_aside, write
from quickstart.reconcile.proposal import Wish
from quickstart.render import Rendered, render
from quickstart.runners import Runners, runner_of
from quickstart.starting import prepared, start_and_wait
from quickstart.undo import Undo

text = messages.text


@dataclass(frozen=True, slots=True)
class LaunchResult:
    """What apply() did. `changed`: words out of "configuration", "keys", "answers", "gateway", "model", in this order;
    empty when everything was so already and nothing was touched."""

    changed: tuple[str, ...]
    restarted: bool  # False: the running gateway took the change up, or there was none
    routes: tuple[RouteHealth, ...]  # in the plan's order; untested ones too
    kept: tuple[str, ...] = ()  # edits made meanwhile that stay, in words
    dropped: tuple[str, ...] = ()  # and those that do not
    generation: int = 0  # the number that this became, 0 where nothing was to be recorded
    passed: frozenset[str] = frozenset()  # names of routes whose last proof before this was well

    @property
    def unchanged(self) -> bool:
        return not self.changed

    @property
    def unhealthy(self) -> tuple[RouteHealth, ...]:
        return tuple(route for route in self.routes if not route.ok and route.health != "untested")

    @property
    def regressed(self) -> tuple[RouteHealth, ...]:
        """Routes that answered before this and do not now."""
        return tuple(route for route in self.unhealthy if route.name in self.passed)


def apply(
    plan: Plan,
    answers: Answers,
    console: Reporter,
    places: Places,
    environ: Mapping[str, str],
    test: bool = True,
    runners: Runners = runner_of,
    wish: Wish = Wish(),
) -> LaunchResult:
    """Makes the plan true and returns what that took; edits made meanwhile are merged as `wish` says. With `test` every
    route is proved by a real request; a route that does not answer is told in the result and undoes nothing. Raises
    QuickstartError; the machine is as before then."""
    rendered = render(plan)
    with exclusively(places):
        for attempt in range(ATTEMPTS):
            try:
                return _Launch(plan, console, places, environ, runners).run(rendered, answers, test, wish)
            except ChangedMeanwhile:
                if attempt + 1 == ATTEMPTS:
                    raise
    raise AssertionError("unreachable")


class _Launch(LaunchSteps):
    def __init__(
        self, plan: Plan, console: Reporter, places: Places, environ: Mapping[str, str], runners: Runners
    ) -> None:
        super().__init__(plan, console, places, environ, runners(plan.runtime, places, environ))
        if self.previous is not None and self.previous.plan.runtime != plan.runtime:
            self.previous_runner = runners(self.previous.plan.runtime, places, environ)

    def run(self, rendered: Rendered, answers: Answers, test: bool, wish: Wish) -> LaunchResult:
        image = prepared(self.runner, self.plan, self.console)
        wanted = Deployment(dataclasses.replace(self.plan, secrets={}), image)
        running = self.previous_status().running
        here = self.previous is not None and self.previous.plan.konnect is None
        # a data plane of Konnect is not configured here: there is nobody to ask what somebody edited
        now = situation.read(self.places, self.previous.plan if self.previous and here else None, running and here)
        applying = Applying(self.places, now, rendered.kong_yml, wish)
        texts = Texts(
            yaml.safe_dump(to_document(answers), sort_keys=False, allow_unicode=True),
            deployment.to_text(wanted),
            rendered.kong_env,
        )
        files = [item for item in self._files(applying, texts) if item.differs()]
        changed = {item.kind for item in files} - {""}
        if applying.proposal.changes:
            changed.add("configuration")
        restart = self.must_restart(wanted, running)
        if restart:
            changed.add("gateway")
        if self.model_is_due():
            changed.add("model")
        passed = frozenset(name for name, told in proofs.load(self.places).items() if told.get("health") == "ok")
        number = self._change(wanted, files, restart, running, applying, texts) if files or changed else 0
        order = ("configuration", "keys", "answers", "gateway", "model")
        edits = [tuple(edit.text for edit in group) for group in (applying.proposal.kept, applying.proposal.dropped)]
        return LaunchResult(
            tuple(word for word in order if word in changed), restart and running, self.proved(test), edits[0],
            edits[1], number, passed,
        )  # fmt: skip

    # -- what is to be ---------------------------------------------------------------------------------------------

    def _files(self, applying: Applying, texts: Texts) -> list[DueFile]:
        for note in secret_file.read(self.places.secrets)[1]:
            self.console.warn(note)
        dropped = self.previous_secrets()
        if self.previous is not None and self.previous.plan.konnect is not None:
            dropped.add(TOKEN)  # no business of a gateway of this machine
        dropped.add(PROXY)
        files = due_files(self.plan, applying, texts, dropped, self.plan.secrets)
        if self.plan.ca_file and self.plan.runtime == "docker":
            trusted = outward.certificates(self.plan.ca_file)
            files.append(DueFile("configuration", self.places.authorities, trusted, 0o644))
        return files

    # -- making it so ----------------------------------------------------------------------------------------------

    def _change(
        self, wanted: Deployment, files: list[DueFile], restart: bool, running: bool, applying: Applying, texts: Texts
    ) -> int:
        with Undo(self.undo_failed) as undo:
            self.start_model(undo)
            stop_previous = self.promise_previous(undo)
            previous = self.previous or wanted
            applying.promise_back(undo, previous.plan, lambda: self.runner.refresh(previous))
            self._write(files, undo, applying)
            kept = applying.record(undo, texts.answers, texts.deployment)
            if restart:
                self._replace(wanted, stop_previous if running else None, undo, applying)
            elif applying.proposal.changes or any(
                item.kind == "keys" or item.path == self.places.configuration for item in files
            ):
                self._update(wanted, applying)
            undo.commit()
        self.clean_up(wanted)
        return kept.number if kept is not None else 0

    def _write(self, files: list[DueFile], undo: Undo, applying: Applying) -> None:
        with self.console.step(text("launch.written")):
            aside = kept_aside(files, self.plan, applying)
            write(files, self.plan, self.places, undo)
        if aside is not None:
            self.console.warn(text("change.by_hand", path=aside), text("change.by_hand_hint", path=aside))

    def _replace(
        self, wanted: Deployment, stop_previous: Callable[[], None] | None, undo: Undo, applying: Applying
    ) -> None:
        with self.console.step(text("launch.started")) as step:
            if stop_previous is not None:
                stop_previous()
            applying.forget_state(undo)
            undo.push("remove the new gateway", self.runner.discard)
            start_and_wait(self.runner, wanted)
            step.note(self.runner.status().detail)

    def _update(self, wanted: Deployment, applying: Applying) -> None:
        with self.console.step(text("launch.updated")):
            self.runner.refresh(wanted)
            applying.push(self.plan, self.places.configuration.read_text())
