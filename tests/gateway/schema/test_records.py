from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import ConfigError
from gateway.schema import Array, AtLeastOneOf, Boolean, Integer, Map, Record, Shorthand, String

MODEL = Record(
    "Which model.",
    required=True,
    fields={"provider": String("Who.", required=True), "options": Record(fields={"top_k": Integer(default=5)})},
)
REDIS = Record(required=True, fields={"host": String(), "port": Integer(default=6379)})
LIMITS = Record(
    fields={"minute": Integer(), "redis": REDIS},
    shorthands={"redis_host": Shorthand(String(), ("redis", "host"))},
)


def test_all_errors_are_collected_in_kongs_nested_shape() -> None:
    record = Record(fields={"config": Record(required=True, fields={"model": MODEL, "n": Integer(between=(0, 5))})})
    with pytest.raises(ConfigError) as caught:
        record.validate({"config": {"n": 9, "zzz": 1}, "foo": 2})
    assert caught.value.fields == {
        "config": {
            "model": {"provider": "required field missing"},
            "n": "value should be between 0 and 5",
            "zzz": "unknown field",
        },
        "foo": "unknown field",
    }


def test_errors_stand_under_the_path_given() -> None:
    with pytest.raises(ConfigError) as caught:
        MODEL.validate({}, "config.model")
    assert caught.value.fields == {"config": {"model": {"provider": "required field missing"}}}
    assert caught.value.message == "config.model.provider: required field missing"


def test_defaults_fill_required_records_and_leave_optional_ones_null() -> None:
    record = Record(fields={"model": Record(required=True, fields={"a": Boolean(default=True)}), "opt": MODEL})
    record.fields["opt"].required = False
    record = Record(fields=record.fields)
    assert record.validate({}) == {"model": {"a": True}, "opt": None}
    given = {"provider": "x", "options": {}}
    assert record.validate({"opt": given})["opt"] == {"provider": "x", "options": {"top_k": 5}}


def test_null_is_not_absent() -> None:
    record = Record(fields={"retries": Integer(default=5), "port": Integer(default=80, required=True)})
    assert record.clean({}) == ({"retries": 5, "port": 80}, None)
    assert record.clean({"retries": None}) == ({"retries": None, "port": 80}, None)
    assert record.clean({"port": None})[1] == {"port": "required field missing"}


def test_an_empty_list_stands_for_an_empty_record_and_nothing_else_does() -> None:
    assert REDIS.clean([]) == ({"host": None, "port": 6379}, None)
    for value in ("x", 5, ["a"], True):
        assert REDIS.clean(value)[1] == "expected a record"


def test_a_check_over_the_whole_record_replaces_its_error() -> None:
    record = Record(fields={"config": Record(fields={"a": Integer()}, check=lambda values: "a needs b")})
    assert record.clean({"config": {"a": 1}})[1] == {"config": "a needs b"}
    assert record.clean({"config": {"a": "x"}})[1] == {"config": {"a": "expected an integer"}}


def test_default_records_are_completed_and_never_shared() -> None:
    record = Record(fields={"inner": Record(default={"port": 1}, fields={"host": String(), "port": Integer()})})
    first = record.validate({})
    first["inner"]["host"] = "changed"
    assert record.validate({}) == {"inner": {"host": None, "port": 1}}


def test_old_names_are_written_to_their_new_place_and_mirrored() -> None:
    cleaned, error = LIMITS.clean({"redis_host": "r.test"})
    assert (cleaned, error) == ({"minute": None, "redis": {"host": "r.test", "port": 6379}}, None)
    assert LIMITS.show(cleaned) == {**cleaned, "redis_host": "r.test"}
    assert LIMITS.clean({"redis_host": 5})[1] == {"redis_host": "expected a string"}
    assert LIMITS.clean({"redis_host": None})[1] is None
    assert LIMITS.clean({"redis_host": "a", "redis": {"host": "a"}})[1] is None
    assert LIMITS.clean({"redis_host": "a", "redis": {"host": "b"}})[1] == {
        "@entity": [
            "both deprecated and new field are used but their values mismatch: redis_host = a vs redis.host = b"
        ]
    }


def test_the_input_is_not_touched_by_old_names() -> None:
    given = {"redis_host": "a", "redis": {"port": 1}}
    LIMITS.clean(given)
    assert given == {"redis_host": "a", "redis": {"port": 1}}


@pytest.mark.parametrize(
    ("old", "new", "merged"),
    [
        ({"a": 1, "b": 2}, {"b": 3}, {"a": 1, "b": 3}),
        ({"r": {"x": 1, "y": 2}}, {"r": {"y": None}}, {"r": {"x": 1, "y": None}}),
        ({"r": {"x": 1}}, {"r": []}, {"r": {"x": 1}}),
        ({"r": {"x": 1}}, {"r": None}, {"r": None}),
        ({"r": None}, {"r": {"x": 1}}, {"r": {"x": 1}}),
        ({"list": [1, 2]}, {"list": [3]}, {"list": [3]}),
        ({"map": {"x": "1"}}, {"map": {"y": "2"}}, {"map": {"y": "2"}}),
        ({"a": 1}, {"unknown": 5}, {"a": 1, "unknown": 5}),
    ],
)
def test_patch_merges_records_and_replaces_everything_else(old: Any, new: Any, merged: Any) -> None:
    record = Record(
        fields={
            "a": Integer(),
            "b": Integer(),
            "r": Record(fields={"x": Integer(), "y": Integer()}),
            "list": Array(elements=Integer()),
            "map": Map(keys=String(), values=String()),
        }
    )
    assert record.merge(old, new) == merged


def test_patch_by_an_old_name_wins_over_the_stored_value() -> None:
    stored = LIMITS.validate({"redis": {"host": "old"}})
    merged = LIMITS.merge(stored, {"redis_host": "new"})
    assert LIMITS.validate(merged)["redis"]["host"] == "new"


def test_extended_records_keep_what_they_had() -> None:
    base = Record("Help.", fields={"a": Integer()}, checks=(AtLeastOneOf("a", "b"),), required=True)
    more = base.extended({"b": Integer()}, (AtLeastOneOf("b"),))
    assert (more.help, more.required, len(more.checks)) == ("Help.", True, 2)
    assert more.clean({"a": 1})[1] == {"@entity": ["at least one of these fields must be non-empty: 'b'"]}
