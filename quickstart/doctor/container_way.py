"""The way from the gateway's container to this machine, as doctor tells it. Not for: trying it (container_way.py of the
quickstart).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from quickstart import container_way
from quickstart.container_way import FINE, UNKNOWN, Ask
from quickstart.doctor.finding import Finding, Mark, of_told
from quickstart.doctor.patient import Patient, names
from quickstart.local_http import listens

CHECK = "container"


def check(
    patient: Patient, ask: Ask | None = None, listening: Callable[[str, int], bool] = listens
) -> Iterator[Finding]:
    plan = patient.plan
    if plan is None or patient.engine_problem is not None:
        return
    asked = ask or container_way.asker(patient.places, patient.environment, patient.deployed, plan.base_image)
    marks: dict[str, Mark] = {FINE: "ok", UNKNOWN: "warn"}
    for route, told in container_way.look(plan, asked, listening, lambda one: names(one, patient.route)):
        yield of_told(CHECK, marks.get(told.code, "bad"), told, route.public)
