"""Differences in words, and what of them is shown."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.changes import MOST, body_changes, line_changes

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def changes(before: Any, after: Any, texts: bool = True) -> list[dict[str, Any]]:
    return list(body_changes(json.dumps(before).encode(), json.dumps(after).encode(), texts))


def test_members_added_changed_and_removed() -> None:
    assert changes({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": [1]}) == [
        {"what": "body", "path": "b", "before": 2, "after": 3},
        {"what": "body", "path": "c", "after": [1]},
    ]
    assert changes({"a": {"b": 1}}, {"a": {}}) == [{"what": "body", "path": "a.b", "before": 1}]
    assert changes({"a": [1]}, {"a": [1, 2]}) == [{"what": "body", "path": "a[1]", "after": 2}]


def test_texts_are_told_by_their_length_unless_asked_for() -> None:
    before, after = {"messages": [{"content": "hi"}]}, {"messages": [{"content": "secret"}], "model": "m"}
    assert changes(before, after, texts=False) == [
        {"what": "body", "path": "messages[0].content", "before": "(2 characters)", "after": "(6 characters)"},
        {"what": "body", "path": "model", "after": "m"},
    ]
    assert changes({}, {"a": {"b": ["secret"]}}, texts=False)[0]["after"] == {"b": ["(6 characters)"]}
    assert len(changes({}, {"a": "x" * 10_000})[0]["after"]) < 500


def test_what_is_no_json_is_told_by_its_size() -> None:
    assert list(body_changes(b"\xff", b"{}", True)) == [
        {"what": "body", "path": "", "before": "1 bytes", "after": "2 bytes"}
    ]


def test_very_many_changes_end() -> None:
    found = changes({}, {str(number): number for number in range(500)})
    assert len(found) == MOST + 1 and found[-1]["after"] == "and more"


@given(JSON, JSON)
def test_there_is_a_change_exactly_when_something_differs(before: Any, after: Any) -> None:
    assert bool(changes(before, after)) == (json.dumps(before, sort_keys=True) != json.dumps(after, sort_keys=True))


def test_header_lines() -> None:
    before = {b"x-old": b"X-Old: 1\r\n"}
    after = {
        **before,
        b"x-new": b"X-New: 1\r\nX-New: 2\r\n",
        b"x-gone": b"",
        b"apikey": b"apikey: secret\r\n",
    }
    assert list(line_changes("request header", before, after, frozenset({"apikey"}))) == [
        {"what": "request header", "path": "x-new", "after": "1, 2"},
        {"what": "request header", "path": "x-gone", "removed": True},
        {"what": "request header", "path": "apikey", "after": "REDACTED"},
    ]
