"""The engine by name, its peculiarities, and whether it matters that none answers. Engines that do not run here are
played by what they say about themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.patients import a_patient, codes, nobody

from quickstart.container_spec import Engine, EngineProblem
from quickstart.doctor import engine
from quickstart.doctor.patient import Patient
from quickstart.engine_kind import EngineKind, Name

DOCKER = {"runtime": "docker"}


def none(patient: Patient) -> Engine:
    raise EngineProblem("stopped", "It does not run.", "Start it.")


def an(name: Name, **more: bool) -> Engine:
    kind = EngineKind(name)
    return Engine("27.0", shares_network=kind.shares_network, kind=kind)


def test_a_process_needs_none(tmp_path: Path) -> None:
    assert codes(engine.check(a_patient(tmp_path), none)) == [("ok", "engine_unneeded")]


def test_a_container_does_and_before_setup_it_is_only_told(tmp_path: Path) -> None:
    (found,) = engine.check(a_patient(tmp_path, plan=DOCKER), none)
    assert (found.mark, found.code, found.remedy) == ("bad", "engine_stopped", "Start it.")
    assert codes(engine.check(nobody(tmp_path), none)) == [("note", "engine_stopped")]


@pytest.mark.parametrize(
    ("name", "quirk", "words"),
    [
        ("docker", "", "Docker 27.0"),
        ("docker-rootless", "quirk_docker_rootless", "10.0.2.2"),
        ("podman", "quirk_podman", "host.containers.internal"),
        ("podman-rootless", "quirk_podman_rootless", "host.containers.internal"),
        ("colima", "quirk_colima", "host.lima.internal"),
        ("docker-desktop", "quirk_virtual", "Docker Desktop"),
        ("orbstack", "quirk_virtual", "OrbStack"),
    ],
)
def test_each_engine_is_named_with_what_is_different(tmp_path: Path, name: Name, quirk: str, words: str) -> None:
    found = list(engine.check(a_patient(tmp_path, plan=DOCKER), lambda patient: an(name)))
    assert codes(found) == [("ok", "engine_ok"), *([("note", quirk)] if quirk else [])]
    assert words in found[-1].message


def test_host_networking_that_is_not_this_machines(tmp_path: Path) -> None:
    patient = a_patient(tmp_path, plan=DOCKER | {"host_network": True})
    assert codes(engine.check(patient, lambda patient: an("colima")))[-1] == ("bad", "engine_network")
