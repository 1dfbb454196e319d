"""What is in the way is found before anything is changed, with the exit code and the flag that helps."""

from __future__ import annotations

import dataclasses
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from support.setups import a_plan, a_route, places_in

from quickstart import preflight
from quickstart.container_spec import Engine, EngineProblem
from quickstart.plan import LISTENERS
from quickstart.preflight import Machine

PORTS = {"proxy": 8000, "admin": 8001, "manager": 8002, "portal": 8003, "files": 8004, "status": 8100}


def a_machine(taken: dict[int, str] | None = None, **more: Any) -> Machine:
    held = taken or {}
    made = Machine(
        is_free=lambda port, address: port not in held,
        owner=lambda port: held.get(port, ""),
        engine=lambda: Engine("28"),
        free_bytes=lambda path: 10**10,
        data=Path("/data"),
    )
    return dataclasses.replace(made, **more)


def test_nothing_in_the_way(tmp_path: Path) -> None:
    assert preflight.check(a_plan(tmp_path, ports=PORTS, local_model=True), a_machine()) == []


def test_a_taken_port_names_its_owner_the_flag_and_a_free_one(tmp_path: Path) -> None:
    machine = a_machine({8000: "python3 (pid 4242): llama_cpp.server"})
    (found,) = preflight.check(a_plan(tmp_path, ports=PORTS), machine)
    assert found.message == "Port 8000 (proxy) is in use by python3 (pid 4242): llama_cpp.server."
    assert (found.listener, found.port, found.suggestion) == ("proxy", 8000, 8005)  # 8001 to 8004 are planned
    assert "--proxy-port 8005" in found.hint and "--local NAME=localhost:8000" in found.hint
    assert found.error().exit_code == 4


def test_where_many_ports_are_taken_one_line_has_all_others(tmp_path: Path) -> None:
    machine = a_machine(dict.fromkeys((8000, 8001, 8004), "python3 (pid 1): gateway"))
    found = preflight.check(a_plan(tmp_path, ports=PORTS), machine)
    assert [finding.suggestion for finding in found] == [8005, 8006, 8007], "no port twice"
    error = preflight.error_of(found)
    assert error.message.startswith("Port 8000 (proxy)") and "Port 8004 (files)" in error.hint
    assert error.hint.endswith("Choose: --proxy-port 8005 --admin-port 8006 --files-port 8007")
    assert preflight.error_of(found[:1]).hint == found[0].hint and error.exit_code == 4


def test_a_usual_directory_that_somebody_else_made_first_is_left_to_them(tmp_path: Path) -> None:
    assert preflight.elsewhere(tmp_path / "kong" / "ai-gateway", tmp_path) == (tmp_path / "kong" / "ai-gateway", "")
    (tmp_path / "prepared").symlink_to(tmp_path)
    path, why = preflight.elsewhere(tmp_path / "prepared", tmp_path / "home")
    assert path == tmp_path / "home" / "ai-gateway" and "symbolic link" in why


def test_an_owner_that_cannot_be_seen_is_said_to_be_somebody(tmp_path: Path) -> None:
    (found,) = preflight.check(a_plan(tmp_path, ports=PORTS), a_machine({8100: ""}))
    assert "a program of another user" in found.message
    assert "--status-port 8101" in found.hint and "--local" not in found.hint


def test_ports_of_our_own_running_gateway_are_not_in_the_way(tmp_path: Path) -> None:
    machine = a_machine({8000: "python3 (pid 1): gateway"}, ours=frozenset(PORTS.values()))
    assert preflight.check(a_plan(tmp_path, ports=PORTS), machine) == []


def test_the_built_in_models_port_is_checked_where_it_is_used(tmp_path: Path) -> None:
    machine = a_machine({7999: "nc (pid 7)"})
    assert preflight.check(a_plan(tmp_path, ports=PORTS), machine) == []
    (found,) = preflight.check(a_plan(tmp_path, ports=PORTS, local_model=True), machine)
    assert (found.listener, found.suggestion) == ("model", 8005)
    assert "--local-model-port 8005" in found.hint


