"""Where a container engine may listen, and what it means that none answers. Not for: talking to one (containers.py)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from quickstart import diagnosis
from quickstart.container_spec import EngineProblem

DEFAULT = "unix:///var/run/docker.sock"


def addresses(environ: Mapping[str, str], home: Path, context: str = "") -> list[str]:
    """Addresses to try, best first: the one the person chose and no other; else the usual place and, where they exist,
    those of rootless engines, Docker Desktop, Colima and Podman."""
    chosen = environ.get("DOCKER_HOST") or context
    if chosen:
        return [chosen]
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    others = [
        *([Path(runtime) / "docker.sock"] if runtime else []),
        home / ".docker" / "run" / "docker.sock",
        home / ".colima" / "default" / "docker.sock",
        home / ".orbstack" / "run" / "docker.sock",
        home / ".rd" / "docker.sock",
        *([Path(runtime) / "podman" / "podman.sock"] if runtime else []),
        Path("/run/podman/podman.sock"),
    ]
    return [DEFAULT, *(f"unix://{path}" for path in others if path.is_socket())]


def problem(address: str, error: BaseException, environ: Mapping[str, str]) -> EngineProblem:
    """Tells apart why an engine did not answer; every case has another remedy."""
    causes = list(_chain(error))
    if any(isinstance(cause, PermissionError) for cause in causes):
        return engine_problem("denied", address)
    absent = any(isinstance(cause, FileNotFoundError) for cause in causes)
    refused = any(isinstance(cause, ConnectionRefusedError) for cause in causes)
    if absent and not environ.get("DOCKER_HOST") and not _installed(environ):
        return engine_problem("missing", address)
    if absent or refused:
        return engine_problem("stopped", address, which=_whose(address, environ))
    return engine_problem("unreachable", address, str(causes[-1]))


def engine_problem(reason: str, address: str, detail: str = "", which: str = "") -> EngineProblem:
    """`which`: "colima" or "podman" where the remedy is that engine's own."""
    code = f"engine_{reason}_{which}" if which else f"engine_{reason}"
    told = diagnosis.told(code, where=address.removeprefix("unix://"), reason=detail)
    return EngineProblem(reason, told.message, told.hint)


def _whose(address: str, environ: Mapping[str, str]) -> str:
    """The engine that an address belongs to, or the only one whose program is installed."""
    for name in ("colima", "podman"):
        if name in address:
            return name
    path = environ.get("PATH")
    if any(shutil.which(name, path=path) for name in ("dockerd", "docker")):
        return "colima" if not shutil.which("dockerd", path=path) and shutil.which("colima", path=path) else ""
    return "podman" if shutil.which("podman", path=path) else ""


def _installed(environ: Mapping[str, str]) -> bool:
    path = environ.get("PATH")
    return any(shutil.which(name, path=path) for name in ("docker", "dockerd", "podman"))


def _chain(error: BaseException, depth: int = 0) -> Iterator[BaseException]:
    """An exception and everything it was raised from or carries: the SDK wraps the system's error several times."""
    yield error
    if depth < 8:
        inner = [error.__cause__, error.__context__, *error.args]
        for item in inner:
            if isinstance(item, BaseException) and item is not error:
                yield from _chain(item, depth + 1)
