from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.schema import Array, Field, Integer, Map, Record, Set, String

GROUPS = (("http", "https"), ("tcp", "tls", "udp"))


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        (Array(elements=String()), ["a", "b"], None),
        (Array(elements=String()), "a", "expected an array"),
        (Array(elements=String()), {"0": "a"}, "expected an array"),
        (Array(elements=String()), ["a", "", 5], [None, "length must be at least 1", "expected a string"]),
        (Array(elements=String()), ["a", None], [None, "required field missing"]),
        (Array(elements=String(), len_max=1), ["a", "b"], "length must be at most 1"),
        (Array(elements=String(), len_min=1), [], "length must be at least 1"),
        (Array(elements=Integer(between=(100, 999))), [99], ["value should be between 100 and 999"]),
        (Array(elements=String(), check=lambda items: f"{len(items)} of them"), ["a"], "1 of them"),
        (Set(elements=String()), "a", "expected a set"),
        (Set(elements=String(), len_max=1), ["a", "a"], None),
        (
            Set(elements=String(), mutually_exclusive_subsets=GROUPS),
            ["http", "tcp"],
            "these sets are mutually exclusive: ('http', 'https'), ('tcp', 'tls', 'udp')",
        ),
        (Set(elements=String(), mutually_exclusive_subsets=GROUPS), ["tls", "tcp"], None),
        (Map(keys=String(), values=String()), ["a"], "expected a map"),
        (Map(keys=String(), values=String()), {"a": None}, "required field missing"),
        (Map(keys=String(), values=Array(elements=String())), {"x": "a"}, "expected an array"),
        (Map(keys=String(), values=Array(elements=String())), {"x": [""]}, ["length must be at least 1"]),
        (Map(keys=String(match="^%l+$"), values=String()), {"X": "a"}, "invalid value: X"),
        (Map(keys=String(), values=String(), len_min=1), {}, "length must be at least 1"),
        (
            Array(elements=Record(fields={"name": String(required=True)})),
            [{}, {"name": "x", "y": 1}],
            [{"name": "required field missing"}, {"y": "unknown field"}],
        ),
    ],
)
def test_values_and_kongs_texts(field: Field, value: object, error: object) -> None:
    assert field.clean(value)[1] == error


def test_elements_are_cleaned_in_place() -> None:
    assert Array(elements=Integer()).clean([1.0, 2]) == ([1, 2], None)
    assert Map(keys=String(), values=Integer()).clean({"a": 3.0}) == ({"a": 3}, None)


@given(st.lists(st.sampled_from("abcd")))
def test_a_set_keeps_each_value_once_in_order_of_first_appearance(items: list[str]) -> None:
    kept, error = Set(elements=String()).clean(items)
    assert error is None
    assert kept == list(dict.fromkeys(items))
    assert Set(elements=String()).clean(kept) == (kept, None)


def test_the_callers_list_is_not_touched() -> None:
    given = ["b", "b"]
    assert Set(elements=String()).clean(given)[0] == ["b"]
    assert given == ["b", "b"]
