"""Values for Kong's chart: only keys that the chart documents, and a configuration that Kong takes."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from support.export_readers import fits
from support.exported import a_source, edited

from gateway.entities import load
from quickstart.exports._bundle import Wish
from quickstart.exports._kong_versions import NEWEST, OSS, TARGETS
from quickstart.exports.helm_values import IMAGES, export


def values(**wish: str) -> Any:
    return yaml.safe_load(export(a_source(edited()), Wish(**wish)).stream)


@pytest.mark.parametrize("target", TARGETS)
def test_they_fit_the_keys_of_the_chart(target: str) -> None:
    made = values(target=target)
    fits("kong-chart-values", made)
    assert (made["image"]["repository"], made["image"]["tag"]) == IMAGES[target]
    assert made["ingressController"] == {"enabled": False}
    assert load(made["dblessConfig"]["config"]).collections["services"]


def test_each_reference_has_its_variable_from_the_secret() -> None:
    made = values()
    entry = made["customEnv"]["openai_auth_header"]
    assert entry["valueFrom"]["secretKeyRef"] == {"name": "ai-gateway-keys", "key": "OPENAI_AUTH_HEADER"}
    assert "{vault://env/openai-auth-header}" in made["dblessConfig"]["config"]
    assert "keyauth" not in yaml.safe_dump(made)


def test_what_must_be_known_is_said() -> None:
    told = " ".join(note.message for note in export(a_source(edited()), Wish()).notes)
    for word in ("counts alone", "localhost:7999", "ai-gateway-keys", "alice"):
        assert word in told
    assert "ai-proxy-advanced" in " ".join(note.message for note in export(a_source(), Wish(OSS)).notes)


def test_a_wished_image() -> None:
    assert values(image="r.test/kong:9", target=NEWEST)["image"] == {"repository": "r.test/kong", "tag": "9"}
