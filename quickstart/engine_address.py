"""Where a container engine may listen, and what it means that none answers. Not for: talking to one (containers.py)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from quickstart.container_spec import EngineProblem

DEFAULT = "unix:///var/run/docker.sock"
_PROCESS = "Or run without containers: --runtime process"


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
        *([Path(runtime) / "podman" / "podman.sock"] if runtime else []),
    ]
    return [DEFAULT, *(f"unix://{path}" for path in others if path.is_socket())]


def problem(address: str, error: BaseException, environ: Mapping[str, str]) -> EngineProblem:
    """Tells apart why an engine did not answer; every case has another remedy."""
    where = address.removeprefix("unix://")
    causes = list(_chain(error))
    if any(isinstance(cause, PermissionError) for cause in causes):
        return EngineProblem(
            "denied",
            f"Docker is running but does not let this user in (permission denied on {where}).",
            f"sudo usermod -aG docker $USER   then log in again.\n{_PROCESS}",
        )
    absent = any(isinstance(cause, FileNotFoundError) for cause in causes)
    refused = any(isinstance(cause, ConnectionRefusedError) for cause in causes)
    if absent and not environ.get("DOCKER_HOST") and not _installed(environ):
        return EngineProblem("missing", "No container engine is installed.", f"Install Docker or Podman.\n{_PROCESS}")
    if absent or refused:
        return EngineProblem(
            "stopped",
            f"Docker is installed but not running (cannot reach {where}).",
            f"Start it: sudo systemctl start docker     Mac: open -a Docker\n{_PROCESS}",
        )
    return EngineProblem(
        "unreachable", f"The container engine at {where} does not answer: {causes[-1]}.", f"Is it well?\n{_PROCESS}"
    )


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
