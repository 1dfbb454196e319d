"""Each server of this machine is asked about once, and only where a container would ask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.setups import a_plan, a_route

from quickstart.container_spec import Engine
from quickstart.container_way import look, target_of
from quickstart.plan import RoutePlan
from quickstart.reach.inside import Inside, Target

FINE = Inside("answered", "172.17.0.1", 200, True)


def bridged(port: int, **more: Any) -> RoutePlan:
    url = f"http://host.docker.internal:{port}/v1/chat/completions"
    return a_route(port, **({"title": "Ollama", "upstream_url": url} | more))


def asked_of(folder: Path, *routes: RoutePlan, listening: bool = True, **plan: Any) -> list[tuple[Target, str]]:
    asked: list[tuple[Target, str]] = []

    def ask(target: Target, path: str) -> tuple[Inside, Engine]:
        asked.append((target, path))
        return FINE, Engine("27")

    made = a_plan(folder, *routes, **({"runtime": "docker"} | plan))
    told = list(look(made, ask, lambda host, port: listening))
    assert [one.code for _, one in told] == ["reach_ok"] * len(asked)
    return asked


def test_a_server_is_asked_once_at_the_name_that_the_container_knows(tmp_path: Path) -> None:
    native = bridged(8, upstream_url="http://host.docker.internal:8/api/chat")
    asked = asked_of(tmp_path, bridged(7), bridged(7, operation="completions"), native)
    assert asked == [
        (Target("localhost:7", "host.docker.internal", 7, "ollama"), "/v1/models"),
        (Target("localhost:8", "host.docker.internal", 8, "ollama"), "/api/tags"),
    ]


@pytest.mark.parametrize("plan", [{"runtime": "process"}, {"host_network": True}])
def test_where_this_machines_network_is_the_gateways(tmp_path: Path, plan: dict[str, Any]) -> None:
    assert asked_of(tmp_path, bridged(7), **plan) == []


def test_what_is_not_here_or_does_not_run_is_not_asked(tmp_path: Path) -> None:
    far = a_route(1, shown_upstream="api.openai.com", upstream_url="https://api.openai.com:443/v1/chat/completions")
    assert asked_of(tmp_path, far) == []
    assert asked_of(tmp_path, bridged(7), listening=False) == []


def test_the_target_of_a_route() -> None:
    assert target_of(bridged(7, title="Mine")) == Target("localhost:7", "host.docker.internal", 7, "other")
