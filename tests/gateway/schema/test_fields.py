from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.schema import (
    LARGEST,
    UNSET,
    Any_,
    Boolean,
    Field,
    Foreign,
    Integer,
    Number,
    String,
    is_reference,
    is_uuid,
    size_error,
)

UUID = "aaaaaaaa-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        (String(), "a", None),
        (String(), 5, "expected a string"),
        (String(), True, "expected a string"),
        (String(), "", "length must be at least 1"),
        (String(len_min=0), "", None),
        (String(len_min=3), "ab", "length must be at least 3"),
        (String(len_max=3), "éé", "length must be at most 3"),
        (String(len_eq=2), "abc", "length must be 2"),
        (String(one_of=("a", "b")), "c", "expected one of: a, b"),
        (String(not_one_of=("env",)), "env", "must not be one of: env"),
        (String(eq="x"), "y", "value must be x"),
        (String(starts_with="/"), "a", "should start with: /"),
        (String(match="^%u+$"), "get", "invalid value: get"),
        (String(not_match="x"), "axb", "invalid value: axb"),
        (String(match_none=[("//", "must not have empty segments")]), "/a//b", "must not have empty segments"),
        (String(match_none=[("//", "")]), "a//b", "invalid value: a//b"),
        (String(match_all=[("^a", "must start with a"), ("z$", "must end with z")]), "ab", "must end with z"),
        (String(match_any=(("^a", "^b"), "a or b")), "c", "a or b"),
        (String(match_any=(("^a", "^b"), "a or b")), "bc", None),
        (String(uuid=True), "x", "expected a valid UUID"),
        (String(uuid=True), UUID.upper(), None),
        (String(is_regex=True), "[", "'[' is not a valid regex"),
        (String(is_regex=True), "[a]+", None),
        (String(check=lambda value: f"{value} is taken"), "a", "a is taken"),
        (String(starts_with="/", match_none=[("//", "empty")]), "a//b", "should start with: /"),
        (Integer(), 80, None),
        (Integer(), "80", "expected an integer"),
        (Integer(), 1 << 63, f"value should be between -{LARGEST} and {LARGEST}"),
        (Integer(), -1e40, f"value should be between -{LARGEST} and {LARGEST}"),
        (Any_(check=size_error), {"a": [1, {"b": 1 << 64}]}, f"value should be between -{LARGEST} and {LARGEST}"),
        (Any_(check=size_error), {"a": [1, {"b": 1 << 62}]}, None),
        (Number(), 10**400, f"value should be between -{LARGEST} and {LARGEST}"),
        (Integer(), 80.5, "expected an integer"),
        (Integer(), True, "expected an integer"),
        (Integer(), float("inf"), "expected an integer"),
        (Integer(between=(0, 65535)), 65536, "value should be between 0 and 65535"),
        (Integer(gt=0), 0, "value must be greater than 0"),
        (Integer(one_of=(426, 301)), 300, "expected one of: 426, 301"),
        (Integer(timestamp=True), 0, "expected a valid timestamp"),
        (Number(), 0.5, None),
        (Number(), 5, None),
        (Number(), False, "expected a number"),
        (Number(), float("nan"), "expected a number"),
        (Number(), float("-inf"), "expected a number"),
        (Number(between=(0, 5)), 5.1, "value should be between 0 and 5"),
        (Number(gt=0), -1, "value must be greater than 0"),
        (Boolean(), True, None),
        (Boolean(), 1, "expected a boolean"),
        (Boolean(eq=False), True, "value must be false"),
        (Any_(), {"any": ["thing"]}, None),
        (Foreign(reference="services"), {"id": UUID}, None),
        (Foreign(reference="services"), {"id": "nope"}, {"id": "expected a valid UUID"}),
        (Foreign(reference="services"), {}, {"id": "missing primary key"}),
        (Foreign(reference="services"), {"name": "s"}, {"id": "missing primary key"}),
        (Foreign(reference="services"), "s", {"id": "missing primary key"}),
        (Foreign(reference="consumers", eq=None), {"id": UUID}, "value must be null"),
    ],
)
def test_values_and_kongs_texts(field: Field, value: object, error: object) -> None:
    assert field.clean(value)[1] == error


def test_whole_floats_become_integers() -> None:
    kept, error = Integer().clean(8e3)
    assert (kept, type(kept), error) == (8000, int, None)


def test_a_reference_passes_every_rule_of_a_referenceable_string_only() -> None:
    reference = "{vault://env/KEY}"
    assert String(referenceable=True, len_max=5, match="^x$").clean(reference) == (reference, None)
    assert String(len_max=5).clean(reference)[1] == "length must be at most 5"
    assert String(referenceable=True, len_max=5).clean(f"Bearer {reference}")[1] == "length must be at most 5"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{vault://env/x}", True),
        ("{vault://}", True),
        ("{vault:env/x}", False),
        ("{ vault://env/x }", False),
        ("Bearer {vault://env/x}", False),
        (5, False),
    ],
)
def test_what_is_a_reference(value: object, expected: bool) -> None:
    assert is_reference(value) is expected


def test_the_allowed_values_may_be_learned_late() -> None:
    known = ["a"]
    field = String(one_of=lambda: known)
    known.append("b")
    assert field.clean("b") == ("b", None)
    assert field.clean("c")[1] == "expected one of: a, b"


def test_defaults_are_never_shared_between_rows() -> None:
    field = Any_(default=["http"])
    field.absent().append("ftp")
    assert field.absent() == ["http"]
    assert String().absent() is None
    assert repr(String().default) == repr(UNSET) == "UNSET"


def test_a_foreign_key_refuses_fields_that_the_other_entity_has_not() -> None:
    field = Foreign(reference="services")
    field.known = frozenset(("id", "host"))
    assert field.clean({"foo": 1})[1] == {"foo": "unknown field"}
    assert field.clean({"host": "x"})[1] == {"id": "missing primary key"}


@given(st.one_of(st.none(), st.booleans(), st.floats(), st.text(), st.lists(st.integers()), st.binary()))
def test_integers_take_nothing_else(value: object) -> None:
    kept, error = Integer().clean(value)
    whole = isinstance(value, float) and value.is_integer() and abs(value) <= LARGEST
    assert (error is None) is whole
    assert error is not None or type(kept) is int


@given(st.uuids(), st.text(max_size=5))
def test_uuids(uuid: object, junk: str) -> None:
    assert is_uuid(str(uuid))
    assert not is_uuid(str(uuid) + "x" + junk)
