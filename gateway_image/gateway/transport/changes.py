"""What differs between two configurations of which the later was made from the earlier. Pure.

A worker gets only that: rows that stayed are then the same objects there, which the compiler knows at a glance, and
nobody packs and unpacks ten thousand rows for one. Not for: sending (workers.py), compiling.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Rows = Mapping[str, Any]
Collections = Mapping[str, Rows]
Changes = dict[str, list[Any]]
"""Kind -> [rows to put in place or to append, ids to take out]."""

MOST = 1000
"""More rows than this are sent as a whole configuration."""


def changes(old: Collections, new: Collections) -> Changes | None:
    """What makes `new` of `old`; None when it is much, or not told by rows put, appended and taken out alone.

    Rows that are the same object are the same; equal ones that are not count as changed.
    """
    found: Changes = {}
    count = 0
    for kind, rows in new.items():
        before = old.get(kind, {})
        if rows is before:
            continue
        put = [row for id, row in rows.items() if before.get(id) is not row]
        gone = [id for id in before if id not in rows] if len(before) > len(rows) - len(put) else []
        count += len(put) + len(gone)
        if count > MOST:
            return None
        if put or gone:
            found[kind] = [put, gone]
        if list(_changed(before, put, gone) if put or gone else before) != list(rows):
            return None  # their order counts too
    return found if old.keys() == new.keys() else None


def applied(old: Collections, found: Changes) -> dict[str, Rows]:
    """`changes` carried out; rows that stay are the same objects."""
    return {kind: _changed(rows, *found[kind]) if kind in found else rows for kind, rows in old.items()}


def _changed(rows: Rows, put: list[Any], gone: list[str]) -> Rows:
    out = {**rows, **{row["id"]: row for row in put}}
    for id in gone:
        del out[id]
    return out
