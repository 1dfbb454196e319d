from __future__ import annotations

from typing import Any

import pytest

from gateway.schema import (
    Any_,
    Array,
    Boolean,
    Field,
    Foreign,
    Integer,
    Map,
    Number,
    Record,
    Set,
    Shorthand,
    String,
    json_schema,
)

TEXT = {"type": "string", "minLength": 1}
NULLABLE = {"type": ["string", "null"], "minLength": 1}


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        (String("Help.", required=True), {**TEXT, "description": "Help."}),
        (String(len_min=0, len_max=5), {"type": ["string", "null"], "maxLength": 5}),
        (String(uuid=True, required=True), {"type": "string", "format": "uuid"}),
        (String(one_of=("a", "b")), {**NULLABLE, "enum": ["a", "b", None]}),
        (Integer(between=(0, 5), default=3), {"type": ["integer", "null"], "minimum": 0, "maximum": 5, "default": 3}),
        (Integer(timestamp=True, required=True), {"type": "integer", "minimum": 1}),
        (Number(gt=0, required=True), {"type": "number", "exclusiveMinimum": 0}),
        (Boolean(required=True), {"type": "boolean"}),
        (Any_(), {}),
        (Any_(schema={"type": "record"}, required=True), {"type": "object"}),
        (Foreign(reference="consumers", eq=None), {"const": None}),
        (
            Array(elements=String(one_of=("a",)), len_min=1, required=True),
            {"type": "array", "items": {**TEXT, "enum": ["a"]}, "minItems": 1},
        ),
        (Set(elements=String(), required=True), {"type": "array", "items": TEXT, "uniqueItems": True}),
        (
            Map(keys=String(), values=Number(), required=True),
            {"type": "object", "additionalProperties": {"type": "number"}},
        ),
    ],
)
def test_fields_are_json_schema(field: Field, shown: dict[str, Any]) -> None:
    assert json_schema(field) == shown


def test_a_reference_is_by_id_or_name() -> None:
    schema = json_schema(Foreign(reference="services"))
    assert set(schema["properties"]) == {"id", "name"} and schema["type"] == ["object", "null"]


def test_a_record_wants_what_nothing_else_fills_in() -> None:
    inner = Record(required=True, fields={"name": String(required=True)})
    filled = Record(required=True, fields={"name": String(required=True, default="x")})
    fields: dict[str, Field] = {
        "id": String(required=True, auto=True),
        "given": String(required=True),
        "usual": String(required=True, default="a"),
        "free": String(),
        "inner": inner,
        "filled": filled,
    }
    schema = json_schema(Record(required=True, fields=fields))
    assert schema["required"] == ["given", "inner"] and schema["additionalProperties"] is False
    assert list(schema["properties"]) == list(fields)


def test_old_names_are_there_and_said_to_be_old() -> None:
    record = Record(fields={}, shorthands={"old": Shorthand(String(), ("new",))})
    assert json_schema(record)["properties"]["old"] == {**NULLABLE, "deprecated": True}
