"""Starting and stopping what is set up, and what it looks like right now. Not for: setting up (launch.py), wording or
layout of the answer (commands/)."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from typing import Any

from quickstart import deployment, health, proofs, standing
from quickstart.deployment import Deployment
from quickstart.errors import EnvironmentProblem
from quickstart.files import EXPORTS_NAME, SETTINGS_NAME, Places, write_atomically
from quickstart.local_http import authority
from quickstart.local_model import LocalModel
from quickstart.lock import exclusively
from quickstart.logbook.usage import MOST_LINES, Usage, usage
from quickstart.messages import text
from quickstart.plan import Plan
from quickstart.progress import Reporter
from quickstart.reconcile.generations import History
from quickstart.runners import Runners, runner_of
from quickstart.starting import prepared, start_and_wait


class GatewayControl:
    """The gateway that was set up. Raises EnvironmentProblem when none was."""

    def __init__(self, places: Places, environ: Mapping[str, str], runners: Runners = runner_of) -> None:
        self.places = places
        self.deployment = deployment.require(places.deployment)
        self.runner = runners(self.plan.runtime, places, environ)
        self.environ = environ
        self.model = LocalModel(places, environ)

    @property
    def plan(self) -> Plan:
        return self.deployment.plan

    def start(self, console: Reporter) -> bool:
        """Returns once everything serves; False when it did already. Raises QuickstartError; nothing runs then."""
        with exclusively(self.places):
            return self._start(console)

    def _start(self, console: Reporter) -> bool:
        model_due = self.plan.local_model and self.model.port() != self.plan.local_model_port
        serving = self.runner.status().running and health.is_ready(self.plan)
        if serving and not model_due:
            return False
        if model_due and not self.model.installed():
            with console.step(text("launch.model")) as step:
                self.model.install(step.progress)
        if not serving:
            current = self._prepared(console)
            self.runner.stop()
        try:
            if model_due:
                self.model.start(self.plan.local_model_port)  # loads while the gateway starts
            if not serving:
                with console.step(text("launch.started")) as step:
                    start_and_wait(self.runner, current)
                    step.note(self.runner.status().detail)
            if model_due:
                with console.step(text("launch.model_on", port=self.plan.local_model_port)):
                    self.model.wait(self.plan.local_model_port)
        except BaseException:
            if not serving:
                self.runner.stop()
            if model_due:
                self.model.stop()
            raise
        return True

    def _prepared(self, console: Reporter) -> Deployment:
        """The deployment with the image of this program's version: an upgrade takes effect at the next start."""
        image = prepared(self.runner, self.plan, console)
        if image != self.deployment.image:
            self.deployment = dataclasses.replace(self.deployment, image=image)
            write_atomically(self.places.deployment, deployment.to_text(self.deployment))
        return self.deployment

    def stop(self) -> bool:
        """Ends the gateway, then the built-in model; False when nothing ran."""
        with exclusively(self.places):
            stopped = self.runner.stop()
            return self.model.stop() or stopped

    def report(self, wall: Callable[[], float] = time.time) -> dict[str, Any]:
        """What `status --json` prints. Times in seconds; "health" of a route as in health.RouteHealth, beside it
        what the log says of its last 24 hours."""
        status = self.runner.status()
        plan = self.plan
        ready = status.running and health.is_ready(plan)
        routes = health.glance(plan, proofs.load(self.places), ready)
        model = self.model.status()
        used = usage(self.runner.logs(MOST_LINES), wall())
        return {
            "running": status.running,
            "ready": ready,
            "runtime": plan.runtime,
            "detail": status.detail or status.crashed,
            "uptime_seconds": round(wall() - status.since) if status.running and status.since is not None else None,
            "restarts": status.restarts,
            "listeners": {name: f"http://{authority(plan.bind, plan.ports[name])}" for name in plan.listeners},
            "routes": [route.as_document() | _lately(used.get(route.path)) for route in routes],
            "local_model": (
                {"running": model.running, "port": plan.local_model_port, "detail": model.detail or model.crashed}
                if plan.local_model
                else None
            ),
            "way_out": {"forward_proxy": plan.forward_proxy or None, "ca_file": plan.ca_file or None},
            "konnect": self._konnect(),
            "last_change": self._last_change(),
            "files": {
                "configuration": str(plan.output_dir / SETTINGS_NAME),
                "exports": str(plan.output_dir / EXPORTS_NAME),
                "secrets": str(self.places.secrets),
                "answers": str(self.places.answers),
                "logs": str(self.places.logs),
            },
        }

    def _last_change(self) -> dict[str, Any] | None:
        try:
            last = History(self.places.history).last()
        except EnvironmentProblem:
            return None  # a damaged folder: `history` says so
        if last is None:
            return None
        return {"generation": last.number, "at": last.at, "by": last.entry.made_by, "said": standing.line(last, None)}

    def _konnect(self) -> dict[str, str] | None:
        """Where the control plane is in Konnect: how the data plane stands there."""
        if self.plan.konnect is None:
            return None
        from quickstart.konnect import leaving  # cryptography takes a moment to import

        return leaving.state(self.plan, self.places, self.environ)


def _lately(used: Usage | None) -> dict[str, Any]:
    """The members of a route's document that the log tells; nothing was asked of it where there is no `used`."""
    found = used if used is not None else Usage(0, 0, 0, None)
    return {
        "requests_24h": found.requests,
        "failed_24h": found.failed,
        "tokens_24h": found.tokens,
        "p50_ms": round(found.p50, 1) if found.p50 is not None else None,
    }
