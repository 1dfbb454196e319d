"""The same thing under two ids: decK and people make rows with ids of their own, setup's follow from names. Pure.

Ids that run win, because pages and counters know them. Not for: merging (three_way.py).
"""

from __future__ import annotations

from typing import Any

from gateway.entities import KINDS, Entity
from quickstart.reconcile.rows import Rows, nothing


def aligned(rows: Rows, running: Rows) -> Rows:
    """`rows`, each under the id that the same thing has in `running`; references follow."""
    moved: dict[tuple[str, str], str] = {}
    out = nothing()
    for kind in KINDS:  # what a row refers to stands before it
        known = _names(kind, running[kind])
        for id, row in rows[kind].items():
            row = _pointed(kind, row, moved)
            if id not in running[kind]:
                new = next((known[name] for name in _names_of(kind, row) if name in known), id)
                if new != id and new not in rows[kind] and new not in out[kind]:
                    moved[kind, id] = new
                    row = {**row, "id": new}
            out[kind][row["id"]] = row
    return out


def _pointed(kind: str, row: Entity, moved: dict[tuple[str, str], str]) -> Entity:
    found = dict(row)
    for field, target in KINDS[kind].foreign.items():
        value = row[field]
        if value is not None and (target, value["id"]) in moved:
            found[field] = {"id": moved[target, value["id"]]}
    return found


def _names(kind: str, rows: dict[str, Entity]) -> dict[Any, str]:
    return {name: id for id, row in rows.items() for name in _names_of(kind, row)}


def _names_of(kind: str, row: Entity) -> list[tuple[str, Any]]:
    """Everything of which there can be only one: unique fields, and fields that are unique together."""
    found: list[tuple[str, Any]] = [(field, row[field]) for field in KINDS[kind].unique if row[field] is not None]
    together = KINDS[kind].cache_key
    if len(together) > 1:
        values = tuple(row[field]["id"] if isinstance(row[field], dict) else row[field] for field in together)
        found.append((",".join(together), values))
    return found
