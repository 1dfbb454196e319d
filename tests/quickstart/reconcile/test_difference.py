"""Differences in people's words, and as a diff."""

from __future__ import annotations

from hypothesis import given
from support.reconciling import configurations, edited, small, without

from quickstart.reconcile.difference import differences, shown, unified
from quickstart.reconcile.rows import Rows, nothing, read


def texts(old: Rows, new: Rows) -> list[str]:
    return [one.text for one in differences(old, new)]


def test_fields_are_told_with_old_and_new() -> None:
    model = edited(small(), "plugins", "ai-proxy", config__model__name="gpt-b")
    assert texts(small(), model) == ["ai-proxy on /openai/chat: config.model.name gpt-a -> gpt-b"]
    tokens = edited(small(), "plugins", "ai-proxy", config__model__options={"max_tokens": 256})
    assert texts(small(), tokens) == ["ai-proxy on /openai/chat: config.model.options.max_tokens = 256"]
    assert texts(tokens, small())[0].endswith("-> (not set)")


def test_what_hangs_on_something_new_is_not_told_again() -> None:
    gone = without(small(), "services", "openai-api")
    [one] = differences(small(), gone)
    assert (one.mark, one.text) == ("-", "service openai-api")
    assert [(one.mark, one.text) for one in differences(gone, small())] == [("+", "service openai-api")]
    assert one.as_document() == {"change": "removed", "what": "service openai-api", "field": "", "old": "", "new": ""}


@given(configurations, configurations)
def test_no_difference_only_where_nothing_differs(old: Rows, new: Rows) -> None:
    assert (differences(old, new) == ()) == (old == new)
    assert (differences(old, new) == ()) <= (unified(old, old) == [])


def test_the_diff_has_names_and_lines() -> None:
    lines = unified(small(), edited(small(), "services", "openai-api", host="other.test"))
    assert lines[:2] == ["--- kong.yml (now)", "+++ kong.yml (new)"]
    assert "-  host: api.openai.com" in lines and "+  host: other.test" in lines


def test_long_values_are_cut() -> None:
    assert shown("x" * 100) == "x" * 57 + "..."
    assert (shown(None), shown(["a"]), shown(3)) == ("", '["a"]', "3")


def test_from_nothing_everything_is_new() -> None:
    assert {one.mark for one in differences(nothing(), read('_format_version: "3.0"\nservices: [{host: a}]', "x"))} == {
        "+"
    }
