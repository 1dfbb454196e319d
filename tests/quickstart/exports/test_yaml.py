"""YAML that people read and every parser reads back as it was meant."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from quickstart.exports._yaml import Tagged, dump

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc~*: ", min_size=1), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_what_is_read_back_is_what_was_written(value: Any) -> None:
    assert yaml.safe_load(dump({"value": value}))["value"] == value


@pytest.mark.parametrize("end", ["\r", "\x85", "\u2028", "\u2029", "\r\n"])
def test_odd_line_ends_stay_what_they_are(end: str) -> None:
    for text in (end, f"a{end}b", f"a{end}", f"a\n{end}b"):
        assert yaml.safe_load(dump({"x": text})) == {"x": text}


def test_texts_of_several_lines_are_blocks_and_nothing_is_an_alias() -> None:
    one = {"text": "a\nb\n"}
    assert dump({"x": one, "y": one}, head="Two\nlines") == (
        "# Two\n# lines\nx:\n  text: |\n    a\n    b\ny:\n  text: |\n    a\n    b\n"
    )


def test_several_documents_and_tags() -> None:
    assert dump({"a": 1}, {"b": Tagged("!env", "NAME")}) == "a: 1\n---\nb: !env 'NAME'\n"
