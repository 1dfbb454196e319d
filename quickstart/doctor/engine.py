"""The container engine: whether it answers, which it is by name, and what is different about it.

Not for: the gateway's own container (running.py), the way from it to this machine (container_way.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from quickstart.container_spec import Engine, EngineProblem
from quickstart.doctor.finding import Finding, found
from quickstart.doctor.patient import Patient

CHECK = "engine"


def connect(patient: Patient) -> Engine:
    """The engine that answers. Raises EngineProblem."""
    from quickstart.containers import connect as to_engine  # the SDK is slow to import

    return to_engine(patient.environment, patient.places.home)[1]


def check(patient: Patient, connect: Callable[[Patient], Engine] = connect) -> Iterator[Finding]:
    plan = patient.plan
    needed = plan is not None and plan.runtime != "process"
    if plan is not None and not needed:
        yield found(CHECK, "ok", "engine_unneeded")
        return
    try:
        engine = connect(patient)
    except EngineProblem as problem:
        yield Finding(CHECK, "bad" if needed else "note", f"engine_{problem.reason}", problem.message, problem.hint)
        return
    kind = engine.kind
    yield found(CHECK, "ok", "engine_ok", title=kind.title, version=engine.version)
    if kind.quirk:
        title = {"title": kind.title} if kind.quirk == "quirk_virtual" else {}
        yield found(CHECK, "note", kind.quirk, **title)
    if plan is not None and plan.host_network and not engine.shares_network:
        yield found(CHECK, "bad", "engine_network")
