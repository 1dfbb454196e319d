"""What was set up survives on disk, without its secrets, and says when a restart is needed."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from support.setups import KEY, a_plan, a_route

from quickstart import deployment
from quickstart.deployment import Deployment
from quickstart.errors import EnvironmentProblem


def made(folder: Path, **more: Any) -> Deployment:
    route = a_route(7999, options={"upstream_url": "http://x/", "n": 1, "t": 0.5}, secret="OPENAI_AUTH_HEADER")
    return Deployment(a_plan(folder, route, because=("a reason",), **more), "ai-gateway:1")


def test_it_comes_back_as_it_was_but_without_secrets(tmp_path: Path) -> None:
    kept = made(tmp_path, secrets={"OPENAI_AUTH_HEADER": KEY})
    text = deployment.to_text(kept)
    assert "canary" not in text
    assert deployment.from_text(text) == dataclasses.replace(kept, plan=dataclasses.replace(kept.plan, secrets={}))


def test_fields_of_a_newer_version_are_ignored(tmp_path: Path) -> None:
    document = json.loads(deployment.to_text(made(tmp_path)))
    document["plan"]["new"] = 1
    document["plan"]["routes"][0]["new"] = 1
    assert deployment.from_text(json.dumps(document)).plan.routes[0].name == "mock-api_mock-chat"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 2, "plan": {}, "image": ""}', '{"version": 1}', "null"])
def test_a_damaged_file_is_told_with_its_remedy(text: str, tmp_path: Path) -> None:
    (tmp_path / "deployment.json").write_text(text)
    with pytest.raises(EnvironmentProblem, match="Cannot read what was set up") as caught:
        deployment.load(tmp_path / "deployment.json")
    assert "ai-gateway setup" in caught.value.hint


def test_nothing_set_up_is_none_or_an_error_where_it_is_needed(tmp_path: Path) -> None:
    assert deployment.load(tmp_path / "none.json") is None
    with pytest.raises(EnvironmentProblem, match="Nothing is set up yet"):
        deployment.require(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, []),
        ({"output_dir": Path("/elsewhere"), "local_model": True, "routes": ()}, []),
        ({"workers": 2}, ["workers"]),
        ({"bind": "0.0.0.0"}, ["bind"]),
        ({"base_image": "other"}, []),
        ({"runtime": "docker", "base_image": "other"}, ["runtime", "base_image"]),
    ],
)
def test_only_what_a_running_gateway_cannot_take_up_asks_for_a_restart(
    change: dict[str, Any], told: list[str], tmp_path: Path
) -> None:
    kept = made(tmp_path)
    changed = Deployment(dataclasses.replace(kept.plan, **change), kept.image)
    assert kept.must_restart(changed) == told


def test_another_port_or_image_asks_for_a_restart(tmp_path: Path) -> None:
    kept = made(tmp_path)
    moved = dataclasses.replace(kept.plan, ports=kept.plan.ports | {"proxy": 1})
    assert kept.must_restart(Deployment(moved, "ai-gateway:2")) == ["ports", "image"]
