"""The real engine: the image is built once per content, the container is as locked down as its options say, and what
goes wrong is told with its remedy."""

from __future__ import annotations

import dataclasses
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.docker_engine import base_image
from support.gateway_process import ask, eventually
from support.setups import KEY, a_plan, a_route, places_in

from quickstart import health, image, secret_file
from quickstart.container_spec import EngineProblem
from quickstart.containers import DockerRunner, connect
from quickstart.deployment import Deployment
from quickstart.errors import EnvironmentProblem, PortTaken
from quickstart.files import private_directory, write_atomically
from quickstart.plan import Plan
from quickstart.render import render


class Lab:
    """A runner with places of its own, and the files that a gateway needs."""

    def __init__(self, folder: Path) -> None:
        self.places = places_in(folder)
        self.runner = DockerRunner(self.places, os.environ)
        route = a_route(9, auth_header="Authorization", secret="MOCK_AUTH_HEADER")
        self.plan = a_plan(folder, route, runtime="docker", base_image=base_image())
        self.said: list[str] = []

    def write(self, plan: Plan) -> None:
        private_directory(self.places.configuration.parent, 0o755)
        write_atomically(self.places.configuration, render(plan).kong_yml, 0o644)
        secret_file.write(self.places.secrets, {"MOCK_AUTH_HEADER": KEY})

    def started(self, **more: Any) -> Plan:
        plan = dataclasses.replace(self.plan, **more)
        self.write(plan)
        self.runner.start(Deployment(plan, self.runner.prepare(plan, self.said.append)))
        return plan

    def inside(self, *command: str) -> tuple[int, str]:
        code, output = self.container.exec_run(list(command))
        return code, output.decode().strip()

    @property
    def container(self) -> Any:
        return self.runner._found()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    made = Lab(tmp_path_factory.mktemp("lab"))
    yield made
    made.runner.remove()
    assert not made.container


@pytest.fixture
def running(lab: Lab) -> Plan:
    if not lab.runner.status().running:
        lab.plan = lab.started()
        health.wait_ready(lab.plan, lab.runner.status)
    return lab.plan


@pytest.mark.docker
def test_it_serves_on_loopback_and_tells_how_it_is(lab: Lab, running: Plan) -> None:
    assert ask(running.ports["admin"], "GET", "/services/mock-api").json["name"] == "mock-api"
    status = lab.runner.status()
    assert status.running and status.detail.startswith("container ai-gateway-") and status.restarts == 0
    assert status.since is not None and not status.crashed
    assert any("ready" in line for line in lab.runner.logs(20))
    assert lab.runner.publisher(running.ports["proxy"]) is None  # it is ours
    other = DockerRunner(places_in(lab.places.home.parent / "another"), os.environ)
    assert other.publisher(running.ports["proxy"]) == lab.container.name


@pytest.mark.docker
def test_the_same_content_is_built_once(lab: Lab, running: Plan) -> None:
    said: list[str] = []
    first = lab.runner.prepare(running, said.append)
    assert lab.runner.prepare(running, said.append) == first
    assert len(said) == 0 or "Successfully tagged" in said[-1]  # the gateway's own code may change while tests run


@pytest.mark.docker
def test_inside_it_is_nobody_and_can_change_nothing(lab: Lab, running: Plan) -> None:
    uid = os.geteuid() or 10001
    assert lab.inside("id", "-u") == (0, str(uid))
    assert "CapEff:\t0000000000000000" in lab.inside("cat", "/proc/1/status")[1]
    assert "NoNewPrivs:\t1" in lab.inside("cat", "/proc/1/status")[1]
    for path in ("/opt/ai-gateway/x", "/etc/ai-gateway/x", "/run/ai-gateway-secrets/x", "/x"):
        code, said = lab.inside("touch", path)
        assert code != 0 and ("Read-only file system" in said or "Permission denied" in said), path
    assert lab.inside("touch", "/tmp/x") == lab.inside("touch", "/var/lib/ai-gateway/x") == (0, "")


@pytest.mark.docker
def test_the_secrets_are_readable_inside_and_in_nothing_that_describes_it(lab: Lab, running: Plan) -> None:
    assert KEY in lab.inside("cat", "/run/ai-gateway-secrets/secrets.env")[1]
    image = lab.container.image
    described = repr(
        [lab.container.attrs, image.attrs, image.history(), lab.container.top(), list(lab.runner.logs(999))]
    )
    assert "canary" not in described
    assert "canary" not in lab.inside("cat", "/etc/ai-gateway/kong.yml")[1]


