"""What every launch takes, whoever is the control plane: the gateway before it, the built-in model, what starts again
when the new one fails, what is cleared away when it runs, and one proof per route.

Not for: the order of these, files, starting the new gateway (launch.py, konnect/launching.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from quickstart import deployment, health, messages, proofs
from quickstart.deployment import Deployment
from quickstart.errors import EnvironmentProblem
from quickstart.files import EXPORTS_NAME, SETTINGS_NAME, Places
from quickstart.health import RouteHealth
from quickstart.local_model import LocalModel
from quickstart.plan import Plan
from quickstart.progress import Reporter
from quickstart.runtime import Runner, RunStatus
from quickstart.undo import Undo

text = messages.text


class LaunchSteps:
    """One launch. `previous` is what was set up before it, None for nothing; `previous_runner` runs that: whoever knows
    that it is another than `runner` says so."""

    def __init__(
        self, plan: Plan, console: Reporter, places: Places, environ: Mapping[str, str], runner: Runner
    ) -> None:
        self.plan = plan
        self.console = console
        self.places = places
        self.runner = runner
        self.model = LocalModel(places, environ)
        self.previous = self._previous()
        self.previous_runner = runner

    def _previous(self) -> Deployment | None:
        try:
            return deployment.load(self.places.deployment)
        except EnvironmentProblem as problem:
            self.console.warn(problem.message, text("launch.damaged"))
            return None

    def previous_status(self) -> RunStatus:
        try:
            return self.previous_runner.status()
        except EnvironmentProblem as problem:  # its engine is gone, and the gateway with it
            self.console.warn(problem.message, text("launch.unseen"))
            return RunStatus(False)

    def previous_secrets(self) -> set[str]:
        """Names that only the previous setup may have had a use for. Others in the secrets file stay: the person may
        have added them for a change made in the Manager."""
        return {route.secret for route in self.previous.plan.routes} if self.previous is not None else set()

    def must_restart(self, wanted: Deployment, running: bool) -> bool:
        """Whether the gateway that runs cannot become the wanted one by a new configuration alone."""
        if not running or self.previous is None or self.previous.must_restart(wanted):
            return True
        return not health.is_ready(self.plan)

    # -- on the way ------------------------------------------------------------------------------------------------

    def model_is_due(self) -> bool:
        """Whether start_model() has anything to do."""
        ready = self.model.port() == self.plan.local_model_port and self.model.installed()
        return bool(self.plan.local_model) and not ready

    def start_model(self, undo: Undo) -> None:
        """The built-in model, where the plan has it."""
        if not self.plan.local_model:
            return
        port = self.plan.local_model_port
        if not self.model.installed():
            self.model.stop()  # what runs is of another version
            with self.console.step(text("launch.model")) as step:
                self.model.install(step.progress)
        before = self.model.port()
        if before == port:
            return
        with self.console.step(text("launch.model_on", port=port)):
            undo.push("stop the built-in model", lambda: self._restore_model(before))
            self.model.start(port)
            self.model.wait(port)

    def _restore_model(self, port: int | None) -> None:
        self.model.stop()
        if port is not None:
            self.model.start(port)

    def promise_previous(self, undo: Undo) -> Callable[[], None]:
        """Has the previous gateway started again on the way back, if it was stopped by then: by calling what this
        returns. Where files change, it is promised before them: it must find the old ones."""
        stopped: list[Deployment] = []

        def start_again() -> None:
            for earlier in stopped:
                self.previous_runner.start(earlier)
                health.wait_ready(earlier.plan, self.previous_runner.status)

        def stop() -> None:
            stopped.extend([self.previous] if self.previous is not None else [])
            self.previous_runner.stop()

        undo.push("start the previous gateway", start_again)
        return stop

    def undo_failed(self, name: str, error: Exception) -> None:
        self.console.warn(text("launch.not_back", name=name, error=error), text("launch.not_back_hint"))

    # -- once it runs ----------------------------------------------------------------------------------------------

    def clean_up(self, wanted: Deployment) -> None:
        """What only the previous gateway needed. Failing here harms nothing."""
        try:
            if not self.plan.local_model:
                self.model.stop()
            if not (self.plan.ca_file and self.plan.runtime == "docker"):
                self.places.authorities.unlink(missing_ok=True)
            if self.previous_runner is not self.runner:
                self.previous_runner.remove()
            self.runner.tidy(wanted)
            if self.previous is not None and self.previous.plan.output_dir != self.plan.output_dir:
                for name in (SETTINGS_NAME, EXPORTS_NAME):
                    (self.previous.plan.output_dir / name).unlink(missing_ok=True)
        except (EnvironmentProblem, OSError) as error:
            self.console.warn(text("launch.left", error=error))

    def proved(self, test: bool) -> tuple[RouteHealth, ...]:
        """What a real request to each route of the plan found; all untested without `test`."""
        found: list[RouteHealth] = []
        if test:
            with self.console.step(text("launch.proof")) as step:
                try:
                    for result in health.prove(self.plan):
                        found.append(result)
                        step.progress(result.path)
                except KeyboardInterrupt:  # everything is in place already; only the waiting is given up
                    step.warn(text("launch.proof_stopped"))
                else:
                    asked = [result for result in found if result.health != "untested"]
                    bad = sum(not result.ok for result in asked)
                    if bad:
                        step.warn(text("launch.proof_bad", bad=bad, total=len(asked)))
            proofs.save(self.places, found)
        return (*found, *(health.untested(route) for route in self.plan.proved[len(found) :]))
