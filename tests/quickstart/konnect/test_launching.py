"""A plan with Konnect carried out, and taken back when its data plane does not come up. The whole story from the
command line, and every kill on the way, are in e2e/test_konnect_*.py."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.docker_engine import base_image, bridge_address
from support.konnect_mock.cluster import Cluster
from support.konnect_mock.image import stand_in
from support.konnect_mock.server import KonnectMock
from support.konnect_parts import KEY, Office
from support.setups import Listening

from quickstart.answers import Answers
from quickstart.errors import KonnectError, QuickstartError
from quickstart.konnect import launching
from quickstart.konnect.data_plane_runner import DataPlaneRunner
from quickstart.launch import LaunchResult
from quickstart.local_http import request

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]


class Shop(Office):
    """An office with a cluster and a data plane's image."""

    def __init__(self, folder: Path, mock: KonnectMock, image: str) -> None:
        super().__init__(folder, mock)
        self.console = Listening()
        self.environment |= {name: text for name, text in os.environ.items() if name.startswith("DOCKER_")}
        self.plan = self.with_image(image)
        self.runner = DataPlaneRunner(self.places, self.environment)

    def with_image(self, image: str) -> object:
        assert self.plan.konnect is not None
        return dataclasses.replace(self.plan, konnect=dataclasses.replace(self.plan.konnect, image=image))

    def apply(self, plan: object = None) -> LaunchResult:
        wanted = plan or self.plan
        return launching.apply(wanted, Answers(), self.console, self.places, self.environment)  # type: ignore[arg-type]

    def files(self) -> dict[str, bytes]:
        tops = (self.places.config, self.places.data, self.folder / "out")
        return {str(path): path.read_bytes() for top in tops for path in top.rglob("*") if path.is_file()}

    def answers(self) -> bool:
        body = b'{"messages":[]}'
        return request("127.0.0.1", self.plan.ports["proxy"], "POST", "/openai/chat", body).status == 200


@pytest.fixture
def shop(tmp_path: Path, mock: KonnectMock) -> Iterator[Shop]:
    with Cluster(mock.state, bridge_address()), stand_in(f"launching-{os.getpid()}") as image:
        made = Shop(tmp_path, mock, image)
        yield made
        made.runner.remove()


def test_it_is_carried_out_and_again_changes_nothing(shop: Shop) -> None:
    result = shop.apply()
    assert result.changed == ("konnect", "configuration", "keys", "answers", "gateway")
    assert [route.health for route in result.routes] == ["ok", "ok"] and shop.answers()
    before = shop.files()
    assert shop.apply().unchanged and shop.files() == before
    assert KEY not in shop.console.text


def test_a_data_plane_that_ends_is_taken_back(shop: Shop, mock: KonnectMock) -> None:
    shop.apply()
    before = shop.files()
    with pytest.raises(KonnectError) as refused:
        shop.apply(shop.with_image(base_image()))
    assert refused.value.exit_code == 6 and "ended before Konnect saw it" in refused.value.message
    assert "setup goes on from there" in refused.value.hint
    assert shop.files() == before and shop.answers()
    assert len(mock.planes()) == len(mock.planes()[0].certificates) == 1
    assert len(shop.runner.leftovers()) == 1


def test_a_first_one_that_fails_leaves_no_files_but_what_konnect_has_is_known(shop: Shop, mock: KonnectMock) -> None:
    with pytest.raises(QuickstartError):
        shop.apply(shop.with_image(base_image()))
    assert not shop.places.secrets.exists() and not shop.places.deployment.exists() and not shop.runner.leftovers()
    assert {Path(path).name for path in shop.files()} == {"journal.json", "data-plane.crt", "data-plane.key"}
    shop.apply()
    assert len(mock.planes()) == len(mock.planes()[0].certificates) == 1
