"""Which container engine answers, by name, and what is different about it: how its containers reach this machine, and
whether host networking there is this machine's. Pure: what an engine says about itself comes in.

Not for: connecting (containers.py), finding engines (engine_address.py).
Source: the engines' published API answers (`GET /info`, `GET /version`) and networking documentation, as of 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Name = Literal[
    "docker", "docker-rootless", "docker-desktop", "podman", "podman-rootless", "colima", "lima", "orbstack",
    "rancher-desktop",
]  # fmt: skip
TITLES: Mapping[Name, str] = {
    "docker": "Docker",
    "docker-rootless": "Docker (rootless)",
    "docker-desktop": "Docker Desktop",
    "podman": "Podman",
    "podman-rootless": "Podman (rootless)",
    "colima": "Colima",
    "lima": "Lima",
    "orbstack": "OrbStack",
    "rancher-desktop": "Rancher Desktop",
}
_VIRTUAL: frozenset[Name] = frozenset(("docker-desktop", "colima", "lima", "orbstack", "rancher-desktop"))
_OWN_NAMES: Mapping[Name, str] = {
    "podman": "host.containers.internal",
    "podman-rootless": "host.containers.internal",
    "colima": "host.lima.internal",
    "lima": "host.lima.internal",
}
USUAL_NAME = "host.docker.internal"
GATEWAY = "host-gateway"
ROOTLESS_GATEWAY = "10.0.2.2"
"""This machine as slirp4netns shows it; Docker's own `host-gateway` is an address inside the rootless network."""
_PODMAN_GATEWAY = (4, 7)
"""The first Podman that knows the word `host-gateway`; all write their own names for this machine themselves."""


@dataclass(frozen=True, slots=True)
class EngineKind:
    name: Name

    @property
    def title(self) -> str:
        return TITLES[self.name]

    @property
    def virtual(self) -> bool:
        """Its containers run in a virtual machine."""
        return self.name in _VIRTUAL

    @property
    def rootless(self) -> bool:
        return self.name.endswith("-rootless")

    @property
    def shares_network(self) -> bool:
        """Host networking means this machine's network. Rootless Docker has a network of its own even then; rootless
        Podman has not."""
        return not self.virtual and self.name != "docker-rootless"

    @property
    def host_name(self) -> str:
        """The engine's own name for this machine inside containers."""
        return _OWN_NAMES.get(self.name, USUAL_NAME)

    def extra_hosts(self, version: str) -> dict[str, str]:
        """What must be added so that USUAL_NAME leads to this machine; nothing where the engine sees to that and an
        entry of ours would hide the right one."""
        if self.virtual:
            return {}
        if self.name == "docker-rootless":
            return {USUAL_NAME: ROOTLESS_GATEWAY}
        if self.name in ("podman", "podman-rootless") and numbers(version) < _PODMAN_GATEWAY:
            return {}
        return {USUAL_NAME: GATEWAY}

    @property
    def quirk(self) -> str:
        """The code in diagnosis.py of what a person should know about this engine, "" for nothing."""
        if self.name in ("docker-rootless", "podman", "podman-rootless"):
            return "quirk_" + self.name.replace("-", "_")
        if self.name in ("colima", "lima"):
            return "quirk_colima"
        return "quirk_virtual" if self.virtual else ""


PLAIN = EngineKind("docker")


def recognise(info: Mapping[str, Any], version: Mapping[str, Any] | None = None, address: str = "") -> EngineKind:
    """The engine by its `/info` and `/version` answers and its address."""
    system = str(info.get("OperatingSystem", "")).lower()
    machine = str(info.get("Name", "")).lower()
    rootless = "name=rootless" in " ".join(map(str, info.get("SecurityOptions") or ())) or info.get("Rootless") is True
    if _is_podman(info, version or {}, address):
        return EngineKind("podman-rootless" if rootless else "podman")
    if "docker desktop" in system:
        return EngineKind("docker-desktop")
    if "orbstack" in system or "/.orbstack/" in address:
        return EngineKind("orbstack")
    if "rancher" in machine or "rancher desktop" in system or "/.rd/" in address:
        return EngineKind("rancher-desktop")
    if machine == "colima" or machine.startswith("colima-") or "/.colima/" in address:
        return EngineKind("colima")
    if machine.startswith("lima-") or "/.lima/" in address:
        return EngineKind("lima")
    return EngineKind("docker-rootless" if rootless else "docker")


def _is_podman(info: Mapping[str, Any], version: Mapping[str, Any], address: str) -> bool:
    components = [str(part.get("Name", "")) for part in version.get("Components") or () if isinstance(part, Mapping)]
    if any("podman" in name.lower() for name in components):
        return True
    return "BuildahVersion" in info or "podman" in address.rpartition("/")[2] or "/podman/" in address


def numbers(version: str) -> tuple[int, ...]:
    """`4.3.1-rhel` -> (4, 3, 1)"""
    found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", version)
    return tuple(int(part) for part in found.groups() if part is not None) if found else (0,)


def is_wsl2(proc_version: str) -> bool:
    """Whether the text of /proc/version is that of a Windows machine's Linux."""
    return "microsoft" in proc_version.lower()


def default_gateway(route_table: str) -> str:
    """The default gateway out of the text of /proc/net/route, "" for none: under WSL2 that is Windows."""
    for line in route_table.splitlines()[1:]:
        fields = line.split()
        if len(fields) > 2 and fields[1] == "00000000" and len(fields[2]) == 8 and fields[2] != "00000000":
            raw = bytes.fromhex(fields[2])
            return ".".join(str(byte) for byte in reversed(raw))
    return ""
