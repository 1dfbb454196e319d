"""Where engines are looked for, and the four reasons why none answers, each with its remedy."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from quickstart.engine_address import DEFAULT, addresses, problem


def test_what_the_person_chose_is_the_only_address() -> None:
    assert addresses({"DOCKER_HOST": "tcp://x:1"}, Path("/h"), "unix:///context") == ["tcp://x:1"]
    assert addresses({}, Path("/h"), "unix:///context") == ["unix:///context"]


def test_sockets_that_exist_are_tried_after_the_usual_one(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "run" / "docker.sock"))
        found = addresses({"XDG_RUNTIME_DIR": str(tmp_path / "run")}, tmp_path)
    assert found == [DEFAULT, f"unix://{tmp_path}/run/docker.sock"]
    assert addresses({}, tmp_path) == [DEFAULT]


def wrapped(error: OSError) -> Exception:
    """The system's error as the SDK hands it over: inside an argument of an argument."""
    return RuntimeError("Error while fetching server API version", RuntimeError("Connection aborted.", error))


@pytest.mark.parametrize(
    ("error", "programs", "reason", "words"),
    [
        (PermissionError(13, "Permission denied"), (), "denied", "usermod -aG docker"),
        (FileNotFoundError(2, "No such file"), (), "missing", "Install Docker"),
        (FileNotFoundError(2, "No such file"), ("docker",), "stopped", "systemctl start docker"),
        (ConnectionRefusedError(111, "refused"), (), "stopped", "systemctl start docker"),
        (TimeoutError("timed out"), ("docker",), "unreachable", "systemctl restart docker"),
    ],
)
def test_each_reason_has_its_remedy(
    error: OSError, programs: tuple[str, ...], reason: str, words: str, tmp_path: Path
) -> None:
    for name in programs:
        (tmp_path / name).touch(0o755)
    found = problem(DEFAULT, wrapped(error), {"PATH": str(tmp_path)})
    assert found.reason == reason
    assert words in found.hint and "--runtime process" in found.hint
    assert found.exit_code == 3


@pytest.mark.parametrize(
    ("address", "programs", "words"),
    [
        ("unix:///home/u/.colima/default/docker.sock", ("docker", "colima"), "colima start"),
        (DEFAULT, ("docker", "colima"), "colima start"),
        (DEFAULT, ("docker", "dockerd", "colima"), "systemctl start docker"),
        ("unix:///run/user/1000/podman/podman.sock", ("podman",), "podman.socket"),
        (DEFAULT, ("podman",), "podman machine start"),
    ],
)
def test_an_engine_that_does_not_run_is_started_in_its_own_way(
    address: str, programs: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    for name in programs:
        (tmp_path / name).touch(0o755)
    found = problem(address, wrapped(ConnectionRefusedError(111, "refused")), {"PATH": str(tmp_path)})
    assert found.reason == "stopped" and words in found.hint
