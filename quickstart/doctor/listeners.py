"""The gateway's ports: its own while it runs, free while it does not, and who has them otherwise.

Not for: ports of model servers (servers.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from quickstart.doctor.finding import Finding
from quickstart.doctor.finding import found as finding
from quickstart.doctor.patient import Patient
from quickstart.preflight import check_port, machine

CHECK = "ports"


def check(patient: Patient) -> Iterator[Finding]:
    plan = patient.plan
    if plan is None:
        return
    shown = " ".join(str(plan.ports[name]) for name in plan.listeners)
    if patient.ready and patient.status.running:
        yield finding(CHECK, "ok", "ports_ok", ports=shown)
        return
    if patient.status.running or patient.engine_problem is not None:
        return  # it holds some of them, or cannot be asked; its own check says what is wrong
    seen = machine(patient.places, patient.environment)
    taken = [one for one in (check_port(plan, seen, name) for name in plan.listeners) if one is not None]
    for one in taken:
        yield Finding(CHECK, "bad", "port_taken", one.message, one.hint, one.listener)
    if not taken:
        yield finding(CHECK, "ok", "ports_free", ports=shown)
