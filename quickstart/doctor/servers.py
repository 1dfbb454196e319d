"""The model servers of this machine that routes lead to. Not for: judging one (server_check.py), the way to it from a
container (container_way.py), the built-in model (running.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from quickstart import server_check
from quickstart.doctor.finding import Finding, of_told
from quickstart.doctor.patient import Patient
from quickstart.naming import BUILTIN
from quickstart.server_check import FINE, REAL, Ways

CHECK = "model server"


def check(patient: Patient, ways: Ways = REAL) -> Iterator[Finding]:
    plan = patient.plan
    if plan is None:
        return
    seen: set[tuple[str, str]] = set()
    for route in patient.local:
        if (route.shown_upstream, route.model) in seen or (plan.local_model and route.public == BUILTIN):
            continue
        seen.add((route.shown_upstream, route.model))
        key, ours = patient.secrets.get(route.secret, ""), frozenset(plan.ports.values())
        told = server_check.check(route.shown_upstream, route.model, route.public, key, ours, ways)
        yield of_told(CHECK, "ok" if told.code == FINE else "bad", told, route.public)
