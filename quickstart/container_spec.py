"""How the gateway's container is made: every option that keeps it apart from the machine, as one pure value.

Not for: talking to an engine (containers.py), the image's content (image.py).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from quickstart import runtime
from quickstart.deployment import Deployment
from quickstart.engine_kind import PLAIN, EngineKind
from quickstart.errors import EnvironmentProblem
from quickstart.files import AUTHORITIES_NAME, SETTINGS_NAME, Places

UNPRIVILEGED = 10001
"""The uid in the image; used when root runs the quickstart, because a container of ours never runs as root."""
INSTANCE = "ai-gateway.instance"
"""Label of every container, image and layer we make; its value tells two users of one engine apart."""
CONFIGURATION = "/etc/ai-gateway"
SECRETS = "/run/ai-gateway-secrets"
PREFIX = "/var/lib/ai-gateway"
STOP_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Engine:
    """What a container engine says about itself."""

    version: str
    rootless: bool = False  # its root is the user who runs it
    selinux: bool = False
    shares_network: bool = True  # host networking means this machine's network; in a virtual machine it does not
    kind: EngineKind = PLAIN
    address: str = ""


class EngineProblem(EnvironmentProblem):
    """Why no engine can be used. `reason`: "missing", "stopped", "denied", "remote" or "unreachable"."""

    def __init__(self, reason: str, message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.reason = reason


def instance(places: Places) -> str:
    """8 hex digits that stand for this user's configuration."""
    return hashlib.sha256(str(places.config).encode()).hexdigest()[:8]


def container_name(places: Places) -> str:
    return f"ai-gateway-{instance(places)}"


def user(uid: int, gid: int, engine: Engine) -> str:
    """Who the gateway is inside. A rootless engine maps its uid 0 to the person and everybody else to nobody, so there
    0 is the one that can read the person's files and still has no power outside."""
    if engine.rootless:
        return "0:0"
    return f"{uid}:{gid}" if uid != 0 else f"{UNPRIVILEGED}:{UNPRIVILEGED}"


def options(deployment: Deployment, places: Places, engine: Engine, uid: int, gid: int) -> dict[str, Any]:
    """Keyword arguments of the Docker SDK's containers.create()."""
    plan = deployment.plan
    secrets = places.container_secrets if uid == 0 and not engine.rootless else places.config
    address = plan.bind if plan.host_network else "0.0.0.0"  # noqa: S104 - inside; publishing decides who may come
    relabel = ",z" if engine.selinux else ""
    made: dict[str, Any] = {
        "image": deployment.image,
        "name": container_name(places),
        "user": user(uid, gid, engine),
        "environment": runtime.settings(
            plan,
            address,
            f"{CONFIGURATION}/{SETTINGS_NAME}",
            PREFIX,
            f"{SECRETS}/{places.secrets.name}",
            f"{CONFIGURATION}/{AUTHORITIES_NAME}",
        ),
        "labels": {INSTANCE: instance(places)},
        "read_only": True,
        "tmpfs": {"/tmp": "size=64m,mode=1777"},  # noqa: S108 - the container's own
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        # Directories, not files: a file replaced by renaming would stay the old one inside.
        "volumes": {
            str(places.configuration.parent): {"bind": CONFIGURATION, "mode": "ro" + relabel},
            str(secrets): {"bind": SECRETS, "mode": "ro" + relabel},
            str(places.prefix): {"bind": PREFIX, "mode": "rw" + relabel},
        },
        "restart_policy": {"Name": "unless-stopped"},
        "log_config": {"type": "json-file", "config": {"max-size": "10m", "max-file": "3"}},
        "pids_limit": 512,
        "detach": True,
    }
    if plan.host_network:
        made["network_mode"] = "host"
    else:
        made["ports"] = {f"{port}/tcp": (plan.bind, port) for port in plan.ports.values()}
        made["extra_hosts"] = engine.kind.extra_hosts(engine.version)
    return made
