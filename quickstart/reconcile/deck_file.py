"""Rows as a decK file that people read: nested, by name, without what the schema fills in. Pure.

Reading it back gives exactly the rows. Not for: the file as setup renders it (render.py), secrets (sealing.py: what
comes here holds references).
"""

from __future__ import annotations

from typing import Any

import yaml

from gateway.entities import KINDS, Entity, id_of, record_of
from quickstart.reconcile.rows import Rows

HEAD = (
    "# The AI gateway's configuration in decK's format. Keys are references: their values are in the secrets file.\n"
    "# Written by ai-gateway; it holds edits made through the Manager, the Admin API or decK too.\n"
)
_ORDER = ("services", "routes", "upstreams", "consumers", "plugins")
_FIRST = ("name", "username", "id")


def text(rows: Rows) -> str:
    """The whole file."""
    written = yaml.safe_dump(document(rows), sort_keys=False, allow_unicode=True, width=1000)
    return HEAD + str(written)


def document(rows: Rows) -> dict[str, Any]:
    """Rows below what they hang on; those that hang on nothing, or on what has no place for them, at the top."""
    writing = _Writing(rows)
    found: dict[str, Any] = {"_format_version": "3.0"}
    for kind in (*_ORDER, *(name for name in KINDS if name not in _ORDER)):
        written = [writing.row(kind, row, None) for row in rows[kind].values() if writing.place(kind, row) is None]
        if written:
            found[kind] = written
    return found


def flat(rows: Rows, kind: str, id: str) -> dict[str, Any]:
    """One row for the top of a file, without what hangs on it."""
    writing = _Writing(rows)
    writing.nested.clear()
    return writing.row(kind, rows[kind][id], None)


class _Writing:
    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.nested: dict[tuple[str, str], list[tuple[str, str, Entity]]] = {}
        for kind in KINDS:
            for row in rows[kind].values():
                place = self.place(kind, row)
                if place is not None:
                    parent, field = place
                    self.nested.setdefault(parent, []).append((kind, field, row))

    def place(self, kind: str, row: Entity) -> tuple[tuple[str, str], str] | None:
        """The row it is written below, and by which foreign key."""
        for field, target in KINDS[kind].foreign.items():
            if row[field] is not None and KINDS[target].children.get(kind) == field:
                return (target, row[field]["id"]), field
        return None

    def row(self, kind: str, row: Entity, parent: tuple[str, str] | None) -> dict[str, Any]:
        """`parent`: (foreign field, id) of the row around it."""
        sparse = _sparse(row, record_of(kind, row))
        for field, target in KINDS[kind].foreign.items():
            sparse.pop(field, None)
            if row[field] is not None and (parent is None or parent[0] != field):
                sparse[field] = self._word(target, row[field]["id"])
        sparse.pop("id", None)
        if id_of(KINDS[kind], sparse, parent) != row["id"]:
            sparse["id"] = row["id"]
        out = {name: sparse[name] for name in (*_FIRST, *sparse) if name in sparse}
        for child, field, below in self.nested.get((kind, row["id"]), ()):
            out.setdefault(child, []).append(self.row(child, below, (field, row["id"])))
        return out

    def _word(self, kind: str, id: str) -> str:
        field = KINDS[kind].key
        name = self.rows[kind][id].get(field) if field else None
        return str(name) if isinstance(name, str) else id


def _sparse(value: dict[str, Any], record: Any) -> dict[str, Any]:
    """A record without what is so by itself."""
    return {
        name: _value(item, record.fields.get(name))
        for name, item in value.items()
        if name not in record.fields or item != _absent(record.fields[name])
    }


def _value(value: Any, field: Any) -> Any:
    if isinstance(value, dict):
        if hasattr(field, "fields"):
            return _sparse(value, field)
        return {name: _value(item, getattr(field, "values", None)) for name, item in value.items()}
    if isinstance(value, list):
        return [_value(item, getattr(field, "elements", None)) for item in value]
    return value


def _absent(field: Any) -> Any:
    """What a field is where a file does not name it."""
    found = field.absent()
    if found is None and field.required and hasattr(field, "fields"):
        return field.clean({})[0]
    return found