@pytest.mark.docker
def test_its_healthcheck_passes(lab: Lab, running: Plan) -> None:
    def healthy() -> bool:
        lab.container.reload()
        return bool(lab.container.attrs["State"]["Health"]["Status"] == "healthy")

    eventually(healthy, "the engine to call it healthy", 40)


@pytest.mark.docker
def test_a_changed_secret_is_seen_inside_without_a_restart(lab: Lab, running: Plan) -> None:
    container = lab.container.id
    secret_file.write(lab.places.secrets, {"MOCK_AUTH_HEADER": KEY, "NEW": "value"})
    lab.runner.refresh(Deployment(running, ""))
    assert "NEW='value'" in lab.inside("cat", "/run/ai-gateway-secrets/secrets.env")[1]
    assert lab.container.id == container


@pytest.mark.docker
def test_a_configuration_that_is_refused_is_told_with_the_last_words(lab: Lab, tmp_path: Path) -> None:
    broken = Lab(tmp_path)
    broken.write(broken.plan)
    write_atomically(broken.places.configuration, "_format_version: '3.0'\nservices: [{host: 1}]\n", 0o644)
    try:
        broken.runner.start(Deployment(broken.plan, broken.runner.prepare(broken.plan, broken.said.append)))
        with pytest.raises(EnvironmentProblem, match="did not start"):
            health.wait_ready(broken.plan, broken.runner.status)
        assert "host" in "\n".join(broken.runner.logs(20))
        assert broken.runner.stop() or not broken.runner.status().running
    finally:
        broken.runner.remove()


@pytest.mark.docker
def test_a_taken_port_is_told_and_leaves_no_container(lab: Lab, tmp_path: Path) -> None:
    blocked = Lab(tmp_path)
    try:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", blocked.plan.ports["files"]))
            taken.listen()
            with pytest.raises(PortTaken, match="in use"):
                blocked.started()
        assert blocked.container is None
    finally:
        blocked.runner.remove()


@pytest.mark.docker
def test_a_base_image_that_is_nowhere_is_named(lab: Lab, tmp_path: Path) -> None:
    missing = Lab(tmp_path)
    plan = dataclasses.replace(missing.plan, base_image="localhost:1/no-such-image:1")
    with pytest.raises(EnvironmentProblem, match="localhost:1/no-such-image:1 is not on this machine") as caught:
        missing.runner.prepare(plan, missing.said.append)
    assert not missing.runner.leftovers()
    assert "docker pull" in caught.value.hint and "--runtime process" in caught.value.hint


@pytest.mark.docker
def test_what_a_broken_off_build_leaves_is_found_and_removed(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Lab(tmp_path)
    content = image.content() | {"requirements.txt": b"no-such-package==1 --hash=sha256:" + b"0" * 64 + b"\n"}
    monkeypatch.setattr(image, "content", lambda: content)
    with pytest.raises(EnvironmentProblem, match="image could not be built") as caught:
        broken.runner.prepare(broken.plan, broken.said.append)
    assert "no-such-package" in caught.value.hint
    broken.runner.remove()
    assert not broken.runner.leftovers()


@pytest.mark.docker
def test_it_is_stopped_and_listed_and_removed(lab: Lab, running: Plan) -> None:
    assert lab.runner.stop() and not lab.runner.stop()
    status = lab.runner.status()
    assert not status.running and not status.crashed
    left = lab.runner.leftovers()
    assert left[0].startswith("container ai-gateway-") and any(item.startswith("image ai-gateway:") for item in left)
    lab.runner.discard()
    assert lab.container is None and not lab.runner.status().running


@pytest.mark.parametrize("address", ["unix:///no/such/docker.sock"])
def test_an_engine_that_is_not_there_is_told_at_once(address: str, tmp_path: Path) -> None:
    with pytest.raises(EngineProblem) as caught:
        connect({"DOCKER_HOST": address}, tmp_path)
    assert caught.value.reason == "stopped"


def test_an_engine_that_refuses_is_not_running(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tmp_path / "docker.sock"))
    with pytest.raises(EngineProblem) as caught:
        connect({"DOCKER_HOST": f"unix://{tmp_path}/docker.sock"}, tmp_path)
    assert caught.value.reason == "stopped"
    assert f"{tmp_path}/docker.sock" in caught.value.message
