"""The way from the gateway's container to model servers of this machine, tried from inside it. Only where the gateway
runs in a container with a network of its own, and the server is there at all.

Not for: what a result means (reach/inside.py), servers themselves (server_check.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from quickstart import diagnosis, endpoints
from quickstart.container_spec import Engine
from quickstart.deployment import Deployment
from quickstart.diagnosis import Told
from quickstart.errors import EnvironmentProblem
from quickstart.files import Places
from quickstart.local_http import listens
from quickstart.plan import Plan, RoutePlan
from quickstart.reach import bridge, inside
from quickstart.reach.inside import Inside, Target

FINE = "reach_ok"
UNKNOWN = "reach_unknown"
Ask = Callable[[Target, str], tuple[Inside, Engine]]


def asker(places: Places, environ: Mapping[str, str], deployed: Deployment | None, base_image: str = "") -> Ask:
    """Asks through the engine. What it returns raises EnvironmentProblem and ValueError."""

    def ask(target: Target, path: str) -> tuple[Inside, Engine]:
        from quickstart.containers import DockerRunner  # the SDK is slow to import

        runner = DockerRunner(places, environ)
        return runner.ask_from_inside(target, path, deployed, base_image), runner.engine()

    return ask


def look(
    plan: Plan,
    ask: Ask,
    listening: Callable[[str, int], bool] = listens,
    local: Callable[[RoutePlan], bool] | None = None,
) -> Iterator[tuple[RoutePlan, Told]]:
    """What is to be said about each server once; `local` picks the routes, all to this machine by default."""
    if plan.runtime != "docker" or plan.host_network:
        return
    seen: set[str] = set()
    for route in plan.routes:
        target = target_of(route)
        if target.shown in seen or not _leads_here(route) or (local is not None and not local(route)):
            continue
        seen.add(target.shown)
        if not listening("localhost", target.port):
            continue  # the server's own check says that it is gone
        path = inside.PATHS[1] if route.upstream_url.endswith("/api/chat") else inside.PATHS[0]
        try:
            found, engine = ask(target, path)
        except (EnvironmentProblem, ValueError) as problem:
            yield route, diagnosis.told(UNKNOWN, shown=target.shown, reason=str(problem))
            continue
        yield route, inside.verdict(target, found, engine.kind, bridge.installed, bridge.interface_of(found.address))


def target_of(route: RoutePlan) -> Target:
    """What the container asks for a route's server."""
    address = endpoints.parse(route.upstream_url.partition("?")[0])
    shown = endpoints.parse(route.shown_upstream)
    return Target(f"localhost:{shown.port}", address.host, address.port, inside.KINDS.get(route.title, "other"))


def _leads_here(route: RoutePlan) -> bool:
    return endpoints.is_this_machine(endpoints.parse(route.shown_upstream).host)
