"""Configurations as they are compared and merged: rows by kind and id, without the times of their making. Pure.

Not for: files (deck_file.py), what differs (difference.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.entities import KINDS, Config, ConfigError, Entity, load
from quickstart.errors import QuickstartError

Rows = dict[str, dict[str, Entity]]
"""Kind ("services") -> id -> row with all its fields, foreign keys as {"id": uuid}."""

Key = tuple[str, str]
"""Kind and id of a row."""

_TIMES = ("created_at", "updated_at")


def rows_of(config: Config) -> Rows:
    return {
        kind: {id: {name: value for name, value in row.items() if name not in _TIMES} for id, row in rows.items()}
        for kind, rows in config.collections.items()
    }


def read(text: str, named: str) -> Rows:
    """The rows of a decK or DB-less file. Raises QuickstartError that names `named` and every wrong field."""
    try:
        return rows_of(load(text, deck=True))
    except ConfigError as error:
        raise QuickstartError(f"{named} is not a configuration the gateway takes: {error}") from None


def nothing() -> Rows:
    return {kind: {} for kind in KINDS}


def keys(*configurations: Rows) -> Iterator[Key]:
    """Every key of any of them, parents before children, in the order of the first that has it."""
    for kind in KINDS:
        seen: dict[str, None] = {}
        for rows in configurations:
            seen |= dict.fromkeys(rows[kind])
        for id in seen:
            yield kind, id


def parents(kind: str, row: Mapping[str, Any]) -> list[Key]:
    """The rows that this one hangs on."""
    return [(target, row[field]["id"]) for field, target in KINDS[kind].foreign.items() if row[field] is not None]


def children(rows: Rows) -> dict[Key, list[Key]]:
    """For every row that something hangs on: what does."""
    found: dict[Key, list[Key]] = {}
    for kind in KINDS:
        for id, row in rows[kind].items():
            for parent in parents(kind, row):
                found.setdefault(parent, []).append((kind, id))
    return found


def label(rows: Rows, key: Key) -> str:
    """What people call a row: `route /openai/chat`, `ai-proxy on /openai/chat`; a credential by whose it is, never by
    its key."""
    kind, id = key
    row = rows[kind].get(id, {})
    singular = KINDS[kind].singular
    places = [_name(rows, parent) for parent in parents(kind, row)] if row else []
    if kind == "plugins":
        return f"{row.get('name', 'plugin')} on {' and '.join(places) if places else 'everything'}"
    if places and kind not in ("routes",):
        return f"{singular} of {' and '.join(places)}"
    return f"{singular} {_name(rows, key)}"


def _name(rows: Rows, key: Key) -> str:
    kind, id = key
    row = rows[kind].get(id, {})
    field = KINDS[kind].key
    if kind == "routes" and len(row.get("paths") or ()) == 1:
        return str(row["paths"][0]).removeprefix("~").removesuffix("$")
    named = row.get(field) if field and field not in KINDS[kind].secret else None
    return str(named or row.get("custom_id") or id)
