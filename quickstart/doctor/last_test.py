"""What the last real request through each route showed: only that tells whether there is credit. Not for: sending one
(commands/check.py), what was in the way of reaching the upstream (the checks before it).
"""

from __future__ import annotations

from collections.abc import Iterator

from quickstart import health, proofs
from quickstart.doctor.finding import Finding, found
from quickstart.doctor.patient import Patient

CHECK = "last test"


def check(patient: Patient) -> Iterator[Finding]:
    plan = patient.plan
    if plan is None:
        return
    asked = {route.name for route in patient.routes}
    answered = 0
    for one in health.glance(plan, proofs.load(patient.places), True):
        if one.name not in asked or one.health in ("untested", "down"):
            continue
        if one.ok:
            answered += 1
            continue
        remedy = f"{one.hint}\nai-gateway check {one.path.strip('/').partition('/')[0]}".strip()
        yield Finding(CHECK, "bad", one.code or "unknown", one.message or one.health, remedy, one.path)
    if answered:
        yield found(CHECK, "ok", "tests_ok", count=answered)
