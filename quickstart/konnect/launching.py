"""Carrying out a plan whose control plane is in Konnect: files, Konnect's side, the data plane, its arrival there, one
proof per route. Any exception on the way puts this machine back as it was; what was made in Konnect stays, is written
down, and the next run goes on from it.

Not for: plans of this machine alone (launch.py), the steps in Konnect (provisioning.py).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml

from quickstart import deployment, health, messages, secret_file
from quickstart.answers import Answers
from quickstart.deployment import Deployment
from quickstart.documents import to_document
from quickstart.errors import KonnectError, QuickstartError
from quickstart.files import EXPORTS_NAME, SETTINGS_NAME, Places
from quickstart.konnect import arrival, data_plane
from quickstart.konnect.data_plane_runner import DataPlaneRunner
from quickstart.konnect.journal import Entry
from quickstart.konnect.outlook import consent_of
from quickstart.konnect.provisioning import Provisioning
from quickstart.launch import LaunchResult
from quickstart.launch_steps import LaunchSteps
from quickstart.lock import exclusively
from quickstart.plan import Plan
from quickstart.progress import Reporter
from quickstart.reconcile.due_files import DueFile, write
from quickstart.render import Rendered, render
from quickstart.runners import Runners, runner_of
from quickstart.starting import prepared, require_ports
from quickstart.undo import Undo

text = messages.text
_LAST_WORDS = 15


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


class _Launch(LaunchSteps):
    def __init__(
        self,
        plan: Plan,
        answers: Answers,
        console: Reporter,
        places: Places,
        environ: Mapping[str, str],
        runners: Runners,
    ) -> None:
        self.data_plane = DataPlaneRunner(places, environ)
        super().__init__(plan, console, places, environ, self.data_plane)
        self.answers = answers
        self.environ = environ
        if self.previous is not None and self.previous.plan.konnect is None:
            self.previous_runner = runners(self.previous.plan.runtime, places, environ)

    def run(self, rendered: Rendered, test: bool) -> LaunchResult:
        image = prepared(self.runner, self.plan, self.console)
        wanted = Deployment(dataclasses.replace(self.plan, secrets={}), image)
        files = [item for item in self._files(rendered, wanted) if item.differs()]
        changed = {item.kind for item in files} - {""}
        before = _text(self.places.configuration)
        restarted = False
        if self.model_is_due():
            changed.add("model")
        with Undo(self.undo_failed) as undo:
            self.start_model(undo)
            stop_previous = self.promise_previous(undo)
            if files:
                with self.console.step(text("launch.written")):
                    write(files, self.plan, self.places, undo)
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
                    running = self.previous_status().running
                    restart = self.must_restart(wanted, running) or not self.data_plane.fits(wanted)
                    if restart:
                        changed.add("gateway")
                    restarted = restart and running
                    if restart:
                        self._replace(wanted, entry, provisioning, stop_previous if running else None, undo)
                    else:
                        self._arrive(entry, provisioning)
                except QuickstartError as error:
                    raise _with_rest(error) from error
                undo.commit()
        self.clean_up(wanted)
        order = ("konnect", "configuration", "keys", "answers", "gateway", "model")
        return LaunchResult(tuple(word for word in order if word in changed), restarted, self.proved(test))

    # -- what is to be ---------------------------------------------------------------------------------------------

    def _files(self, rendered: Rendered, wanted: Deployment) -> list[DueFile]:
        said = yaml.safe_dump(to_document(self.answers), sort_keys=False, allow_unicode=True)
        stored, notes = secret_file.read(self.places.secrets)
        for note in notes:
            self.console.warn(note)
        kept = {name: value for name, value in stored.items() if name not in self.previous_secrets()}
        merged = kept | self.plan.secrets
        secrets = secret_file.render(merged).encode()
        if merged == stored and self.places.secrets.exists():
            secrets = self.places.secrets.read_bytes()  # the same in other words is left as its owner wrote it
        settings = rendered.kong_yml.encode()
        return [
            DueFile("keys", self.places.secrets, secrets, secret_file.MODE),
            DueFile("configuration", self.places.configuration, settings, 0o644),
            DueFile("configuration", self.plan.output_dir / SETTINGS_NAME, settings),
            DueFile("configuration", self.plan.output_dir / EXPORTS_NAME, rendered.kong_env.encode()),
            DueFile("answers", self.places.answers, said.encode()),
            DueFile("", self.places.deployment, deployment.to_text(wanted).encode()),
        ]

    # -- making it so ----------------------------------------------------------------------------------------------

    def _replace(
        self,
        wanted: Deployment,
        entry: Entry,
        provisioning: Provisioning,
        stop_previous: Callable[[], None] | None,
        undo: Undo,
    ) -> None:
        # of the data plane that ran before, a node of the same name is listed for hours
        earlier = arrival.listed(provisioning.product, provisioning.client, entry.id)
        with self.console.step(text("launch.started")) as step:
            if stop_previous is not None:
                stop_previous()
            require_ports(self.plan)
            undo.push("remove the new gateway", self.runner.discard)
            self.runner.start(wanted)
            step.note(self.runner.status().detail)
        self._arrive(entry, provisioning, earlier)

    def _arrive(self, entry: Entry, provisioning: Provisioning, earlier: frozenset[str] = frozenset()) -> None:
        """Waits until Konnect sees a node that has its configuration and is none of `earlier`."""
        product, client = provisioning.product, provisioning.client
        hostname = "" if self.plan.host_network else data_plane.container_name(self.places)
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


def _with_rest(error: QuickstartError) -> QuickstartError:
    """The same error, with what is left in Konnect and that this is no harm."""
    error.hint = f"{error.hint}\n{text('konnect.kept')}".strip()
    return error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
