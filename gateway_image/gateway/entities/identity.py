"""Ids that follow from names, so that the same file gives the same rows each time it is loaded.

The rules are those seen of Kong: a UUIDv5 of the row's name in a namespace made of its kind; rows that several fields
make unique (plugins, targets, acls) use these, joined. Rows without anything of the kind (a route without name, a
certificate), to which Kong gives a random id, get one that follows from their content.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any
from uuid import UUID, uuid5

from gateway.entities.kinds import Kind

_ROOT = UUID("fd02801f-0957-4a15-a55a-c8d9606f30b5")


@cache
def _namespace(kind: str) -> UUID:
    return uuid5(_ROOT, kind)


def id_of(kind: Kind, row: Mapping[str, Any], parent: tuple[str, str] | None = None) -> str:
    """The id of a row as it stands in a file: foreign keys still words. `parent` = (foreign field, id) of the row that
    it is nested in."""
    name = _joined(kind, row, parent) if kind.cache_key else None
    if name is None:
        name = next((row[field] for field in (kind.key, *kind.unique) if isinstance(row.get(field), str)), None)
    if name is None:
        name = json.dumps([parent, _with_text_keys(row)], sort_keys=True, default=str)
    return str(uuid5(_namespace(kind.name), name))


def _with_text_keys(value: Any) -> Any:
    """YAML has keys that are no text, which cannot be put in order with others; what is wrong is told later."""
    if isinstance(value, Mapping):
        return {key if isinstance(key, str) else repr(key): _with_text_keys(item) for key, item in value.items()}
    return [_with_text_keys(item) for item in value] if isinstance(value, list) else value


def _joined(kind: Kind, row: Mapping[str, Any], parent: tuple[str, str] | None) -> str | None:
    parts = [kind.name, "*"]  # "*" is where Kong has the workspace
    for field in kind.cache_key:
        value = row.get(field)
        if isinstance(value, str):
            parts.append(value)
        elif isinstance(value, Mapping):
            parts.append(str(value.get("id") or value.get("name") or value.get("username")))
        elif parent is not None and field == parent[0]:
            parts.append(parent[1])
        elif kind.record.fields[field].required:
            return None
        else:
            parts.append("")
    return ":".join(parts)
