from __future__ import annotations

from typing import Any

import pytest

from gateway.schema import (
    Any_,
    Array,
    AtLeastOneOf,
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
    describe,
    describe_field,
)

PLAIN = {"type": "string", "required": False, "len_min": 1}
ELEMENT = {**PLAIN, "required": True}


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        (String("Help."), {"type": "string", "description": "Help."}),
        (
            String(required=True, default="a", one_of=("a", "b")),
            {"required": True, "default": "a", "one_of": ["a", "b"]},
        ),
        (String(referenceable=True, encrypted=True), {"referenceable": True, "encrypted": True}),
        (String(uuid=True, auto=True), {"uuid": True, "auto": True}),
        (String(match="^x$", len_min=0, len_max=5), {"match": "^x$", "len_min": 0, "len_max": 5}),
        (String(match_none=[("//", "no")]), {"match_none": [{"pattern": "//", "err": "no"}]}),
        (String(match_any=(("^a",), "err")), {"match_any": {"patterns": ["^a"], "err": "err"}}),
        (String(starts_with="/", unique=True, not_one_of=("env",)), {"starts_with": "/", "unique": True}),
        (String(is_regex=True), {"is_regex": True}),
        (Integer(between=(0, 5), default=None), {"type": "integer", "between": [0, 5], "default": None}),
        (Number(gt=0, timestamp=True), {"type": "number", "gt": 0, "timestamp": True}),
        (Boolean(default=False), {"type": "boolean", "default": False}),
        (Any_(schema={"type": "record", "abstract": True}), {"type": "record", "abstract": True}),
        (Foreign(reference="routes", on_delete="cascade"), {"type": "foreign", "reference": "routes"}),
        (Foreign(reference="consumers", eq=None), {"eq": None}),
        (Array(elements=String(len_max=5), len_max=3), {"elements": {**ELEMENT, "len_max": 5}, "len_max": 3}),
        (Set(elements=String(), mutually_exclusive_subsets=[("a",)]), {"mutually_exclusive_subsets": [["a"]]}),
        (Map(keys=String(), values=Number()), {"keys": ELEMENT, "values": {"type": "number", "required": True}}),
        (String(), {"required": False, "len_min": 1}),
        (Array(elements=String()), {"required": False}),
        (
            Record(fields={"a": String()}, checks=(AtLeastOneOf("a"),)),
            {"type": "record", "fields": [{"a": PLAIN}], "entity_checks": [{"at_least_one_of": ["a"]}]},
        ),
    ],
)
def test_fields_are_printed_as_kong_prints_them(field: Field, shown: dict[str, Any]) -> None:
    described = describe_field(field)
    assert described | shown == described


def test_a_record_keeps_the_order_of_its_fields() -> None:
    record = Record(fields={"z": String(), "a": Integer()})
    assert [list(field) for field in describe(record)["fields"]] == [["z"], ["a"]]
    assert describe(record)["entity_checks"] == []


def test_old_names_say_what_replaces_them() -> None:
    shorthand = Shorthand(String(schema={"deprecation": {"message": "use redis.host"}}), ("redis", "host"))
    record = Record(fields={}, shorthands={"redis_host": shorthand})
    assert describe_field(record)["shorthand_fields"] == [
        {
            "redis_host": {
                **PLAIN,
                "deprecation": {"message": "use redis.host", "replaced_with": [{"path": ["redis", "host"]}]},
            }
        }
    ]
    assert shorthand.field.schema == {"deprecation": {"message": "use redis.host"}}
