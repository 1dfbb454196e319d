"""What would go wrong, found before anything is changed. Every check is pure: a plan and probes in, a finding out.

Not for: putting it right (the wizard asks, or --yes gives up with the finding's exit code).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from quickstart import container_way, deployment, diagnosis, messages, ports
from quickstart.container_spec import Engine, EngineProblem
from quickstart.diagnosis import Told
from quickstart.errors import EnvironmentProblem, PortTaken, QuickstartError
from quickstart.files import NAME, Places, output_directory
from quickstart.local_model import SIZE, LocalModel
from quickstart.plan import Plan

ROOM = 50_000_000
"""Bytes that configuration, logs and the gateway's own state may need."""
MODEL = "model"
"""The word for the built-in model where the listeners have theirs."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing in the way. `check` is "port", "engine", "output" or "disk"."""

    check: str
    message: str
    hint: str = ""
    listener: str = ""  # of a port: one of plan.LISTENERS or "model"
    port: int = 0
    suggestion: int = 0  # the next free port
    reason: str = ""  # of an engine: EngineProblem.reason

    def error(self) -> QuickstartError:
        """What to raise when nobody can be asked."""
        kind = PortTaken if self.check == "port" else EnvironmentProblem
        return kind(self.message, self.hint)


@dataclass(frozen=True, slots=True)
class Machine:
    """The probes that the checks look through."""

    is_free: Callable[[int, str], bool]  # (port, address)
    owner: Callable[[int], str]
    engine: Callable[[], Engine]
    free_bytes: Callable[[Path], int]
    data: Path
    ours: frozenset[int] = frozenset()  # ports that our own running gateway and model hold
    model_installed: bool = False
    ways: Callable[[Plan], Sequence[Told]] = lambda plan: ()
    """What keeps the gateway's container from model servers of this machine, asked from inside one."""


def machine(places: Places, environ: Mapping[str, str]) -> Machine:
    """The probes of this machine."""
    from quickstart.runners import runner_of

    def engine() -> Engine:
        from quickstart.containers import connect  # the SDK is slow to import and often not needed

        return connect(environ, places.home)[1]

    def owner(port: int) -> str:
        found = ports.owner(port)
        if found and not found.startswith("docker-proxy"):
            return found
        from quickstart.containers import DockerRunner

        try:  # the engine listens for its containers, and as another user
            container = DockerRunner(places, environ).publisher(port)
        except EnvironmentProblem:
            return found
        return f"container {container}" if container else found

    def ways(plan: Plan) -> list[Told]:
        ask = container_way.asker(places, environ, _known(places), plan.base_image)
        fine = (container_way.FINE, container_way.UNKNOWN)
        return [told for _, told in container_way.look(plan, ask) if told.code not in fine]

    ours: set[int] = set()
    try:
        known = deployment.load(places.deployment)
        if known is not None and runner_of(known.plan.runtime, places, environ).status().running:
            ours.update(known.plan.ports.values())
    except EnvironmentProblem:
        pass  # a damaged record or an engine that is gone: then nothing of ours can be told to hold a port
    model = LocalModel(places, environ)
    own_model = model.port()
    if own_model:
        ours.add(own_model)
    return Machine(
        ports.is_free,
        owner,
        engine,
        free_bytes,
        places.data,
        frozenset(ours),
        model.installed(),
        ways,
    )


def _known(places: Places) -> deployment.Deployment | None:
    try:
        return deployment.load(places.deployment)
    except EnvironmentProblem:
        return None  # damaged: launch says it


def free_bytes(path: Path) -> int:
    """Free space where `path` is or will be."""
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free


def check(plan: Plan, machine: Machine) -> list[Finding]:
    """Everything that is in the way of this plan, most basic first; empty when nothing is."""
    found = [check_engine(plan, machine), check_output(plan, machine), check_disk(plan, machine)]
    for listener in (*plan.listeners, MODEL):
        suggested = frozenset(finding.suggestion for finding in found if finding is not None)
        found.append(check_port(plan, machine, listener, suggested))
    return [finding for finding in found if finding is not None]


