"""The way from the gateway's container to model servers of this machine, tried from inside it. Only where the gateway
runs in a container with a network of its own. Not for: what the result means (reach/inside.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from quickstart import endpoints
from quickstart.container_spec import Engine
from quickstart.doctor.finding import Finding, found, of_told
from quickstart.doctor.patient import Patient
from quickstart.errors import EnvironmentProblem
from quickstart.local_http import listens
from quickstart.plan import RoutePlan
from quickstart.reach import bridge, inside
from quickstart.reach.inside import Inside, Target

CHECK = "container"
Ask = Callable[[Patient, Target, str], tuple[Inside, Engine]]


def ask(patient: Patient, target: Target, path: str) -> tuple[Inside, Engine]:
    """From inside. Raises EnvironmentProblem."""
    from quickstart.containers import DockerRunner

    runner = DockerRunner(patient.places, patient.environment)
    return runner.ask_from_inside(target, path, patient.deployed), runner.engine()


def check(patient: Patient, ask: Ask = ask, listening: Callable[[str, int], bool] = listens) -> Iterator[Finding]:
    plan = patient.plan
    if plan is None or plan.runtime != "docker" or plan.host_network or patient.engine_problem is not None:
        return
    seen: set[str] = set()
    for route in patient.local:
        target = target_of(route)
        if target.shown in seen or not listening("localhost", target.port):
            continue  # the server's own check says that it is gone
        seen.add(target.shown)
        path = inside.PATHS[1] if route.upstream_url.endswith("/api/chat") else inside.PATHS[0]
        try:
            told, engine = ask(patient, target, path)
        except (EnvironmentProblem, ValueError) as problem:
            yield found(CHECK, "warn", "reach_unknown", route.public, shown=target.shown, reason=str(problem))
            continue
        verdict = inside.verdict(target, told, engine.kind, bridge.installed, bridge.interface_of(told.address))
        yield of_told(CHECK, "ok" if verdict.code == "reach_ok" else "bad", verdict, route.public)


def target_of(route: RoutePlan) -> Target:
    """What the container asks for a route's server."""
    address = endpoints.parse(route.upstream_url.partition("?")[0])
    shown = endpoints.parse(route.shown_upstream)
    return Target(f"localhost:{shown.port}", address.host, address.port, inside.KINDS.get(route.title, "other"))
