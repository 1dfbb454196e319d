"""Ids that carry something come back as they went, and every other id stays itself."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dialects._call_ids import packed, unpacked

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(), lambda inner: st.lists(inner), max_leaves=4
)


@given(st.from_regex(r"[A-Za-z0-9_-]{1,30}", fullmatch=True), st.dictionaries(st.text(), JSON, min_size=1))
def test_what_is_packed_comes_back(identity: str, extra: dict[str, Any]) -> None:
    whole = packed(identity, extra)
    assert re.fullmatch(r"[A-Za-z0-9_-]+", whole)
    assert unpacked(whole) == (identity, extra)


@given(st.text())
def test_any_other_id_stays_itself(identity: str) -> None:
    plain, extra = unpacked(identity)
    assert packed(plain, extra) == identity or extra is not None
    if extra is None:
        assert plain == identity


@pytest.mark.parametrize("extra", [None, {}, [], "text", 0])
def test_nothing_is_packed_where_there_is_nothing(extra: Any) -> None:
    assert packed("call_1", extra) == "call_1"


@pytest.mark.parametrize("identity", ["a--x", "a--x!!", "a--xbm90IGpzb24", "--x", "a--xW10", "a--xe30"])
def test_what_only_looks_packed_is_left_alone(identity: str) -> None:
    assert unpacked(identity) == (identity, None)
