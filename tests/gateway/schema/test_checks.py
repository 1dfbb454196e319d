from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from gateway.schema import (
    UNSET,
    AtLeastOneOf,
    Boolean,
    Check,
    Conditional,
    ConditionalAtLeastOneOf,
    Custom,
    Distinct,
    Integer,
    Match,
    MutuallyExclusive,
    MutuallyRequired,
    OnlyOneOf,
    Record,
    String,
    read,
)

INNER = {"x": String(), "y": String(), "on": Boolean()}


def checked(check: Check, value: dict[str, Any]) -> object:
    record = Record(fields={"a": String(), "b": String(), "n": Integer(), "in": Record(fields=INNER)}, checks=(check,))
    return record.clean(value)[1]


@pytest.mark.parametrize(
    ("check", "value", "text"),
    [
        (AtLeastOneOf("a", "b"), {}, "at least one of these fields must be non-empty: 'a', 'b'"),
        (AtLeastOneOf("a", "b"), {"b": "x"}, None),
        (AtLeastOneOf("in.x"), {"in": {"y": "z"}}, "at least one of these fields must be non-empty: 'in.x'"),
        (OnlyOneOf("a", "b"), {}, "exactly one of these fields must be non-empty: 'a', 'b'"),
        (OnlyOneOf("a", "b"), {"a": "x", "b": "y"}, "exactly one of these fields must be non-empty: 'a', 'b'"),
        (OnlyOneOf("a", "b"), {"a": "x"}, None),
        (MutuallyExclusive("a", "b"), {"a": "x", "b": "y"}, "only one or none of these fields must be set: 'a', 'b'"),
        (MutuallyExclusive("a", "b"), {}, None),
        (
            MutuallyRequired("in.x", "in.y"),
            {"in": {"x": "1"}},
            "all or none of these fields must be set: 'in.x', 'in.y'",
        ),
        (MutuallyRequired("in.x", "in.y"), {"in": {"x": "1", "y": "2"}}, None),
        (MutuallyRequired("in.x", "in.y"), {}, None),
        (Distinct("a", "b"), {"a": "x", "b": "x"}, "values of these fields must be distinct: 'a', 'b'"),
        (Distinct("a", "b"), {"a": "x"}, None),
        (
            ConditionalAtLeastOneOf("a", Match(one_of=("llama2",)), ("in.x",), "must set %s for llama2 provider"),
            {"a": "llama2"},
            "must set 'in.x' for llama2 provider",
        ),
        (
            ConditionalAtLeastOneOf("a", Match(one_of=("q",)), ("in.x", "b")),
            {"a": "q"},
            "at least one of these fields must be non-empty: 'in.x', 'b'",
        ),
        (ConditionalAtLeastOneOf("a", Match(one_of=("q",)), ("b",)), {"a": "other"}, None),
        (Custom(("a",), lambda values: "no good"), {"a": "x"}, "no good"),
        (Custom(("a",), lambda values: None), {"a": "x"}, None),
    ],
)
def test_rules_over_several_fields(check: Check, value: dict[str, Any], text: str | None) -> None:
    assert checked(check, value) == (None if text is None else {"@entity": [text]})


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (AtLeastOneOf("a", "b"), {"a": 5}),
        (AtLeastOneOf("in.x", "in.y"), {"in": "x"}),
        (OnlyOneOf("a", "b"), {"a": "", "b": "x"}),
        (MutuallyRequired("a", "b"), {"a": 5}),
        (Distinct("a", "b"), {"a": 5, "b": 5}),
        (Custom(("a",), lambda values: "never"), {"a": 5}),
        (Conditional("a", Match(eq="x"), "b", Match(required=True)), {"a": 5}),
    ],
)
def test_a_rule_keeps_quiet_about_fields_that_are_wrong_by_themselves(check: Check, value: dict[str, Any]) -> None:
    found = checked(check, value)
    assert isinstance(found, dict)
    assert "@entity" not in found


def test_an_empty_value_counts_as_none_even_where_it_is_wrong_by_itself() -> None:
    assert checked(AtLeastOneOf("a", "b"), {"a": ""}) == {
        "a": "length must be at least 1",
        "@entity": ["at least one of these fields must be non-empty: 'a', 'b'"],
    }