def error_of(findings: Sequence[Finding]) -> QuickstartError:
    """The first one as an error; where more ports are taken than one, with all that it takes to have others."""
    ports = [finding for finding in findings if finding.check == "port" and finding.suggestion]
    if findings[0].check != "port" or len(ports) < 2:
        return findings[0].error()
    flags = " ".join(
        f"--{finding.listener.replace('model', 'local-model')}-port {finding.suggestion}" for finding in ports
    )
    others = [finding.message for finding in ports if finding is not findings[0]]
    return PortTaken(findings[0].message, "\n".join([*others, messages.text("diagnosis.ports_all", flags=flags)]))


def check_engine(plan: Plan, machine: Machine) -> Finding | None:
    if plan.runtime == "process":
        return None
    try:
        engine = machine.engine()
    except EngineProblem as problem:
        return Finding("engine", problem.message, problem.hint, reason=problem.reason)
    if plan.host_network and not engine.shares_network:
        told = diagnosis.told("engine_network")
        return Finding("engine", told.message, told.hint, reason="network")
    return None


def check_output(plan: Plan, machine: Machine) -> Finding | None:
    try:
        output_directory(plan.output_dir, make=False)
    except EnvironmentProblem as problem:
        return Finding("output", problem.message, problem.hint)
    return None


def elsewhere(usual: Path, home: Path) -> tuple[Path, str]:
    """A directory at home in the place of the usual one where that cannot be used, and why; on a machine of many users
    only the first can have it. "" where nothing is wrong."""
    try:
        output_directory(usual, make=False)
    except EnvironmentProblem as problem:
        return home / NAME, problem.message
    return usual, ""


def check_disk(plan: Plan, machine: Machine) -> Finding | None:
    needed = ROOM + (SIZE if plan.local_model and not machine.model_installed else 0)
    free = machine.free_bytes(machine.data)
    if free >= needed:
        return None
    told = diagnosis.told("disk_full", needed=needed // 1_000_000, free=free // 1_000_000, path=machine.data)
    return Finding("disk", told.message, told.hint)


def check_port(plan: Plan, machine: Machine, listener: str, suggested: frozenset[int] = frozenset()) -> Finding | None:
    """Whether a listener's port can be had. The hint names the flag and the next free port, none of `suggested`."""
    if listener == MODEL:
        if not plan.local_model:
            return None
        port, address, flag = plan.local_model_port, "127.0.0.1", "--local-model-port"
    else:
        port, address, flag = plan.ports[listener], plan.bind, f"--{listener}-port"
    others = [name for name in plan.listeners if name != listener and plan.ports[name] == port]
    planned = frozenset([*plan.ports.values(), *([plan.local_model_port] if plan.local_model else []), *suggested])
    if others and (listener == MODEL or plan.listeners.index(others[0]) < plan.listeners.index(listener)):
        suggestion = _next(machine, port, address, planned)
        told = diagnosis.told(
            "port_twice", port=port, first=others[0], second=listener, flag=flag, suggestion=suggestion
        )
        return Finding("port", told.message, told.hint, listener, port, suggestion)
    if port in machine.ours or machine.is_free(port, address):
        return None
    owner = machine.owner(port) or messages.text("diagnosis.port_stranger")
    suggestion = _next(machine, port, address, planned)
    told = diagnosis.told("port_taken", port=port, listener=listener, owner=owner, flag=flag, suggestion=suggestion)
    hint = told.hint + ("\n" + messages.text("diagnosis.port_model", port=port) if _serves(owner) else "")
    return Finding("port", told.message, hint, listener, port, suggestion)


def _serves(owner: str) -> bool:
    return any(word in owner for word in ("llama", "ollama", "vllm"))


def _next(machine: Machine, port: int, address: str, planned: frozenset[int]) -> int:
    """The next port that is free and that the plan uses for nothing else; 0 when there is none near."""
    for candidate in range(port + 1, min(port + 200, 65536)):
        if candidate not in planned and candidate not in machine.ours and machine.is_free(candidate, address):
            return candidate
    return 0
