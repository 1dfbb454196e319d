"""The Admin API's own OpenAPI document: it names paths that are served, and allows what the API takes."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from support.admin_api import Admin
from support.new_field import FIELD, PLUGIN, declare

from gateway.admin.self_description import document
from gateway.entities import KINDS
from gateway.plugins import registry


def references(value: Any) -> set[str]:
    return set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(value)))


def test_every_reference_leads_somewhere() -> None:
    described = document()
    assert references(described) <= set(described["components"]["schemas"])
    ids = re.findall(r'"operationId": "([^"]+)", "parameters": \{"key"', json.dumps(described))
    known = {one.get("operationId") for path in described["paths"].values() for one in path.values()}
    assert ids and set(ids) <= known


@pytest.mark.parametrize("path", sorted(document()["paths"]))
def test_every_path_is_served_by_the_methods_it_names(path: str) -> None:
    admin = Admin()
    admin.api.metrics = lambda: b""
    wanted = {method.upper() for method in document()["paths"][path]}
    told = admin.ask("OPTIONS", path.replace("{level}", "info").replace("{name}", "services"))
    assert told.status == 204, told
    assert wanted <= set(told.headers["Allow"].split(", "))


def test_every_kind_and_every_plugin_is_there() -> None:
    described = Admin().get("/openapi.json").body
    assert described["openapi"].startswith("3.1")
    assert {*KINDS, *(f"plugin-{name}" for name in registry())} <= set(described["components"]["schemas"])


def test_a_new_field_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def known() -> bool:
        plugin = document()["components"]["schemas"][f"plugin-{PLUGIN}"]
        return FIELD in plugin["properties"]["config"]["properties"]

    assert not known()
    declare(monkeypatch)
    assert known()