@pytest.mark.parametrize(
    ("then", "value", "error"),
    [
        (Match(required=True), {"a": "x"}, "required field missing"),
        (Match(required=True), {"a": "x", "b": "y"}, None),
        (Match(eq=None), {"a": "x", "b": "y"}, "value must be null"),
        (Match(eq=None), {"a": "x"}, None),
        (Match(eq="q"), {"a": "x", "b": "y"}, "value must be q"),
        (Match(eq="q"), {"a": "x"}, "value must be q"),
        (Match(one_of=("none",)), {"a": "x", "b": "y"}, "expected one of: none"),
        (Match(one_of=("none",)), {"a": "x"}, None),
        (Match(not_one_of=("y",)), {"a": "x", "b": "y"}, "must not be one of: y"),
        (Match(len_eq=0), {"a": "x", "b": "y"}, "length must be 0"),
        (Match(match="^%d+$"), {"a": "x", "b": "y"}, "invalid value: y"),
        (Match(required=True), {"a": "other"}, None),
        (Match(required=True), {}, None),
    ],
)
def test_conditionals_blame_the_field_and_the_whole(then: Match, value: dict[str, Any], error: str | None) -> None:
    found = checked(Conditional("a", Match(eq="x"), "b", then), value)
    entity = ["failed conditional validation given value of field 'a'"]
    assert found == (None if error is None else {"b": error, "@entity": entity})


def test_a_conditional_reaches_into_records_and_may_have_its_own_words() -> None:
    check = Conditional("a", Match(one_of=("bedrock",)), "in.on", Match(eq=False), "only without")
    assert checked(check, {"a": "bedrock", "in": {"on": True}}) == {
        "in": {"on": "value must be false"},
        "@entity": ["only without"],
    }
    assert checked(check, {"a": "bedrock"}) == {"in": {"on": "value must be false"}, "@entity": ["only without"]}
    assert checked(check, {"a": "bedrock", "in": "x"}) == {"in": "expected a record"}


def test_two_conditionals_with_one_verdict_are_both_told() -> None:
    check = Conditional("a", Match(eq="x"), "b", Match(required=True))
    record = Record(fields={"a": String(), "b": String()}, checks=(check, check))
    error = record.clean({"a": "x"})[1]
    assert isinstance(error, dict)
    assert (error["b"], len(error["@entity"])) == ("required field missing", 2)


def test_sets_are_conditions_too() -> None:
    match = Match(elements_not_one_of=("https", "tls"))
    assert match.error(["http"]) is None
    assert match.error(["http", "https"]) is not None
    assert Match(gt=0).error(0) == "value must be greater than 0"
    assert Match(eq=True).error(1) == "value must be true"


def test_a_custom_rule_may_name_fields() -> None:
    def function(values: Mapping[str, Any]) -> dict[str, Any]:
        return {"in": {"x": "bad"}, "a": "worse", "@entity": ["and all of it"]}

    assert checked(Custom(("in",), function), {"in": {"x": "1"}, "a": 5}) == {
        "in": {"x": "bad"},
        "a": "expected a string",
        "@entity": ["and all of it"],
    }


def test_reading_a_path() -> None:
    assert read({"a": {"b": 0}}, "a.b") == 0
    assert read({"a": None}, "a.b") is UNSET
    assert read({"a": {}}, "a.b") is UNSET


@pytest.mark.parametrize(
    ("check", "shown"),
    [
        (AtLeastOneOf("a", "b"), {"at_least_one_of": ["a", "b"]}),
        (OnlyOneOf("a", "b"), {"only_one_of": ["a", "b"]}),
        (MutuallyExclusive("a", "b"), {"mutually_exclusive": ["a", "b"]}),
        (MutuallyRequired("a", "b"), {"mutually_required": ["a", "b"]}),
        (Distinct("a", "b"), {"distinct": ["a", "b"]}),
        (
            Conditional("a", Match(eq="x"), "b", Match(eq=None)),
            {"conditional": {"if_field": "a", "if_match": {"eq": "x"}, "then_field": "b", "then_match": {"eq": None}}},
        ),
        (
            ConditionalAtLeastOneOf("a", Match(one_of=("x",)), ("b",), "must set %s"),
            {
                "conditional_at_least_one_of": {
                    "if_field": "a",
                    "if_match": {"one_of": ["x"]},
                    "then_at_least_one_of": ["b"],
                    "then_err": "must set %s",
                }
            },
        ),
        (
            Custom(("a",), lambda values: None, {"run_with_missing_fields": True}),
            {"custom_entity_check": {"field_sources": ["a"], "run_with_missing_fields": True}},
        ),
    ],
)
def test_rules_are_printed_as_kong_prints_them(check: Check, shown: dict[str, Any]) -> None:
    assert check.describe() == shown


ELEMENT = {"type": "string", "required": True, "len_min": 1}


@pytest.mark.parametrize(
    ("match", "shown"),
    [
        (Match(not_one_of=("a",)), {"not_one_of": ["a"]}),
        (Match(match="^x$"), {"match": "^x$"}),
        (Match(required=True), {"required": True}),
        (Match(len_eq=0), {"len_eq": 0}),
        (Match(elements_not_one_of=("a",)), {"elements": {**ELEMENT, "not_one_of": ["a"]}}),
    ],
)
def test_conditions_are_printed_as_kong_prints_them(match: Match, shown: dict[str, Any]) -> None:
    assert match.describe() == shown
