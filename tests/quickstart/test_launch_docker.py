"""A plan carried out with containers: real requests through them, changes without a restart, and back when it fails."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Mapping

import pytest
from support.docker_engine import base_image
from support.gateway_process import free_ports
from support.launched import CANARY, SECRET, Launched
from support.providers_mock import OpenAI
from support.setups import Listening

from quickstart.containers import DockerRunner
from quickstart.deployment import Deployment
from quickstart.files import Places
from quickstart.gateway_control import GatewayControl
from quickstart.plan import LISTENERS, Plan, Runtime
from quickstart.runners import runner_of
from quickstart.runtime import Runner
from quickstart.uninstalling import inventory, remove

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    """One home for all: building its image is the slow part. Its model server listens on loopback only."""
    with Launched(tmp_path_factory.mktemp("docker")) as made:
        made.plan = made.changed(runtime="docker", host_network=True, base_image=base_image())
        yield made
        docker = DockerRunner(made.places, os.environ)
        docker.remove()
        assert not docker.leftovers()


@pytest.fixture
def docker(home: Launched) -> DockerRunner:
    """The home's own container, running the home's own plan."""
    home.apply()
    return DockerRunner(home.places, os.environ)


def test_a_server_on_loopback_is_reached_through_the_hosts_network(home: Launched, docker: DockerRunner) -> None:
    assert home.ask().status == 200
    assert home.upstream.last.headers["authorization"] == f"Bearer {CANARY}"
    assert docker.status().running and CANARY not in "\n".join(docker.logs(200))


def test_the_same_again_touches_nothing(home: Launched, docker: DockerRunner) -> None:
    before, container = home.files(), docker._found().id  # type: ignore[union-attr]
    assert home.apply().unchanged
    assert (home.files(), docker._found().id) == (before, container)  # type: ignore[union-attr]


def test_a_changed_model_and_key_are_taken_up_without_another_container(home: Launched, docker: DockerRunner) -> None:
    container = docker._found().id  # type: ignore[union-attr]
    home.upstream.key = "sk-another"
    plan = dataclasses.replace(home.with_model("gpt-6.1-terra"), secrets={SECRET: "Bearer sk-another"})
    result = home.apply(plan)
    home.upstream.key = CANARY
    assert (result.changed, [route.health for route in result.routes]) == (("configuration", "keys"), ["ok", "ok"])
    assert home.asked_model == "gpt-6.1-terra"
    assert docker._found().id == container  # type: ignore[union-attr]


class Failing(DockerRunner):
    """Fails once, after the new container was really started."""

    failed = False

    def start(self, deployment: Deployment) -> None:
        super().start(deployment)
        if not self.failed:
            self.failed = True
            raise KeyboardInterrupt


def failing(runtime: Runtime, places: Places, environ: Mapping[str, str]) -> Runner:
    return Failing(places, environ) if runtime == "docker" else runner_of(runtime, places, environ)


def elsewhere(home: Launched) -> Plan:
    return home.changed(ports=dict(zip(LISTENERS, free_ports(len(LISTENERS)), strict=True)))


def test_the_previous_container_is_back_when_the_new_one_fails(home: Launched, docker: DockerRunner) -> None:
    before = home.files()
    with pytest.raises(KeyboardInterrupt):
        home.apply(elsewhere(home), runners=failing)
    assert home.files() == before
    assert home.ask().status == 200
    assert [text.split()[0] for text in docker.leftovers()] == ["container", "image"]


def test_from_a_container_to_a_process_and_back_leaves_one_gateway(home: Launched, docker: DockerRunner) -> None:
    as_process = home.changed(runtime="process", host_network=False)
    result = home.apply(as_process)
    assert (result.restarted, home.ask().status) == (True, 200)
    assert home.runner.status().running and not docker.leftovers()
    result = home.apply()
    assert (result.restarted, home.ask().status) == (True, 200)
    assert not home.runner.status().running and docker.status().running


def test_a_failing_process_brings_the_container_back(home: Launched, docker: DockerRunner) -> None:
    before = home.files()
    with pytest.raises(Exception, match="did not start"):
        home.apply(home.changed(runtime="process", host_network=False, workers=0))
    assert home.files() == before
    assert home.ask().status == 200 and docker.status().running and not home.runner.status().running


def test_on_a_bridge_a_server_is_reached_under_the_engines_name_for_this_machine(
    home: Launched, docker: DockerRunner
) -> None:
    client, _ = docker._use()
    bridge = client.networks.get("bridge").attrs["IPAM"]["Config"][0]
    address = bridge.get("Gateway") or bridge["Subnet"].rpartition(".")[0] + ".1"
    with OpenAI(CANARY, host=address) as upstream:
        url = f"http://host.docker.internal:{upstream.port}/v1/chat/completions"
        route = dataclasses.replace(home.plan.routes[0], upstream_url=url, options={"upstream_url": url})
        result = home.apply(home.changed(host_network=False, routes=(route,)))
        assert [found.health for found in result.routes] == ["ok", "ok"]
        assert result.restarted and len(upstream.asked) == 2


def test_it_is_started_and_stopped_and_reported(home: Launched, docker: DockerRunner) -> None:
    control = GatewayControl(home.places, os.environ)
    assert control.stop() and not control.report()["running"]
    assert control.start(Listening()) and not control.start(Listening())
    report = control.report()
    assert report["ready"] and report["runtime"] == "docker" and report["detail"].startswith("container ")
    assert 0 <= report["uptime_seconds"] < 60


def test_uninstalling_lists_and_removes_container_and_image(home: Launched, docker: DockerRunner) -> None:
    removals, warnings = inventory(home.places, os.environ, True, home.folder / "none")
    assert [removal.text.split()[0] for removal in removals[:2]] == ["container", "image"] and not warnings
    assert remove(removals, lambda text, error: pytest.fail(f"{text}: {error}"))
    assert not docker.leftovers()
    assert not [path for path in home.folder.rglob("*") if path.is_file()]
