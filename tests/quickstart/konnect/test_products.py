from __future__ import annotations

import typing

import pytest

from quickstart.answers import questions
from quickstart.konnect.ai_gateways import AiGateways
from quickstart.konnect.control_planes import ControlPlanes
from quickstart.konnect.products import PRODUCTS, product_of


def test_every_word_of_the_answers_is_a_product() -> None:
    assert questions()["konnect_product"].choices == PRODUCTS
    assert isinstance(product_of("gateway"), ControlPlanes) and isinstance(product_of("ai-gateway"), AiGateways)


@pytest.mark.parametrize("name", PRODUCTS)
def test_each_has_an_official_image_with_a_version(name: str) -> None:
    repository, _, tag = product_of(name).image.partition(":")
    assert repository.startswith("kong/") and tag and tag != "latest"
    assert typing.get_type_hints(type(product_of(name)).find)["return"]
