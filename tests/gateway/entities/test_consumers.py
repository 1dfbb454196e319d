from __future__ import annotations

from typing import Any

import pytest

from gateway.entities.consumers import ACLS, CONSUMERS, KEYAUTH_CREDENTIALS

UUID = "aaaaaaaa-0000-4000-8000-000000000001"
NOBODY = {"@entity": ["at least one of these fields must be non-empty: 'custom_id', 'username'"]}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"username": "alice"}, None),
        ({"custom_id": "c-1"}, None),
        ({}, NOBODY),
        ({"username": None, "custom_id": None}, NOBODY),
        ({"username": ""}, {"username": "length must be at least 1", **NOBODY}),
        ({"username": 1}, {"username": "expected a string"}),
    ],
)
def test_a_consumer_has_a_name(row: dict[str, Any], expected: object) -> None:
    assert CONSUMERS.record.clean(row)[1] == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"key": "k", "consumer": {"id": UUID}}, None),
        ({"consumer": {"id": UUID}}, None),
        ({"key": "k"}, {"consumer": "required field missing"}),
        ({"key": "", "consumer": {"id": UUID}}, {"key": "length must be at least 1"}),
        ({"key": 5, "consumer": {"id": UUID}, "foo": 1}, {"key": "expected a string", "foo": "unknown field"}),
    ],
)
def test_keys(row: dict[str, Any], expected: object) -> None:
    assert KEYAUTH_CREDENTIALS.record.clean(row)[1] == expected


def test_the_key_is_a_secret() -> None:
    assert KEYAUTH_CREDENTIALS.secret == {"key"}
    assert CONSUMERS.secret == frozenset()


def test_a_group_needs_a_name() -> None:
    assert ACLS.record.clean({"consumer": {"id": UUID}})[1] == {"group": "required field missing"}
    assert ACLS.record.clean({"consumer": {"id": UUID}, "group": "dev"})[1] is None
