"""Whether the gateway runs and serves, and the built-in model beside it. Not for: what it answers (hosted.py,
servers.py), its ports (listeners.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from quickstart.doctor.finding import Finding, found
from quickstart.doctor.patient import Patient
from quickstart.local_model import LocalModel

CHECK = "gateway"


def check(patient: Patient) -> Iterator[Finding]:
    plan, runner, status = patient.plan, patient.runner, patient.status
    if plan is None or patient.deployed is None or runner is None:
        return
    if patient.engine_problem is not None:
        return  # the engine's check says it
    if not status.running:
        if status.crashed:
            yield found(CHECK, "bad", "gateway_crashed", reason=status.crashed)
        else:
            yield found(CHECK, "bad", "gateway_stopped")
    elif not patient.ready:
        yield found(CHECK, "bad", "gateway_not_ready")
    else:
        yield found(CHECK, "ok", "gateway_running", detail=status.detail)
        if status.restarts:
            yield found(CHECK, "warn", "gateway_restarted", count=status.restarts)
        if plan.runtime == "process" and runner.prepare(plan, lambda text: None) != patient.deployed.image:
            yield found(CHECK, "warn", "gateway_old")
    if plan.local_model and LocalModel(patient.places, patient.environment).port() != plan.local_model_port:
        yield found(CHECK, "bad", "builtin_stopped", port=plan.local_model_port)