@pytest.mark.parametrize("local_model", [False, True])
def test_one_port_for_two_is_found_once(local_model: bool, tmp_path: Path) -> None:
    ports = PORTS | {"admin": 8000, "status": 8010}
    (found,) = preflight.check(a_plan(tmp_path, ports=ports, local_model=local_model), a_machine())
    assert found.message == "Port 8000 is given to both proxy and admin."
    assert (found.listener, found.suggestion) == ("admin", 8001)


def refusing(reason: str) -> Any:
    def engine() -> Engine:
        raise EngineProblem(reason, f"It is {reason}.", "Do something.")

    return engine


def test_an_engine_is_only_asked_for_where_it_is_needed(tmp_path: Path) -> None:
    machine = a_machine(engine=refusing("stopped"))
    assert preflight.check(a_plan(tmp_path, ports=PORTS), machine) == []
    (found,) = preflight.check(a_plan(tmp_path, ports=PORTS, runtime="docker"), machine)
    assert (found.check, found.reason, found.message) == ("engine", "stopped", "It is stopped.")
    assert found.error().exit_code == 3


def test_host_networking_needs_an_engine_on_this_machine(tmp_path: Path) -> None:
    plan = a_plan(tmp_path, ports=PORTS, runtime="docker", host_network=True)
    machine = a_machine(engine=lambda: Engine("28", shares_network=False))
    (found,) = preflight.check(plan, machine)
    assert found.reason == "network"
    assert preflight.check(dataclasses.replace(plan, host_network=False), machine) == []


def test_an_output_directory_that_is_not_ours_alone(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir(mode=0o777)
    (tmp_path / "out").chmod(0o777)
    (found,) = preflight.check(a_plan(tmp_path, ports=PORTS), a_machine())
    assert (found.check, found.error().exit_code) == ("output", 3)


@pytest.mark.parametrize(
    ("free", "model", "installed", "found"),
    [(49e6, False, False, True), (51e6, False, False, False), (100e6, True, False, True), (100e6, True, True, False)],
)
def test_room_on_the_disk(free: float, model: bool, installed: bool, found: bool, tmp_path: Path) -> None:
    machine = a_machine(free_bytes=lambda path: int(free), model_installed=installed)
    findings = preflight.check(a_plan(tmp_path, ports=PORTS, local_model=model), machine)
    assert [finding.check for finding in findings] == (["disk"] if found else [])


def test_the_probes_of_this_machine_work(tmp_path: Path) -> None:
    machine = preflight.machine(places_in(tmp_path), os.environ)
    assert machine.ours == frozenset() and not machine.model_installed
    assert machine.free_bytes(tmp_path / "not" / "there") > 0
    plan = a_plan(tmp_path)
    with socket.create_server(("127.0.0.1", plan.ports["files"])):
        (found,) = preflight.check(plan, machine)
    assert found.listener == "files" and f"(pid {os.getpid()})" in found.message
    assert preflight.check(plan, machine) == []


def test_every_listener_is_looked_at(tmp_path: Path) -> None:
    machine = a_machine(dict.fromkeys(PORTS.values(), "x"))
    assert [found.listener for found in preflight.check(a_plan(tmp_path, ports=PORTS), machine)] == list(LISTENERS)


def test_the_way_from_a_container_is_asked_through_the_engine(tmp_path: Path) -> None:
    """Only where there is something to ask; what an engine that is gone cannot tell is not in the way."""
    environ = {"DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    machine = preflight.machine(places_in(tmp_path), environ)
    url = "http://host.docker.internal:1/v1/chat/completions"
    assert list(machine.ways(a_plan(tmp_path, a_route(1, upstream_url=url), runtime="docker"))) == []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        route = a_route(port, upstream_url=url.replace(":1/", f":{port}/"))
        assert list(machine.ways(a_plan(tmp_path, route, runtime="docker"))) == []
