"""What doctor looks at: the files, the environment, the gateway that was set up and how it is right now; each as it is,
also when it is damaged or not there. Not for: judging it (the checks).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from quickstart import deployment, diagnosis, endpoints, health
from quickstart.answers import LOCAL_TITLES
from quickstart.container_spec import EngineProblem
from quickstart.deployment import Deployment
from quickstart.errors import EnvironmentProblem, UsageError
from quickstart.files import Places
from quickstart.naming import BUILTIN
from quickstart.plan import Plan, RoutePlan
from quickstart.reach import outward
from quickstart.runners import Runners, runner_of
from quickstart.runtime import Runner, RunStatus
from quickstart.secret_file import parse

STOPPED = RunStatus(False)


@dataclass(frozen=True, slots=True)
class Patient:
    """`deployed` None: nothing was set up, or its record is damaged (`damaged`). `engine_problem`: why the container of
    the gateway cannot be seen."""

    places: Places
    environment: Mapping[str, str]
    deployed: Deployment | None = None
    damaged: bool = False
    runner: Runner | None = None
    status: RunStatus = STOPPED
    engine_problem: EngineProblem | None = None
    ready: bool = False
    route: str = ""  # only this one, "" for all
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    wall: Callable[[], float] = time.time

    @property
    def plan(self) -> Plan | None:
        return self.deployed.plan if self.deployed is not None else None

    @property
    def way_out(self) -> Mapping[str, str]:
        """The environment with the way to providers as the gateway goes it, whatever this terminal says."""
        if self.plan is None or self.plan.konnect is not None:
            return self.environment
        return outward.environment_of(self.plan, self.secrets, self.environment)

    @property
    def routes(self) -> Sequence[RoutePlan]:
        """Those asked about."""
        plan = self.plan
        return [route for route in plan.routes if names(route, self.route)] if plan is not None else []

    @property
    def hosted(self) -> Sequence[RoutePlan]:
        return [route for route in self.routes if not is_local(route)]

    @property
    def local(self) -> Sequence[RoutePlan]:
        return [route for route in self.routes if is_local(route)]


def names(route: RoutePlan, wanted: str) -> bool:
    """Whether a person means this route: by its public name, path, name or service."""
    return wanted.strip("/") in ("", route.public, route.path.strip("/"), route.name, route.service)


def is_local(route: RoutePlan) -> bool:
    """Whether a route leads to a model server of this machine, and not to a provider's stand-in on it."""
    host = endpoints.parse(route.shown_upstream).host
    served = route.title in LOCAL_TITLES.values() or route.public == BUILTIN
    return served and endpoints.is_this_machine(host)


def admit(
    places: Places,
    environment: Mapping[str, str],
    route: str = "",
    runners: Runners = runner_of,
    wall: Callable[[], float] = time.time,
) -> Patient:
    """Everything that the checks look at. Raises UsageError for a route that there is not, and nothing else."""
    try:
        deployed, damaged = deployment.load(places.deployment), False
    except EnvironmentProblem:
        deployed, damaged = None, True
    secrets = _secrets(places)
    if deployed is None:
        return Patient(places, environment, damaged=damaged, route=route, secrets=secrets, wall=wall)
    plan = deployed.plan
    if not any(names(one, route) for one in plan.routes):
        told = diagnosis.told(
            "route_unknown", name=route, known=", ".join(dict.fromkeys(one.public for one in plan.routes))
        )
        raise UsageError(told.message, told.hint)
    runner = runners(plan.runtime, places, environment)
    status, problem = STOPPED, None
    try:
        status = runner.status()
    except EngineProblem as why:
        problem = why
    except EnvironmentProblem as why:
        problem = EngineProblem("unreachable", why.message, why.hint)
    ready = health.is_ready(plan)
    return Patient(places, environment, deployed, False, runner, status, problem, ready, route, secrets, wall)


def _secrets(places: Places) -> dict[str, str]:
    """The keys as the file has them; reading through secret_file.read() would put its mode right."""
    try:
        return parse(places.secrets.read_text())
    except (OSError, UnicodeDecodeError):
        return {}
