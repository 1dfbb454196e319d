from __future__ import annotations

from typing import Any

import pytest

from gateway.entities.plugins import clean_plugin, plugin_record, plugin_schema
from gateway.plugins._base import Plugin
from gateway.schema import AtLeastOneOf, Integer, Record, String

UUID = "aaaaaaaa-0000-4000-8000-000000000001"
HTTP = ["grpc", "grpcs", "http", "https"]


class Limit(Plugin):
    name = "limit"
    priority = 1
    fields = Record("Counts.", fields={"minute": Integer("Per minute.", gt=0), "word": String(default="no")})
    checks = (AtLeastOneOf("config.minute", "config.hour"),)


class Auth(Plugin):
    name = "auth"
    priority = 2
    fields = Record("Asks.", fields={"realm": String("Where.")})
    no_consumer = True
    protocols = ("http", "https")
    default_protocols = ("http", "https")


REGISTRY: dict[str, type[Plugin]] = {"limit": Limit, "auth": Auth}


def test_the_configuration_is_checked_by_the_plugins_own_fields() -> None:
    row, error = clean_plugin({"name": "limit", "config": {"minute": 5}}, REGISTRY)
    assert error is None
    assert row["config"] == {"minute": 5, "word": "no"}
    assert row["protocols"] == HTTP
    assert (row["enabled"], row["route"], row["consumer"]) == (True, None, None)


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({"name": "limit", "config": {"minute": 0}}, {"config": {"minute": "value must be greater than 0"}}),
        ({"name": "limit", "config": {"foo": 1, "minute": 1}}, {"config": {"foo": "unknown field"}}),
        ({"name": "limit", "config": "x"}, {"config": "expected a record"}),
        ({"name": "auth", "config": None}, {"config": "required field missing"}),
        (
            {"name": "limit"},
            {"@entity": ["at least one of these fields must be non-empty: 'config.minute', 'config.hour'"]},
        ),
        ({"name": "auth", "protocols": ["tcp"]}, {"protocols": ["expected one of: http, https"]}),
        ({"name": "auth", "consumer": {"id": UUID}}, {"consumer": "value must be null"}),
        (
            {"name": "auth", "instance_name": "a b"},
            {
                "instance_name": (
                    "invalid value 'a b': the only accepted ascii characters are alphanumerics or ., -, _, and ~"
                )
            },
        ),
        ({"name": "auth", "ordering": None}, {"ordering": "unknown field"}),
        ({}, {"name": "required field missing"}),
        ({"name": None}, {"name": "required field missing"}),
        ({"name": 5}, {"name": "expected a string"}),
        ({"name": ""}, {"name": "plugin '' not enabled; add it to the 'plugins' configuration property"}),
        (
            {"name": "nope", "config": {"a": 1}},
            {"name": "plugin 'nope' not enabled; add it to the 'plugins' configuration property"},
        ),
        (
            {"name": "nope", "foo": 1},
            {
                "name": "plugin 'nope' not enabled; add it to the 'plugins' configuration property",
                "foo": "unknown field",
            },
        ),
    ],
)
def test_rows_that_kong_refuses(row: dict[str, Any], error: object) -> None:
    assert clean_plugin(row, REGISTRY)[1] == error


def test_a_row_that_is_no_record() -> None:
    assert clean_plugin("x", REGISTRY)[1] == "expected a record"


def test_records_are_made_once() -> None:
    assert plugin_record(Limit) is plugin_record(Limit)


def test_the_schema_shows_what_kongs_shows() -> None:
    schema = plugin_schema(Auth)
    assert [name for field in schema["fields"] for name in field] == ["consumer", "protocols", "config"]
    assert schema["fields"][0]["consumer"]["eq"] is None
    assert schema["fields"][1]["protocols"]["default"] == ["http", "https"]
    assert schema["fields"][2]["config"]["required"] is True
    schema = plugin_schema(Limit)
    assert [name for field in schema["fields"] for name in field] == ["protocols", "config"]
    assert schema["entity_checks"] == [{"at_least_one_of": ["config.minute", "config.hour"]}]
