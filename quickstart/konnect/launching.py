"""Carrying out a plan whose control plane is in Konnect: files, Konnect's side, the data plane, its arrival there, one
proof per route. Any exception on the way puts this machine back as it was; what was made in Konnect stays, is written
down, and the next run goes on from it.

Not for: plans of this machine alone (launch.py), the steps in Konnect (provisioning.py).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from quickstart import deployment, health, messages, proofs, secret_file
from quickstart.answers import Answers
from quickstart.deployment import Deployment
from quickstart.documents import to_document
from quickstart.errors import EnvironmentProblem, KonnectError, QuickstartError
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
from quickstart.konnect import arrival, data_plane
from quickstart.konnect.data_plane_runner import DataPlaneRunner
from quickstart.konnect.journal import Entry
from quickstart.konnect.outlook import consent_of
from quickstart.konnect.provisioning import Provisioning
from quickstart.launch import LaunchResult
from quickstart.local_model import LocalModel
from quickstart.lock import exclusively
from quickstart.plan import Plan, Runtime
from quickstart.progress import Reporter
from quickstart.render import Rendered, render
from quickstart.runners import runner_of
from quickstart.runtime import Runner
from quickstart.starting import prepared, require_ports
from quickstart.undo import Undo

text = messages.text
Runners = Callable[[Runtime, Places, Mapping[str, str]], Runner]
_LAST_WORDS = 15


@dataclass(frozen=True, slots=True)
class _File:
    kind: str  # which word of LaunchResult.changed it counts as, "" for none
    path: Path
    content: bytes
    mode: int = 0o600

    def differs(self) -> bool:
        try:
            found = self.path.lstat()
            return (found.st_mode & 0o7777) != self.mode or self.path.read_bytes() != self.content
        except FileNotFoundError:
            return True


def apply(
    plan: Plan,
    answers: Answers,
    console: Reporter,
    places: Places,
    environ: Mapping[str, str],
    test: bool = True,
    runners: Runners = runner_of,
) -> LaunchResult:
    """As launch.apply, for a plan with `konnect`. Raises QuickstartError; this machine is as before then."""
    with exclusively(places):
        return _Launch(plan, answers, console, places, environ, runners).run(render(plan), test)


class _Launch:
    def __init__(
        self,
        plan: Plan,
        answers: Answers,
        console: Reporter,
        places: Places,
        environ: Mapping[str, str],
        runners: Runners,
    ) -> None:
        self.plan = plan
        self.answers = answers
        self.console = console
        self.places = places
        self.environ = environ
        self.runner = DataPlaneRunner(places, environ)
        self.model = LocalModel(places, environ)
        try:
            self.previous = deployment.load(places.deployment)
        except EnvironmentProblem as problem:
            console.warn(problem.message, text("launch.damaged"))
            self.previous = None
        self.previous_runner: Runner = self.runner
        if self.previous is not None and self.previous.plan.konnect is None:
            self.previous_runner = runners(self.previous.plan.runtime, places, environ)

    def run(self, rendered: Rendered, test: bool) -> LaunchResult:
        image = prepared(self.runner, self.plan, self.console)
        wanted = Deployment(dataclasses.replace(self.plan, secrets={}), image)
        files = [item for item in self._files(rendered, wanted) if item.differs()]
        changed = {item.kind for item in files} - {""}
        before = _text(self.places.configuration)
        restarted = False
        with Undo(self._undo_failed) as undo:
            if self.plan.local_model:
                self._start_model(undo, changed)
            stopped: list[Deployment] = []
            undo.push("start the previous gateway", lambda: self._start_previous(stopped))
            self._write(files, undo)
            with Provisioning(
                self.plan, self.places, self.environ, self.console, consent_of(self.answers)
            ) as provisioning:
                try:
                    entry, remote = provisioning.provide(rendered.kong_yml)
                    if remote:
                        changed.add("konnect")
                    if self.previous is not None and self.previous.plan.konnect == self.plan.konnect and before:
                        undo.push(
                            "give Konnect the previous configuration", lambda: provisioning.sync(entry.id, before)
                        )
                    running = self._running()
                    restart = not running or self.previous is None or bool(self.previous.must_restart(wanted))
                    restart = restart or not self.runner.fits(wanted) or not health.is_ready(self.plan)
                    if restart:
                        changed.add("gateway")
                    restarted = restart and running
                    self._bring_up(wanted, entry, provisioning, restart, running, undo, stopped)
                except QuickstartError as error:
                    raise _with_rest(error) from error
                undo.commit()
        self._clean_up(wanted)
        order = ("konnect", "configuration", "keys", "answers", "gateway", "model")
        return LaunchResult(tuple(word for word in order if word in changed), restarted, self._proved(test))

    # -- what is to be ---------------------------------------------------------------------------------------------

    def _files(self, rendered: Rendered, wanted: Deployment) -> list[_File]:
        said = yaml.safe_dump(to_document(self.answers), sort_keys=False, allow_unicode=True)
        stored, notes = secret_file.read(self.places.secrets)
        for note in notes:
            self.console.warn(note)
        dropped = {route.secret for route in self.previous.plan.routes} if self.previous is not None else set()
        kept = {name: value for name, value in stored.items() if name not in dropped}
        merged = kept | self.plan.secrets
        secrets = secret_file.render(merged).encode()
        if merged == stored and self.places.secrets.exists():
            secrets = self.places.secrets.read_bytes()  # the same in other words is left as its owner wrote it
        settings = rendered.kong_yml.encode()
        return [
            _File("keys", self.places.secrets, secrets, secret_file.MODE),
            _File("configuration", self.places.configuration, settings, 0o644),
            _File("configuration", self.plan.output_dir / SETTINGS_NAME, settings),
            _File("configuration", self.plan.output_dir / EXPORTS_NAME, rendered.kong_env.encode()),
            _File("answers", self.places.answers, said.encode()),
            _File("", self.places.deployment, deployment.to_text(wanted).encode()),
        ]

    def _running(self) -> bool:
        try:
            return self.previous_runner.status().running
        except EnvironmentProblem as problem:
            self.console.warn(problem.message, text("launch.unseen"))
            return False

    # -- making it so ----------------------------------------------------------------------------------------------

    def _write(self, files: list[_File], undo: Undo) -> None:
        if not files:
            return
        with self.console.step(text("launch.written")):
            if any(item.path.parent == self.plan.output_dir for item in files):
                output_directory(self.plan.output_dir)
            for folder in (self.places.config, self.places.data, self.places.state):
                private_directory(folder)
            private_directory(self.places.configuration.parent, 0o755)
            for item in files:
                undo.push(f"restore {item.path}", Before.of(item.path).restore)
                write_atomically(item.path, item.content, item.mode)

    def _start_model(self, undo: Undo, changed: set[str]) -> None:
        port, before = self.plan.local_model_port, self.model.port()
        if not self.model.installed():
            self.model.stop()
            with self.console.step(text("launch.model")) as step:
                self.model.install(step.progress)
        if before == port:
            return
        changed.add("model")
        with self.console.step(text("launch.model_on", port=port)):
            undo.push("stop the built-in model", self.model.stop)
            self.model.start(port)
            self.model.wait(port)

    def _bring_up(
        self,
        wanted: Deployment,
        entry: Entry,
        provisioning: Provisioning,
        restart: bool,
        running: bool,
        undo: Undo,
        stopped: list[Deployment],
    ) -> None:
        product, client = provisioning.product, provisioning.client
        hostname = "" if self.plan.host_network else data_plane.container_name(self.places)
        earlier: frozenset[str] = frozenset()
        if restart:
            # of the data plane that ran before, a node of the same name is listed for hours
            earlier = arrival.listed(product, client, entry.id)
            with self.console.step(text("launch.started")) as step:
                if running:
                    stopped.extend([self.previous] if self.previous is not None else [])
                    self.previous_runner.stop()
                require_ports(self.plan)
                undo.push("remove the new gateway", self.runner.discard)
                self.runner.start(wanted)
                step.note(self.runner.status().detail)
        with self.console.step(text("konnect.step.node")) as step:
            try:
                node = arrival.wait(product, client, entry, hostname, earlier, self._crashed, step.progress)
            except KonnectError as error:
                said = "\n".join(self.runner.logs(_LAST_WORDS))
                error.hint = f"{error.hint}\n{text('konnect.last_words')}\n{said}" if said else error.hint
                raise
            step.note(text("konnect.step.node_note", config=node.config[:12]))
        health.wait_ready(self.plan, self.runner.status)

    def _crashed(self) -> str:
        status = self.runner.status()
        return status.crashed or ("it crashed" if status.restarts else "")

    def _start_previous(self, stopped: list[Deployment]) -> None:
        for earlier in stopped:
            self.previous_runner.start(earlier)
            health.wait_ready(earlier.plan, self.previous_runner.status)

    def _undo_failed(self, name: str, error: Exception) -> None:
        self.console.warn(text("launch.not_back", name=name, error=error), text("launch.not_back_hint"))

    def _clean_up(self, wanted: Deployment) -> None:
        """What only the previous gateway needed. Failing here harms nothing."""
        try:
            if not self.plan.local_model:
                self.model.stop()
            if self.previous_runner is not self.runner:
                self.previous_runner.remove()
            if self.previous is not None and self.previous.plan.output_dir != self.plan.output_dir:
                for name in (SETTINGS_NAME, EXPORTS_NAME):
                    (self.previous.plan.output_dir / name).unlink(missing_ok=True)
        except (EnvironmentProblem, OSError) as error:
            self.console.warn(text("launch.left", error=error))

    # -- proving it ------------------------------------------------------------------------------------------------

    def _proved(self, test: bool) -> tuple[RouteHealth, ...]:
        found: list[RouteHealth] = []
        if test:
            with self.console.step(text("launch.proof")) as step:
                try:
                    for result in health.prove(self.plan):
                        found.append(result)
                        step.progress(result.path)
                except KeyboardInterrupt:  # everything is in place already; only the waiting is given up
                    step.warn(text("launch.proof_stopped"))
                asked = [result for result in found if result.health != "untested"]
                bad = sum(not result.ok for result in asked)
                if bad:
                    step.warn(text("launch.proof_bad", bad=bad, total=len(asked)))
            proofs.save(self.places, found)
        return (*found, *(health.untested(route) for route in self.plan.proved[len(found) :]))


def _with_rest(error: QuickstartError) -> QuickstartError:
    """The same error, with what is left in Konnect and that this is no harm."""
    error.hint = f"{error.hint}\n{text('konnect.kept')}".strip()
    return error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
