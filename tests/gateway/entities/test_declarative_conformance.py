"""What a real Kong 3.9.1 takes and refuses, with its words, against Config.from_declarative."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.lax_plugins import LaxRegistry

from gateway.entities import Config
from gateway.errors import ConfigError

FOLDER = Path(__file__).resolve().parents[2] / "conformance"
COMPARED = ("router-config", "scope", "balance", "vault")
DEVIATIONS = {
    "route reference missing": "Kong crashes (500); a wrong reference is an error of the configuration and is named",
    "chain with consumer group": "unknown collections make Kong report good references as missing",
}


def cases(name: str) -> list[Any]:
    rows = json.loads((FOLDER / f"kong-3.9.1.{name}.json").read_text())
    return [
        pytest.param(row, id=f"{name}-{number}-{row['name'][:60]}".encode("ascii", "backslashreplace").decode())
        for number, row in enumerate(rows)
        if not any(row["name"].startswith(deviation) for deviation in DEVIATIONS)
    ]


def outcome(table: dict[str, Any]) -> dict[str, Any] | None:
    try:
        Config.from_declarative(table, registry=LaxRegistry())
    except ConfigError as error:
        return error.declarative()
    return None


@pytest.mark.parametrize("case", [case for name in COMPARED for case in cases(name)])
def test_taken_and_refused_as_by_kong(case: dict[str, Any]) -> None:
    if case["config_status"] == 201:
        assert outcome(case["table"]) is None
    else:
        assert outcome(case["table"]) == case["config_error"]


def test_the_random_route_tables_load() -> None:
    tables = json.loads((FOLDER / "kong-3.9.1.router.json").read_text())
    assert [row["name"] for row in tables if outcome(row["table"]) is not None] == []


@pytest.mark.parametrize("name", DEVIATIONS)
def test_deviations_are_refused_too_and_say_why(name: str) -> None:
    rows = [row for row in json.loads((FOLDER / "kong-3.9.1.scope.json").read_text()) if row["name"].startswith(name)]
    assert rows, f"no case is called {name}"
    for row in rows:
        found = outcome(row["table"])
        assert found is not None
        assert found["code"] == 14


def test_the_recorded_configuration_loads_whole() -> None:
    config = Config.load((FOLDER / "kong.yml").read_text(), registry=LaxRegistry())
    assert {kind: len(rows) for kind, rows in config.collections.items() if rows} == {
        "services": 73,
        "routes": 73,
        "plugins": 102,
        "consumers": 1,
        "keyauth_credentials": 1,
    }
