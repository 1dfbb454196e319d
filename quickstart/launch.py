"""Carrying a plan out: files written, gateway and built-in model started or told, routes proved. Any exception on the
way, Ctrl-C included, puts the previous files and the previous gateway back.

Not for: asking, what is rendered (render.py), how a container or process is run (containers.py, processes.py).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from quickstart import admin_client, deployment, health, secret_file
from quickstart.answers import Answers
from quickstart.deployment import Deployment
from quickstart.documents import to_document
from quickstart.errors import EnvironmentProblem
from quickstart.files import (
    EXPORTS_NAME,
    SETTINGS_NAME,
    Before,
    Places,
    output_directory,
    private_directory,
    write_atomically,
)
from quickstart.health import RouteHealth
from quickstart.local_model import LocalModel
from quickstart.lock import exclusively
from quickstart.plan import Plan, Runtime
from quickstart.progress import Reporter
from quickstart.proofs import save
from quickstart.render import Rendered, render
from quickstart.runners import runner_of
from quickstart.runtime import Runner, RunStatus
from quickstart.starting import prepared, start_and_wait
from quickstart.undo import Undo

Runners = Callable[[Runtime, Places, Mapping[str, str]], Runner]


@dataclass(frozen=True, slots=True)
class LaunchResult:
    """What apply() did. `changed`: words out of "configuration", "keys", "answers", "gateway", "model", in this order;
    empty when everything was so already and nothing was touched."""

    changed: tuple[str, ...]
    restarted: bool  # False: the running gateway took the change up, or there was none
    routes: tuple[RouteHealth, ...]  # in the plan's order; untested ones too

    @property
    def unchanged(self) -> bool:
        return not self.changed

    @property
    def unhealthy(self) -> tuple[RouteHealth, ...]:
        return tuple(route for route in self.routes if not route.ok and route.health != "untested")


@dataclass(frozen=True, slots=True)
class _File:
    kind: str  # which word of LaunchResult.changed it counts as, "" for none
    path: Path
    content: bytes
    mode: int = 0o600


def apply(
    plan: Plan,
    answers: Answers,
    console: Reporter,
    places: Places,
    environ: Mapping[str, str],
    test: bool = True,
    runners: Runners = runner_of,
) -> LaunchResult:
    """Makes the plan true and returns what that took. With `test` every route is proved by a real request; a route that
    does not answer is told in the result and undoes nothing. Raises QuickstartError; the machine is as before then."""
    rendered = render(plan)
    with exclusively(places):
        return _Launch(plan, console, places, environ, runners).run(rendered, answers, test)


class _Launch:
    def __init__(
        self, plan: Plan, console: Reporter, places: Places, environ: Mapping[str, str], runners: Runners
    ) -> None:
        self.plan = plan
        self.console = console
        self.places = places
        self.runner = runners(plan.runtime, places, environ)
        self.model = LocalModel(places, environ)
        self.previous = self._previous()
        self.previous_runner = self.runner
        if self.previous is not None and self.previous.plan.runtime != plan.runtime:
            self.previous_runner = runners(self.previous.plan.runtime, places, environ)

    def _previous(self) -> Deployment | None:
        try:
            return deployment.load(self.places.deployment)
        except EnvironmentProblem as problem:
            self.console.warn(problem.message, "It is written anew.")
            return None

    def run(self, rendered: Rendered, answers: Answers, test: bool) -> LaunchResult:
        image = prepared(self.runner, self.plan, self.console)
        wanted = Deployment(dataclasses.replace(self.plan, secrets={}), image)
        files = [item for item in self._files(rendered, answers, wanted) if _differs(item)]
        changed = {item.kind for item in files} - {""}
        running = self._previous_status().running
        restart = not running or self.previous is None or bool(self.previous.must_restart(wanted))
        if not restart and not health.is_ready(self.plan):
            restart = True
        if restart:
            changed.add("gateway")
        if self.plan.local_model and not (self.model.port() == self.plan.local_model_port and self.model.installed()):
            changed.add("model")
        if files or changed:
            self._change(wanted, files, restart, running)
        order = ("configuration", "keys", "answers", "gateway", "model")
        told = tuple(word for word in order if word in changed)
        return LaunchResult(told, restart and running, self._proved(test))

    # -- what is to be ---------------------------------------------------------------------------------------------

    def _files(self, rendered: Rendered, answers: Answers, wanted: Deployment) -> list[_File]:
        """Every file as it should be, the ones that others refer to first."""
        said = yaml.safe_dump(to_document(answers), sort_keys=False, allow_unicode=True)
        secrets, notes = secret_file.read(self.places.secrets)
        for note in notes:
            self.console.warn(note)
        dropped = {route.secret for route in self.previous.plan.routes} if self.previous is not None else set()
        # Names that nobody here ever wrote stay: the person may have added them for a change made in the Manager.
        kept = {name: value for name, value in secrets.items() if name not in dropped}
        merged = kept | self.plan.secrets
        # A file that says the same in other words is left as its owner wrote it.
        text = secret_file.render(merged).encode()
        if merged == secrets and self.places.secrets.exists():
            text = self.places.secrets.read_bytes()
        settings = rendered.kong_yml.encode()
        return [
            _File("keys", self.places.secrets, text, secret_file.MODE),
            # Readable in the container whoever the gateway is there; the directory above is the person's alone.
            _File("configuration", self.places.configuration, settings, 0o644),
            _File("configuration", self.plan.output_dir / SETTINGS_NAME, settings),
            _File("configuration", self.plan.output_dir / EXPORTS_NAME, rendered.kong_env.encode()),
            _File("answers", self.places.answers, said.encode()),
            _File("", self.places.deployment, deployment.to_text(wanted).encode()),
        ]

    def _previous_status(self) -> RunStatus:
        try:
            return self.previous_runner.status()
        except EnvironmentProblem as problem:  # its engine is gone, and the gateway with it
            self.console.warn(problem.message, "The gateway that ran there cannot be seen from here.")
            return RunStatus(False)

    # -- making it so ----------------------------------------------------------------------------------------------

    def _change(self, wanted: Deployment, files: list[_File], restart: bool, running: bool) -> None:
        with Undo(self._undo_failed) as undo:
            if self.plan.local_model:
                self._start_model(undo)
            stopped: list[Deployment] = []
            undo.push("start the previous gateway", lambda: self._start_previous(stopped))
            told: list[str] = []
            undo.push("give the running gateway its old configuration", lambda: self._push_previous(told))
            # Undone before the two above: they must find the old files.
            self._write(files, undo)
            if restart:
                self._replace(wanted, running, undo, stopped)
            elif any(item.kind == "keys" or item.path == self.places.configuration for item in files):
                self._update(wanted, told)
            undo.commit()
        self._clean_up(wanted)

    def _start_model(self, undo: Undo) -> None:
        port = self.plan.local_model_port
        if not self.model.installed():
            self.model.stop()  # what runs is of another version
            with self.console.step("Built-in model") as step:
                self.model.install(step.progress)
        before = self.model.port()
        if before == port:
            return
        with self.console.step(f"Built-in model on port {port}"):
            undo.push("stop the built-in model", lambda: self._restore_model(before))
            self.model.start(port)
            self.model.wait(port)

    def _restore_model(self, port: int | None) -> None:
        self.model.stop()
        if port is not None:
            self.model.start(port)

    def _write(self, files: list[_File], undo: Undo) -> None:
        with self.console.step("Configuration written") as step:
            if any(item.path.parent == self.plan.output_dir for item in files):
                output_directory(self.plan.output_dir)
            for folder in (self.places.config, self.places.data, self.places.state):
                private_directory(folder)
            private_directory(self.places.configuration.parent, 0o755)
            for item in files:
                undo.push(f"restore {item.path}", Before.of(item.path).restore)
                write_atomically(item.path, item.content, item.mode)
            step.note(str(self.plan.output_dir))

    def _replace(self, wanted: Deployment, running: bool, undo: Undo, stopped: list[Deployment]) -> None:
        with self.console.step("Gateway started") as step:
            if running:
                stopped.extend([self.previous] if self.previous is not None else [])
                self.previous_runner.stop()
            undo.push("remove the new gateway", self.runner.discard)
            start_and_wait(self.runner, wanted)
            step.note(self.runner.status().detail)

    def _update(self, wanted: Deployment, told: list[str]) -> None:
        with self.console.step("Gateway updated without a restart"):
            self.runner.refresh(wanted)
            told.append("new")  # even when it refuses: asking again with the old one is harmless
            admin_client.push(self.plan, self.places.configuration.read_text())

    def _start_previous(self, stopped: list[Deployment]) -> None:
        for earlier in stopped:
            self.previous_runner.start(earlier)
            health.wait_ready(earlier.plan, self.previous_runner.status)

    def _push_previous(self, told: list[str]) -> None:
        if told and self.previous is not None:
            self.runner.refresh(self.previous)
            admin_client.push(self.previous.plan, self.places.configuration.read_text())

    def _undo_failed(self, name: str, error: Exception) -> None:
        self.console.warn(f"Going back did not work whole: could not {name}: {error}", "Try: ai-gateway restart")

    def _clean_up(self, wanted: Deployment) -> None:
        """What only the previous gateway needed. Failing here harms nothing."""
        try:
            if not self.plan.local_model:
                self.model.stop()
            if self.previous_runner is not self.runner:
                self.previous_runner.remove()
            self.runner.tidy(wanted)
            if self.previous is not None and self.previous.plan.output_dir != self.plan.output_dir:
                for name in (SETTINGS_NAME, EXPORTS_NAME):
                    (self.previous.plan.output_dir / name).unlink(missing_ok=True)
        except (EnvironmentProblem, OSError) as error:
            self.console.warn(f"Something of the previous gateway is left: {error}")

    # -- proving it ------------------------------------------------------------------------------------------------

    def _proved(self, test: bool) -> tuple[RouteHealth, ...]:
        found: list[RouteHealth] = []
        if test:
            with self.console.step("One test request per route") as step:
                try:
                    for result in health.prove(self.plan):
                        found.append(result)
                        step.progress(result.path)
                except KeyboardInterrupt:  # everything is in place already; only the waiting is given up
                    step.warn("stopped; the gateway keeps running")
                else:
                    asked = [result for result in found if result.health != "untested"]
                    bad = sum(not result.ok for result in asked)
                    if bad:
                        step.warn(f"{bad} of {len(asked)} did not answer well")
            save(self.places, found)
        return (*found, *(health.untested(route) for route in self.plan.proved[len(found) :]))


def _differs(item: _File) -> bool:
    try:
        found = item.path.lstat()
        return item.path.is_symlink() or (found.st_mode & 0o777) != item.mode or item.path.read_bytes() != item.content
    except FileNotFoundError:
        return True
