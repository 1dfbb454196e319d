"""Rows as JSON, and their hash."""

from __future__ import annotations

from typing import Any

from gateway.codec import decode
from gateway.row_encoding import EMPTY_HASH, RowEncoder

ROWS: dict[str, dict[str, Any]] = {"services": {"1": {"id": "1", "name": "a"}}, "routes": {}}


def test_what_comes_out_is_what_went_in() -> None:
    content, version = RowEncoder().encode(ROWS)
    assert decode(content) == ROWS
    assert len(version) == 32 and version != EMPTY_HASH


def test_no_rows_are_zeros() -> None:
    assert RowEncoder().encode({"services": {}, "routes": {}}) == (b'{"services":{},"routes":{}}', EMPTY_HASH)


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


def test_the_kind_takes_part_in_the_hash() -> None:
    rows = {"1": {"id": "1"}}
    assert RowEncoder().encode({"a": rows, "b": {}})[1] != RowEncoder().encode({"a": {}, "b": rows})[1]
