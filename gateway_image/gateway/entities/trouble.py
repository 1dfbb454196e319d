"""Everything that is wrong with a document, collected at its place and told in Kong's shapes. Not for: finding it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gateway.entities.kinds import Entity, Kind
from gateway.errors import ConfigError, explain
from gateway.schema import Error

Place = tuple[str | int, ...]
"""Where in the document: ("services", 0, "routes", 2)."""
_NAMES = ("name", "username", "prefix", "group", "target")


class Trouble:
    """Falsy while nothing is wrong (references that lead nowhere are counted only at the end)."""

    def __init__(self) -> None:
        self._tree: dict[Any, Any] = {}
        self._rows: list[tuple[Kind, Mapping[str, Any], Error]] = []
        self._dangling: list[tuple[Place, Kind, Entity, str, str]] = []

    def __bool__(self) -> bool:
        return bool(self._tree)

    def add(self, place: Place, error: Error, kind: Kind | None = None, row: Mapping[str, Any] | None = None) -> None:
        """What is wrong at a place; `row` is what was given there, when that is an entity."""
        _graft(self._tree, place, error)
        if kind is not None and row is not None:
            self._rows.append((kind, row, error))

    def dangling(self, place: Place, kind: Kind, row: Entity, field: str, wanted: Any, reference: str) -> None:
        """A foreign key that names no row."""
        word = wanted if isinstance(wanted, str) else json.dumps(wanted, separators=(",", ":"))
        text = f"invalid reference '{field}: {word}' (no such entry in '{reference}')"
        self._dangling.append((place, kind, row, field, text))

    def settle(self, document: Mapping[str, Any]) -> None:
        """Raises ConfigError when anything was wrong."""
        if not self._tree and not self._dangling:
            return
        fields: dict[str, Any] = {}
        if self._tree:
            for place, kind, row, field, text in self._dangling:
                self.add((*place, field), text)
                self._rows.append((kind, row, {field: text}))
            fields = _lists(self._tree)
        else:  # alone, they are told by name and not by place, as Kong does
            for _, kind, row, field, text in self._dangling:
                fields.setdefault(kind.name, {}).setdefault(_called(kind, row), []).append(text)
                self._rows.append((kind, row, {field: text}))
        raise ConfigError(fields, explain(fields, document), self._flattened)

    def _flattened(self) -> list[dict[str, Any]]:
        return [_flat(kind, row, error) for kind, row, error in self._rows]


def _called(kind: Kind, row: Mapping[str, Any]) -> str:
    secret = kind.secret
    names = (row.get(field) for field in (kind.key, *_NAMES, "id") if field and field not in secret)
    return next((name for name in names if isinstance(name, str)), "?")


def _graft(tree: dict[Any, Any], place: Place, error: Error) -> None:
    for step in place[:-1]:
        inner = tree.setdefault(step, {})
        if not isinstance(inner, dict):
            inner = tree[step] = {"@entity": [inner]}
        tree = inner
    step = place[-1]
    present = tree.get(step)
    if present is None:
        tree[step] = dict(error) if isinstance(error, dict) else error
    elif isinstance(present, dict):
        for name, text in error.items() if isinstance(error, dict) else [("@entity", [error])]:
            if name in present:
                present[name] = [*present[name], *text] if name == "@entity" else present[name]
            else:
                present[name] = text
    elif isinstance(error, dict):
        tree[step] = {"@entity": [present], **error}


def _lists(tree: Any) -> Any:
    if not isinstance(tree, dict):
        return tree
    if tree and all(isinstance(step, int) for step in tree):
        return [_lists(tree[number]) if number in tree else None for number in range(max(tree) + 1)]
    return {name: _lists(inner) for name, inner in tree.items()}


def _flat(kind: Kind, row: Mapping[str, Any], error: Error) -> dict[str, Any]:
    out: dict[str, Any] = {"entity_type": kind.singular}
    if isinstance(row.get("name"), str) or isinstance(row.get("username"), str):
        out["entity_name"] = row.get("name") or row.get("username")
    if isinstance(row.get("id"), str):
        out["entity_id"] = row["id"]
    if isinstance(row.get("tags"), list):
        out["entity_tags"] = row["tags"]
    out["entity"] = {
        name: "***" if name in kind.secret else value for name, value in row.items() if name not in kind.children
    }
    out["errors"] = list(_leaves(error, ""))
    return out


def _leaves(error: Any, path: str) -> list[dict[str, Any]]:
    if isinstance(error, dict):
        found = [{"type": "entity", "message": text} for text in error.get("@entity", ())]
        for name in sorted(name for name in error if name != "@entity"):
            found += _leaves(error[name], f"{path}.{name}" if path else name)
        return found
    if isinstance(error, list):
        found = []
        for number, inner in enumerate(error, 1):
            if inner is not None:
                found += _leaves(inner, f"{path}.{number}")
        return found
    return [{"type": "field", "field": path, "message": error} if path else {"type": "entity", "message": error}]
