"""Engines recognised by what they say about themselves, with what is different about each; where one cannot run here
its published answers stand in for it."""

from __future__ import annotations

from typing import Any

import pytest

from quickstart.engine_kind import GATEWAY, ROOTLESS_GATEWAY, USUAL_NAME, default_gateway, is_wsl2, numbers, recognise

Json = dict[str, Any]
DEBIAN = {"OperatingSystem": "Debian GNU/Linux 12 (bookworm)", "Name": "vm", "SecurityOptions": ["name=seccomp"]}
ROOTLESS = {"OperatingSystem": "Ubuntu 24.04", "Name": "box", "SecurityOptions": ["name=seccomp", "name=rootless"]}
DESKTOP = {
    "OperatingSystem": "Docker Desktop",
    "Name": "docker-desktop",
    "KernelVersion": "6.6-microsoft-standard-WSL2",
}
PODMAN = {"OperatingSystem": "fedora", "Name": "box", "BuildahVersion": "1.37.0", "ServerVersion": "5.2.0"}
PODMAN_USER = PODMAN | {"Rootless": True, "SecurityOptions": ["name=seccomp", "name=rootless"]}
PODMAN_VERSION = {"Components": [{"Name": "Podman Engine", "Version": "5.2.0"}, {"Name": "Conmon"}]}
DOCKER_VERSION = {"Components": [{"Name": "Engine", "Version": "27.0"}, {"Name": "containerd"}]}
COLIMA = {"OperatingSystem": "Ubuntu 24.04.1 LTS", "Name": "colima", "SecurityOptions": ["name=apparmor"]}
LIMA = {"OperatingSystem": "Ubuntu 24.04", "Name": "lima-docker"}
ORBSTACK = {"OperatingSystem": "OrbStack", "Name": "orbstack"}
RANCHER = {"OperatingSystem": "Alpine Linux v3.20", "Name": "lima-rancher-desktop"}
USER_SOCKET = "unix:///run/user/1000/podman/podman.sock"


@pytest.mark.parametrize(
    ("info", "version", "address", "name"),
    [
        (DEBIAN, DOCKER_VERSION, "unix:///var/run/docker.sock", "docker"),
        (ROOTLESS, DOCKER_VERSION, "unix:///run/user/1000/docker.sock", "docker-rootless"),
        (DESKTOP, DOCKER_VERSION, "unix:///var/run/docker.sock", "docker-desktop"),
        (PODMAN, PODMAN_VERSION, "unix:///run/podman/podman.sock", "podman"),
        (PODMAN_USER, PODMAN_VERSION, USER_SOCKET, "podman-rootless"),
        (PODMAN_USER, {}, "unix:///var/run/docker.sock", "podman-rootless"),
        (DEBIAN | {"Rootless": True}, {}, USER_SOCKET, "podman-rootless"),
        (COLIMA, DOCKER_VERSION, "unix:///home/u/.colima/default/docker.sock", "colima"),
        (DEBIAN | {"Name": "colima-work"}, {}, "unix:///var/run/docker.sock", "colima"),
        (LIMA, {}, "unix:///home/u/.lima/docker/sock/docker.sock", "lima"),
        (ORBSTACK, {}, "unix:///home/u/.orbstack/run/docker.sock", "orbstack"),
        (RANCHER, {}, "unix:///home/u/.rd/docker.sock", "rancher-desktop"),
        ({}, None, "", "docker"),
    ],
)
def test_engines_are_told_apart(info: Json, version: Json | None, address: str, name: str) -> None:
    kind = recognise(info, version, address)
    assert kind.name == name and kind.title
    assert kind.rootless == ("rootless" in name)


@pytest.mark.parametrize(
    ("info", "version", "server", "hosts", "shares", "host_name"),
    [
        (DEBIAN, {}, "27.0", {USUAL_NAME: GATEWAY}, True, USUAL_NAME),
        (ROOTLESS, {}, "27.0", {USUAL_NAME: ROOTLESS_GATEWAY}, False, USUAL_NAME),
        (DESKTOP, {}, "27.0", {}, False, USUAL_NAME),
        (PODMAN, PODMAN_VERSION, "5.2.0", {USUAL_NAME: GATEWAY}, True, "host.containers.internal"),
        (PODMAN_USER, PODMAN_VERSION, "4.3.1", {}, True, "host.containers.internal"),
        (COLIMA, {}, "27.0", {}, False, "host.lima.internal"),
    ],
)
def test_each_reaches_this_machine_in_its_own_way(
    info: Json, version: Json, server: str, hosts: Json, shares: bool, host_name: str
) -> None:
    kind = recognise(info, version)
    assert (kind.extra_hosts(server), kind.shares_network, kind.host_name) == (hosts, shares, host_name)


def test_what_is_peculiar_about_an_engine_has_a_text() -> None:
    from quickstart import messages

    for info in (ROOTLESS, DESKTOP, PODMAN, PODMAN_USER, COLIMA, LIMA, ORBSTACK, RANCHER):
        assert f"diagnosis.{recognise(info).quirk}" in messages.catalogue()
    assert recognise(DEBIAN).quirk == ""


@pytest.mark.parametrize(("text", "found"), [("4.3.1-rhel", (4, 3, 1)), ("20.10", (20, 10)), ("", (0,)), ("dev", (0,))])
def test_versions(text: str, found: tuple[int, ...]) -> None:
    assert numbers(text) == found


def test_windows_linux_is_recognised_with_the_way_to_windows() -> None:
    assert is_wsl2("Linux version 5.15.153.1-microsoft-standard-WSL2 (root@x) (gcc)")
    assert not is_wsl2("Linux version 6.1.0-21-amd64 (debian-kernel@lists.debian.org)")
    table = "Iface\tDestination\tGateway\nlo\t0000007F\t00000000\neth0\t00000000\t0110A8C0\n"
    assert default_gateway(table) == "192.168.16.1"
    assert default_gateway("Iface\n") == ""
