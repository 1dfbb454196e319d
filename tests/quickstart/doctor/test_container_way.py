"""The way from the container, as doctor tells it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.patients import a_patient, codes, nobody, served

from quickstart.container_spec import Engine, EngineProblem
from quickstart.doctor import container_way
from quickstart.errors import EnvironmentProblem
from quickstart.reach.inside import Inside, Target

DOCKER = {"runtime": "docker"}
URL = "http://host.docker.internal:7/v1/chat/completions"


def there(host: str, port: int) -> bool:
    return True


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (Inside("answered", "172.17.0.1", 200, True), ("ok", "reach_ok")),
        (Inside("refused", "172.17.0.1"), ("bad", "reach_loopback")),
        (Inside("name"), ("bad", "reach_name")),
        (Inside("timeout", "172.17.0.1"), ("bad", "reach_firewall")),
    ],
)
def test_what_the_container_finds(tmp_path: Path, found: Inside, expected: tuple[str, str]) -> None:
    patient = a_patient(tmp_path, served(7, upstream_url=URL), plan=DOCKER)
    assert codes(container_way.check(patient, lambda target, path: (found, Engine("27")), there)) == [expected]


def test_a_question_that_cannot_be_asked_is_a_warning(tmp_path: Path) -> None:
    def refuse(target: Target, path: str) -> tuple[Inside, Engine]:
        raise EnvironmentProblem("no image")

    patient = a_patient(tmp_path, served(7, upstream_url=URL), plan=DOCKER)
    (told,) = container_way.check(patient, refuse, there)
    assert (told.mark, told.code) == ("warn", "reach_unknown") and "no image" in told.message


def test_where_there_is_nothing_to_ask(tmp_path: Path) -> None:
    def unasked(target: Target, path: str) -> tuple[Inside, Engine]:
        raise AssertionError

    gone = EngineProblem("denied", "", "")
    assert list(container_way.check(nobody(tmp_path), unasked)) == []
    assert list(container_way.check(a_patient(tmp_path, plan=DOCKER, engine_problem=gone), unasked)) == []
