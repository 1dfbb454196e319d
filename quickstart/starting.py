"""Starting a gateway and waiting until it serves, with its last words when it does not. Not for: deciding to."""

from __future__ import annotations

from quickstart import health, messages
from quickstart.deployment import Deployment
from quickstart.errors import EnvironmentProblem, PortTaken
from quickstart.plan import Plan
from quickstart.ports import is_free, owner
from quickstart.progress import Reporter
from quickstart.runtime import Runner

_LAST_WORDS = 15


def prepared(runner: Runner, plan: Plan, console: Reporter) -> str:
    """What Runner.prepare says; building an image is shown, since it takes a while."""
    if plan.runtime == "process":
        return runner.prepare(plan, lambda text: None)
    with console.step(messages.text("launch.image" if plan.konnect is None else "konnect.step.image")) as step:
        return runner.prepare(plan, step.progress)


def require_ports(plan: Plan) -> None:
    """Raises PortTaken that names who has the first port that cannot be had."""
    for listener in plan.listeners:
        port = plan.ports[listener]
        if not is_free(port, plan.bind):
            who = owner(port) or messages.text("start.somebody")
            raise PortTaken(
                messages.text("start.port", port=port, listener=listener, owner=who),
                messages.text("start.port_do", listener=listener),
            )


def start_and_wait(runner: Runner, deployment: Deployment) -> None:
    """Returns once the gateway serves. Raises EnvironmentProblem; whatever was started then still has to be stopped."""
    require_ports(deployment.plan)
    runner.start(deployment)
    try:
        health.wait_ready(deployment.plan, runner.status)
    except EnvironmentProblem as error:
        said = "\n".join(runner.logs(_LAST_WORDS))
        hint = messages.text("start.last_words", said=said) if said else error.hint
        raise EnvironmentProblem(error.message, hint) from error
