"""The three causes told apart, with commands that can be typed."""

from __future__ import annotations

import pytest

from quickstart.answers import LocalKind
from quickstart.engine_kind import EngineKind, Name
from quickstart.reach.inside import Inside, Target, parse, verdict

DOCKER = EngineKind("docker")


def target(kind: LocalKind = "other") -> Target:
    return Target("localhost:7999", "host.docker.internal", 7999, kind)


def nothing(program: str) -> bool:
    return False


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (Inside("answered", "172.17.0.1", 200, True), "reach_ok"),
        (Inside("answered", "172.17.0.1", 401), "reach_ok"),
        (Inside("answered", "172.17.0.1", 404), "reach_wrong"),
        (Inside("refused", "172.17.0.1"), "reach_loopback"),
        (Inside("name"), "reach_name"),
        (Inside("timeout", "172.17.0.1"), "reach_firewall"),
        (Inside("unreachable", "172.17.0.1"), "reach_firewall"),
        (Inside("broken", "172.17.0.1"), "reach_firewall"),
    ],
)
def test_what_it_means(found: Inside, code: str) -> None:
    told = verdict(target(), found, DOCKER, nothing)
    assert told.code == code and "{" not in told.message + told.hint
    assert bool(told.hint) == (code != "reach_ok")


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("ollama", "OLLAMA_HOST=172.17.0.1:7999 ollama serve"),
        ("llama.cpp", "llama-server ... --host 172.17.0.1 --port 7999"),
        ("llama-cpp-python", "python3 -m llama_cpp.server ... --host 172.17.0.1 --port 7999"),
        ("vllm", "vllm serve ... --host 172.17.0.1 --port 7999"),
        ("lm-studio", "lms server start --port 7999 --bind 0.0.0.0"),
        ("other", "... --host 172.17.0.1 --port 7999"),
    ],
)
def test_a_server_on_loopback_is_told_how_to_listen_on_the_bridge(kind: LocalKind, typed: str) -> None:
    told = verdict(target(kind), Inside("refused", "172.17.0.1"), DOCKER, nothing)
    first, second = told.hint.splitlines()
    assert typed in first and first.startswith("1. ") and second.endswith("ai-gateway setup --runtime process")
    assert ("opens it to your network" in first) == ("0.0.0.0" in first)
    assert "172.17.0.1:7999" in told.message


@pytest.mark.parametrize("name", ["colima", "docker-desktop", "docker-rootless", "podman-rootless"])
def test_where_the_bridge_is_not_this_machines_it_must_listen_everywhere(name: Name) -> None:
    told = verdict(target("llama.cpp"), Inside("refused", "192.168.5.2"), EngineKind(name), nothing)
    assert "--host 0.0.0.0" in told.hint and "opens it to your network" in told.hint


@pytest.mark.parametrize(
    ("program", "interface", "typed"),
    [
        ("ufw", "docker0", "sudo ufw allow in on docker0 to any port 7999 proto tcp"),
        ("firewall-cmd", "docker0", "sudo firewall-cmd --zone=docker --add-port=7999/tcp"),
        ("firewall-cmd", "podman0", "sudo firewall-cmd --zone=trusted --add-port=7999/tcp"),
        ("", "br-1", "sudo iptables -I INPUT -i br-1 -p tcp --dport 7999 -j ACCEPT"),
    ],
)
def test_the_firewall_that_is_installed_is_opened(program: str, interface: str, typed: str) -> None:
    found = Inside("timeout", "172.17.0.1")
    told = verdict(target(), found, DOCKER, lambda name: name == program, interface)
    assert typed in told.hint.splitlines()[0]


def test_an_engine_that_knows_no_name_for_this_machine() -> None:
    assert "docker version" in verdict(target(), Inside("name"), DOCKER, nothing).hint
    assert "podman --version" in verdict(target(), Inside("name"), EngineKind("podman"), nothing).hint


def test_what_the_probe_says_is_read() -> None:
    line = 'noise\n{"outcome": "answered", "address": "10.0.0.1", "status": 200, "models": true}\n'
    assert parse(line, "/api/tags") == Inside("answered", "10.0.0.1", 200, True, "/api/tags")
    for wrong in ("", "no json", "{}", "[1]"):
        with pytest.raises(ValueError):
            parse(wrong)
