"""Whether a container reaches a model server of this machine, and if not, which of the causes it is: bound to loopback
only, name not resolved, a firewall that drops; or it reaches something that is no model server. Pure.

Not for: running the probe in a container (containers.py) or on this machine (local_http.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from quickstart import diagnosis, messages
from quickstart.answers import LOCAL_TITLES, LocalKind
from quickstart.diagnosis import Told
from quickstart.engine_kind import EngineKind

SECONDS = 3.0
PATHS = ("/v1/models", "/api/tags")
KINDS: Mapping[str, LocalKind] = {title: kind for kind, title in LOCAL_TITLES.items()}
_SERVE: Mapping[LocalKind, str] = {
    "ollama": "OLLAMA_HOST={address}:{port} ollama serve",
    "llama.cpp": "llama-server ... --host {address} --port {port}",
    "llama-cpp-python": "python3 -m llama_cpp.server ... --host {address} --port {port}",
    "lm-studio": "lms server start --port {port} --bind {address}",
    "vllm": "vllm serve ... --host {address} --port {port}",
    "other": "... --host {address} --port {port}",
}


@dataclass(frozen=True, slots=True)
class Inside:
    """What the probe told. `outcome` and the rest as in inside_probe.py."""

    outcome: str
    address: str = ""
    status: int = 0
    models: bool = False
    path: str = PATHS[0]


@dataclass(frozen=True, slots=True)
class Target:
    """A server of this machine, as the gateway will ask for it."""

    shown: str  # "localhost:7999"
    host: str  # the name inside: "host.docker.internal"
    port: int
    kind: LocalKind = "other"


def command(target: Target, path: str, seconds: float = SECONDS) -> list[str]:
    """What to run in the container."""
    source = files(__package__).joinpath("inside_probe.py").read_text("utf-8")
    return ["python3", "-I", "-c", source, target.host, str(target.port), path, f"{seconds:g}"]


def parse(output: str, path: str = PATHS[0]) -> Inside:
    """The probe's line. Raises ValueError for anything else."""
    told: Any = json.loads(output.strip().splitlines()[-1]) if output.strip() else None
    if not isinstance(told, dict) or "outcome" not in told:
        raise ValueError("the probe said nothing")
    return Inside(
        str(told["outcome"]), str(told.get("address", "")), int(told.get("status", 0)), bool(told.get("models")), path
    )


def verdict(
    target: Target, found: Inside, engine: EngineKind, installed: Callable[[str], bool], interface: str = "docker0"
) -> Told:
    """What the probe's result means, where this machine itself reaches the server. `installed` tells whether a program
    is there (which firewall is it?), `interface` is the bridge's."""
    if found.outcome == "answered":
        if found.models or found.status in (401, 403):
            return diagnosis.told("reach_ok", shown=target.shown)
        url = f"http://{target.shown}"
        return diagnosis.told("reach_wrong", shown=target.shown, path=found.path, status=found.status, url=url)
    tried = f"{found.address}:{target.port}"
    process = messages.text("diagnosis.reach_do_process")
    if found.outcome == "name":
        told = diagnosis.told("reach_name", host=target.host)
        remedy = messages.text("diagnosis.reach_do_upgrade", command=_renew(engine))
        return told._replace(hint=_numbered(remedy, process))
    if found.outcome == "refused":
        told = diagnosis.told("reach_loopback", shown=target.shown, tried=tried)
        wide = engine.virtual or engine.rootless or target.kind == "lm-studio"
        address = "0.0.0.0" if wide else found.address  # noqa: S104 - shown, not listened on
        serve = _SERVE[target.kind].format(address=address, port=target.port)
        bind = messages.text("diagnosis.reach_do_bind", command=serve)
        if wide:
            bind += " " + messages.text("diagnosis.reach_do_wide")
        return told._replace(hint=_numbered(bind, process))
    told = diagnosis.told("reach_firewall", shown=target.shown, tried=tried)
    allow = messages.text("diagnosis.reach_do_firewall", command=_allow(target.port, installed, interface))
    return told._replace(hint=_numbered(allow, process))


def _allow(port: int, installed: Callable[[str], bool], interface: str) -> str:
    """The command that lets containers of `interface` in, of the firewall that is installed."""
    if installed("ufw"):
        return f"sudo ufw allow in on {interface} to any port {port} proto tcp"
    if installed("firewall-cmd"):
        zone = "docker" if interface.startswith(("docker", "br-")) else "trusted"
        return f"sudo firewall-cmd --zone={zone} --add-port={port}/tcp"
    return f"sudo iptables -I INPUT -i {interface} -p tcp --dport {port} -j ACCEPT"


def _renew(engine: EngineKind) -> str:
    podman = engine.name.startswith("podman")
    return "podman --version   (4.7 or newer)" if podman else "docker version   (20.10 or newer)"


def _numbered(*remedies: str) -> str:
    return "\n".join(f"{number}. {remedy}" for number, remedy in enumerate(remedies, 1))
