"""Rows as JSON, and their hash."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.codec import decode
from gateway.row_encoding import BLOCK, EMPTY_HASH, RowEncoder, _encoded

ROWS: dict[str, dict[str, Any]] = {"services": {"1": {"id": "1", "name": "a"}}, "routes": {}}


def test_what_comes_out_is_what_went_in() -> None:
    pieces, version = RowEncoder().encode(ROWS)
    assert decode(b"".join(pieces)) == ROWS
    assert len(version) == 32 and version != EMPTY_HASH


def test_no_rows_are_zeros() -> None:
    pieces, version = RowEncoder().encode({"services": {}, "routes": {}})
    assert (b"".join(pieces), version) == (b'{"services":{},"routes":{}}', EMPTY_HASH)
    assert RowEncoder().encode({})[0] == [b"{", b"}"]


def test_remembering_changes_nothing() -> None:
    kept = RowEncoder()
    kept.encode(ROWS)
    for changed in (
        {**ROWS, "routes": {"2": {"id": "2"}}},
        {**ROWS, "services": {"1": {"id": "1", "name": "b"}}},
        {"services": ROWS["services"]},
        ROWS,
    ):
        assert kept.encode(changed) == RowEncoder().encode(changed)


@given(st.lists(st.lists(st.tuples(st.integers(0, 9), st.sampled_from([None, 1, True, 1.0])), max_size=5), max_size=6))
def test_a_chain_of_changes_is_written_as_if_each_were_the_first(changes: list[list[tuple[int, Any]]]) -> None:
    """Rows are put, changed to others that are equal in Python and not in JSON, and (None) taken out."""
    kept = RowEncoder()
    rows: dict[str, Any] = {}
    with mock.patch("gateway.row_encoding.BLOCK", 3):
        for step in changes:
            for number, value in step:
                rows = {id: row for id, row in rows.items() if id != str(number) or value is not None}
                if value is not None:
                    rows[str(number)] = {"id": str(number), "value": value}
            pieces, version = kept.encode({"routes": rows})
            fresh, fresh_version = RowEncoder().encode({"routes": rows})
            assert (b"".join(pieces), version) == (b"".join(fresh), fresh_version)
            assert decode(b"".join(pieces)) == {"routes": rows}


def test_one_change_among_many_writes_few_rows_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []

    def counted(rows: dict[str, Any]) -> Any:
        written.append(len(rows))
        return _encoded(rows)

    monkeypatch.setattr("gateway.row_encoding._encoded", counted)
    kept = RowEncoder()
    rows = {str(number): {"id": str(number)} for number in range(10 * BLOCK + 1)}
    before = kept.encode({"routes": rows, "services": {}})[1]
    written.clear()
    after = kept.encode({"routes": {**rows, "7": {"id": "7", "name": "x"}}, "services": {}})[1]
    assert written == [BLOCK] and after != before
    assert kept.encode({"routes": dict(rows), "services": {}})[1] == before


def test_the_kind_takes_part_in_the_hash() -> None:
    rows = {"1": {"id": "1"}}
    assert RowEncoder().encode({"a": rows, "b": {}})[1] != RowEncoder().encode({"a": {}, "b": rows})[1]
