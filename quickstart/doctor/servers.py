"""The model servers of this machine: each answers, has its model and wants no other key; one that is gone is looked for
on other ports. Not for: the way to them from a container (container_way.py).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

from quickstart import discovery, endpoints
from quickstart.answers import LOCAL_TITLES
from quickstart.discovery import Probed, Server
from quickstart.doctor.finding import Finding, found
from quickstart.doctor.patient import Patient
from quickstart.eyes import PATIENCE
from quickstart.local_http import listens
from quickstart.naming import BUILTIN
from quickstart.plan import RoutePlan

CHECK = "model server"
_LISTED = 5
Probe = Callable[[str, str], Probed | None]
Discover = Callable[[Collection[int]], Sequence[Server]]


def probe(base: str, key: str) -> Probed | None:
    return discovery.probe(base, timeout=PATIENCE, key=key)


def check(
    patient: Patient,
    probe: Probe = probe,
    discover: Discover = discovery.discover,
    listening: Callable[[str, int], bool] = listens,
) -> Iterator[Finding]:
    seen: set[tuple[str, str]] = set()
    for route in patient.local:
        if (route.shown_upstream, route.model) not in seen and not _built_in(route, patient):
            seen.add((route.shown_upstream, route.model))
            yield _one(route, patient, probe, discover, listening)


def _built_in(route: RoutePlan, patient: Patient) -> bool:
    """Our own server has a check of its own (running.py), and need not be asked while it starts."""
    plan = patient.plan
    return plan is not None and plan.local_model and route.public == BUILTIN


def _one(
    route: RoutePlan, patient: Patient, probe: Probe, discover: Discover, listening: Callable[[str, int], bool]
) -> Finding:
    address = endpoints.parse(route.shown_upstream)
    url, name = f"http://{route.shown_upstream}", route.public
    host = address.host if address.host not in endpoints.CONTAINER_NAMES else "localhost"
    answered = probe(endpoints.root(address._replace(host=host)), patient.secrets.get(route.secret, ""))
    if answered is None:
        if listening(host, address.port):
            silent = "server_silent" if not discovery.speaks(host, address.port) else "server_wrong"
            return found(CHECK, "bad", silent, name, url=url)
        ours = set(patient.plan.ports.values()) if patient.plan is not None else set()
        similar = next((one for one in discover(ours) if _has(one.models, route.model)), None)
        if similar is not None:
            return found(CHECK, "bad", "server_moved", name, url=url, port=similar.port, name=name, found=similar.url)
        return found(CHECK, "bad", "server_gone", name, url=url)
    if answered.locked:
        return found(CHECK, "bad", "server_locked", name, url=url, name=name)
    if not answered.models:
        return found(CHECK, "bad", "server_empty", name, url=url, model=route.model)
    if not _has(answered.models, route.model):
        where, listed = f"{LOCAL_TITLES[answered.kind]} at {url}", ", ".join(answered.models[:_LISTED])
        return found(CHECK, "bad", "model_gone", name, where=where, model=route.model, listed=listed)
    return found(CHECK, "ok", "server_ok", name, title=LOCAL_TITLES[answered.kind], url=url, count=len(answered.models))


def _has(models: Collection[str], wanted: str) -> bool:
    """Ollama takes `mistral` for `mistral:latest`."""
    return wanted in models or f"{wanted}:latest" in models
