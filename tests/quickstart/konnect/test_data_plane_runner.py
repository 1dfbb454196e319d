from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.image_shelf import shelf
from support.konnect_mock.image import stand_in
from support.konnect_parts import KEY, konnect_plan
from support.setups import places_in

from quickstart import secret_file
from quickstart.deployment import Deployment
from quickstart.errors import EnvironmentProblem
from quickstart.files import Places
from quickstart.konnect import certificate, journal
from quickstart.konnect.data_plane_runner import DataPlaneRunner
from quickstart.konnect.journal import Entry, Journal

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with stand_in(f"runner-{os.getpid()}") as name:
        yield name


@pytest.fixture
def places(tmp_path: Path) -> Places:
    made = places_in(tmp_path)
    entry = Entry("gateway", "eu", "ai-gateway", "1", True, "127.0.0.1:1", "127.0.0.1:1")
    journal.save(made, Journal("aa", (entry,)))
    certificate.load_or_make(made.konnect, "test")
    secret_file.write(made.secrets, {"OPENAI_AUTH_HEADER": KEY, "KONNECT_TOKEN": "kpat_x"})
    return made


@pytest.fixture
def deployment(tmp_path: Path, image: str) -> Deployment:
    plan = konnect_plan(tmp_path)
    assert plan.konnect is not None
    return Deployment(dataclasses.replace(plan, konnect=dataclasses.replace(plan.konnect, image=image)), image)


@pytest.fixture
def runner(places: Places) -> Iterator[DataPlaneRunner]:
    made = DataPlaneRunner(places, os.environ)
    yield made
    made.remove()


def test_it_is_started_seen_and_removed(runner: DataPlaneRunner, deployment: Deployment) -> None:
    told: list[str] = []
    assert runner.prepare(deployment.plan, told.append) == deployment.image and not told, "it is here already"
    assert not runner.fits(deployment)
    runner.start(deployment)
    assert runner.status().running and runner.fits(deployment)
    environment = runner.environment() or {}
    assert environment["OPENAI_AUTH_HEADER"] == KEY and "KONNECT_TOKEN" not in environment
    assert [line.split()[0] for line in runner.leftovers()] == ["container"], "the image is not ours to remove"
    assert runner.stop() and not runner.status().running
    runner.tidy(deployment)
    runner.remove()
    assert runner.leftovers() == [] and runner.environment() is None and runner.image() == ""


def test_another_key_or_certificate_needs_another_container(
    runner: DataPlaneRunner, deployment: Deployment, places: Places
) -> None:
    runner.start(deployment)
    secret_file.write(places.secrets, {"OPENAI_AUTH_HEADER": "Bearer another"})
    assert not runner.fits(deployment)
    secret_file.write(places.secrets, {"OPENAI_AUTH_HEADER": KEY})
    assert runner.fits(deployment) and not runner.fits(dataclasses.replace(deployment, image="kong/other:1"))
    (places.konnect / "data-plane.crt").unlink()
    certificate.load_or_make(places.konnect, "anew")
    assert not runner.fits(deployment)


def test_without_a_certificate_it_says_how_to_get_one(
    runner: DataPlaneRunner, deployment: Deployment, places: Places
) -> None:
    (places.konnect / "data-plane.key").unlink()
    with pytest.raises(EnvironmentProblem) as refused:
        runner.start(deployment)
    assert "ai-gateway setup" in refused.value.hint and runner.leftovers() == []


def test_an_image_that_nobody_has(runner: DataPlaneRunner, deployment: Deployment) -> None:
    konnect = deployment.plan.konnect
    assert konnect is not None
    plan = dataclasses.replace(
        deployment.plan, konnect=dataclasses.replace(konnect, image="127.0.0.1:9/kong/kong-gateway:none")
    )
    with pytest.raises(EnvironmentProblem) as refused:
        runner.prepare(plan, lambda text: None)
    assert "docker pull 127.0.0.1:9/kong/kong-gateway:none" in refused.value.hint


def test_an_image_is_fetched_once_and_tells_how_far_it_is(runner: DataPlaneRunner, deployment: Deployment) -> None:
    konnect = deployment.plan.konnect
    assert konnect is not None
    with shelf({"file": os.urandom(3_000_000)}) as place:
        plan = dataclasses.replace(deployment.plan, konnect=dataclasses.replace(konnect, image=place.name))
        told: list[str] = []
        assert runner.prepare(plan, told.append) == place.name
        assert any(re.fullmatch(r".+ \(\d of 3 MB\)", line) for line in told), told
        asked = len(place.asked)
        runner.prepare(plan, told.append)
        assert len(place.asked) == asked
