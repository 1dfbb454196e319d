"""Health of targets in a whole gateway: what one worker sees or a probe finds, all know and the Admin API tells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from support.gateway_process import GatewayProcess, ask, eventually
from support.mock_server import Answer, Asked, MockServer

TARGETS = 2


class Target(MockServer):
    """Answers with its port; `mood` is the status of everything, `probe` of /hc."""

    mood = probe = 200

    def answer(self, asked: Asked) -> Answer:
        return Answer(status=self.probe if asked.path == "/hc" else self.mood, body=str(self.port).encode())


def upstream(name: str, targets: list[Target], **checks: Any) -> dict[str, Any]:
    return {
        "name": name,
        "targets": [{"target": f"127.0.0.1:{target.port}"} for target in targets],
        "healthchecks": checks,
    }


@pytest.fixture(scope="module")
def targets() -> Iterator[list[Target]]:
    with Target() as one, Target() as other:
        yield [one, other]


@pytest.fixture(scope="module")
def gateway(targets: list[Target], tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    active = {
        "type": "http",
        "http_path": "/hc",
        "healthy": {"interval": 0.1, "successes": 1},
        "unhealthy": {"interval": 0.1, "http_failures": 1, "http_statuses": [500]},
    }
    passive = {"unhealthy": {"http_failures": 3, "http_statuses": [500]}, "healthy": {"successes": 1}}
    document = {
        "_format_version": "3.0",
        "upstreams": [
            upstream("active.test", targets, active=active),
            upstream("passive.test", targets, passive=passive),
        ],
        "services": [
            {"name": name, "url": f"http://{name}.test", "routes": [{"name": name, "paths": [f"/{name}"]}]}
            for name in ("active", "passive")
        ],
        "plugins": [{"name": "prometheus", "config": {"upstream_health_metrics": True}}],
    }
    file = tmp_path_factory.mktemp("gateway") / "kong.yml"
    file.write_text(yaml.safe_dump(document))
    with GatewayProcess(file, {"KONG_NGINX_WORKER_PROCESSES": "2"}) as running:
        yield running


def health(gateway: GatewayProcess, name: str) -> dict[int, str]:
    data = ask(gateway.ports["ADMIN"], "GET", f"/upstreams/{name}.test/health").json["data"]
    return {int(row["target"].rpartition(":")[2]): row["health"] for row in data}


def asked(gateway: GatewayProcess, name: str, times: int = 12) -> set[str]:
    """Which targets answer, over connections of their own, which fall to either worker."""
    return {ask(gateway.ports["PROXY"], "GET", f"/{name}").body.decode() for _ in range(times)}


def test_probes_take_a_target_out_and_bring_it_back(gateway: GatewayProcess, targets: list[Target]) -> None:
    one, other = targets
    assert asked(gateway, "active") == {str(one.port), str(other.port)}
    one.probe = 500
    eventually(lambda: health(gateway, "active")[one.port] == "UNHEALTHY", "the probes to find it ill")
    assert asked(gateway, "active") == {str(other.port)}
    text = ask(gateway.ports["STATUS"], "GET", "/metrics").body.decode()
    labels = f'upstream="active.test",target="127.0.0.1:{one.port}",address="127.0.0.1:{one.port}"'
    assert f'kong_upstream_target_health{{{labels},state="unhealthy",subsystem="http"}} 1' in text
    one.probe = 200
    eventually(lambda: health(gateway, "active")[one.port] == "HEALTHY", "the probes to find it well")
    assert asked(gateway, "active") == {str(one.port), str(other.port)}


def test_what_one_worker_sees_all_know(gateway: GatewayProcess, targets: list[Target]) -> None:
    one, other = targets
    one.mood = 500
    eventually(
        lambda: bool(asked(gateway, "passive", 4)) and health(gateway, "passive")[one.port] == "UNHEALTHY", "failures"
    )
    one.mood = 200
    assert asked(gateway, "passive", 20) == {str(other.port)}
    path = f"/upstreams/passive.test/targets/127.0.0.1:{one.port}/healthy"
    assert ask(gateway.ports["ADMIN"], "PUT", path).status == 204
    assert asked(gateway, "passive", 20) == {str(one.port), str(other.port)}


def test_marks_survive_a_change_of_something_else(gateway: GatewayProcess, targets: list[Target]) -> None:
    one, other = targets
    admin = gateway.ports["ADMIN"]
    path = f"/upstreams/passive.test/targets/127.0.0.1:{one.port}"
    assert ask(admin, "PUT", f"{path}/unhealthy").status == 204
    assert ask(admin, "PATCH", "/upstreams/passive.test", {"tags": ["changed"]}).status == 200
    assert asked(gateway, "passive") == {str(other.port)}
    balancer = ask(admin, "GET", "/upstreams/passive.test/health?balancer_health=1").json["data"]
    assert balancer["details"]["weight"] == {"total": 200, "available": 100, "unavailable": 100}
    assert ask(admin, "DELETE", path).status == 204
    assert ask(admin, "POST", "/upstreams/passive.test/targets", {"target": f"127.0.0.1:{one.port}"}).status == 201
    assert health(gateway, "passive")[one.port] == "HEALTHY"  # a target that is new
