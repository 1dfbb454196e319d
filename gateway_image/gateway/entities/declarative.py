"""A declarative document (Kong's DB-less format, decK's 3.0) to rows: nesting, references, ids, uniqueness.

Every wrong field of the whole document is found in one go and told at its place. Not for: reading text (document.py),
what a row may hold (catalogue.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from gateway.entities import expiry
from gateway.entities.catalogue import KINDS, clean
from gateway.entities.identity import id_of
from gateway.entities.kinds import Entity, Kind
from gateway.entities.plugins import Registry
from gateway.entities.trouble import Place, Trouble
from gateway.schema import is_uuid

Collections = dict[str, dict[str, Entity]]
VERSIONS = ("1.1", "2.1", "3.0")
_ENVELOPE = ("_format_version", "_transform", "_comment", "_ignore")
# Before 3.0 a regex had no ~ in front; what is no plain path was one.
_PLAIN_PATH = re.compile(r"[A-Za-z0-9.\-_~/%]*")
_KEY_WORDS = ("id", "name", "username", "custom_id")


class Pending:
    """A row whose foreign keys are still words."""

    __slots__ = ("kind", "place", "references", "row")

    def __init__(self, kind: Kind, row: Entity, references: dict[str, Any], place: Place) -> None:
        self.kind = kind
        self.row = row
        self.references = references
        self.place = place


class Reading:
    """One pass over one document."""

    def __init__(
        self, registry: Registry, now: int, new_key: Callable[[], str] | None = None, names_in_objects: bool = False
    ) -> None:
        self.registry = registry
        self.now = now
        self.new_key = new_key
        self.names_in_objects = names_in_objects  # decK writes service: {name: x}
        self.trouble = Trouble()
        self.collections: Collections = {name: {} for name in KINDS}
        self._taken: dict[tuple[str, str], dict[Any, str]] = {}
        self._pending: list[Pending] = []
        self._broken: set[tuple[str, str]] = set()  # rows that exist but are wrong, by id and by name

    def read(self, document: Mapping[str, Any]) -> Collections:
        """Raises ConfigError."""
        version = document.get("_format_version")
        if version not in VERSIONS:
            self.trouble.add(("_format_version",), f"expected one of: {', '.join(VERSIONS)}")
        self._envelope(document)
        for name, rows in document.items():
            if name in _ENVELOPE:
                continue
            kind = KINDS.get(name)
            if kind is None:
                self.trouble.add((str(name),), "unknown field")
            elif rows is not None and not isinstance(rows, list):
                self.trouble.add((name,), "expected an array")
            else:
                for number, row in enumerate(rows or ()):
                    self._row(kind, row, (name, number), None, version)
        self._resolve(hashed=document.get("_transform") is False)
        self.trouble.settle(document)
        return self.collections

    def _envelope(self, document: Mapping[str, Any]) -> None:
        if not isinstance(document.get("_transform", True), bool):
            self.trouble.add(("_transform",), "expected a boolean")
        if not isinstance(document.get("_comment") or "", str):
            self.trouble.add(("_comment",), "expected a string")
        if not isinstance(document.get("_ignore") or [], list):
            self.trouble.add(("_ignore",), "expected an array")

    def _row(self, kind: Kind, given: Any, place: Place, parent: tuple[str, str] | None, version: Any) -> None:
        if not isinstance(given, dict):
            self.trouble.add(place, "expected a record")
            return
        row = dict(given)
        children = self._children(kind, row)
        references = self._references(kind, row, place, parent)
        if version != "3.0" and kind.name == "routes":
            row["paths"] = _marked(row.get("paths"))
        ends = self._end(row, place) if kind.name == expiry.EXPIRING else None
        cleaned, error = clean(kind, row, self.registry)
        if not isinstance(cleaned, dict):
            cleaned = {}
        error = dict(error) if isinstance(error, dict) else error
        if isinstance(error, dict):
            for field in references:
                if error.get(field) == "required field missing":
                    del error[field]
        id = self._identify(kind, row, cleaned, references, parent)
        if error:
            self.trouble.add(place, error, kind, given)
            names = (id, *(row.get(field) for field in (kind.key, *kind.unique)))
            self._broken.update((kind.name, name) for name in names if isinstance(name, str))
        else:
            if kind.canonical is not None:
                cleaned = kind.canonical(cleaned)  # clean() left it out where a foreign key was still a word
            cleaned["id"] = id
            if ends is not None:
                cleaned[expiry.FIELD] = ends
            self._stamp(kind, cleaned, row)
            self._keep(Pending(kind, cleaned, references, place), given)
        for child, field, rows in children:
            if rows is None:
                continue
            if not isinstance(rows, list):
                self.trouble.add((*place, child), "expected an array")
                continue
            for number, inner in enumerate(rows):
                self._row(KINDS[child], inner, (*place, child, number), (field, id), version)

    def _end(self, row: dict[str, Any], place: Place) -> float | None:
        """Takes `ttl` out of a row: the moment when it expires."""
        try:
            return expiry.end_in_file(row.pop(expiry.FIELD, None), self.now)
        except ValueError as error:
            self.trouble.add((*place, expiry.FIELD), str(error))
            return None

    def _children(self, kind: Kind, row: dict[str, Any]) -> list[tuple[str, str, Any]]:
        """Takes the nested collections out of a row. A list of names under `snis` is one too."""
        found = []
        for child, field in kind.children.items():
            if child in row:
                rows = row.pop(child)
                if child == "snis" and isinstance(rows, list):
                    rows = [{"name": item} if isinstance(item, str) else item for item in rows]
                found.append((child, field, rows))
        return found

    def _references(
        self, kind: Kind, row: dict[str, Any], place: Place, parent: tuple[str, str] | None
    ) -> dict[str, Any]:
        """Takes the foreign keys out of a row where they are words to look up; the parent's own is its id."""
        found: dict[str, Any] = {}
        refused = _refused_fields(kind, row, self.registry)
        for field in kind.foreign:
            value = row.get(field)
            if field in refused:
                if parent is not None and parent[0] == field:
                    row[field] = {"id": parent[1]}  # so that the schema says that it must be null
                continue
            if parent is not None and parent[0] == field:
                if value is not None:
                    self.trouble.add((*place, field), "value must be null: the row it is nested in decides")
                row.pop(field, None)
                found[field] = {"id": parent[1]}
            elif isinstance(value, str):
                found[field] = row.pop(field)
            elif self.names_in_objects and isinstance(value, dict) and value and "id" not in value:
                words = [value[word] for word in _KEY_WORDS if isinstance(value.get(word), str)]
                if len(words) == len(value):
                    row.pop(field)
                    found[field] = words[0]
        return found

    def _identify(
        self,
        kind: Kind,
        row: dict[str, Any],
        cleaned: dict[str, Any],
        references: Mapping[str, Any],
        parent: tuple[str, str] | None,
    ) -> str:
        if is_uuid(row.get("id")):
            return str(row["id"])
        words = {field: value for field, value in references.items() if isinstance(value, str)}
        id = id_of(kind, {**row, **words}, parent)
        named = kind.cache_key or any(isinstance(row.get(field), str) for field in (kind.key, *kind.unique))
        while not named and id in self.collections[kind.name]:
            id = id_of(kind, {"after": id}, parent)  # twice the same content: two rows
        return id

    def _stamp(self, kind: Kind, cleaned: Entity, row: Mapping[str, Any]) -> None:
        for field in ("created_at", "updated_at"):
            if field in cleaned and cleaned[field] is None:
                cleaned[field] = self.now
        for field in kind.generated:
            if cleaned[field] is None and field not in row and self.new_key:
                cleaned[field] = self.new_key()

    def _keep(self, pending: Pending, given: dict[str, Any]) -> None:
        kind, row = pending.kind, pending.row
        missing = [field for field in kind.generated[:1] if row[field] is None]
        if missing:
            self.trouble.add(pending.place, {missing[0]: "required field missing"}, kind, given)
            return
        for field in kind.unique:
            value = row[field]
            if value is None:
                continue
            taken = self._taken.setdefault((kind.name, field), {})
            if value in taken:
                shown = "***" if field in kind.secret else value
                self._twice(pending, given, f"{field} set to '{shown}'")
                return
            taken[value] = row["id"]
        if row["id"] in self.collections[kind.name]:
            self._twice(pending, given, f"primary key set to '{row['id']}'")
            return
        self.collections[kind.name][row["id"]] = row
        if kind.foreign:
            self._pending.append(pending)

    def _twice(self, pending: Pending, given: dict[str, Any], what: str) -> None:
        text = f"uniqueness violation: '{pending.kind.name}' entity with {what} already declared"
        self.trouble.add(pending.place, text, pending.kind, given)

    def _resolve(self, hashed: bool) -> None:
        """Words to ids, and the rows that only then turn out to be the same. `hashed`: secrets of which only a hash is
        kept are one already."""
        same: dict[tuple[str, tuple[Any, ...]], str] = {}
        for pending in self._pending:
            kind, row = pending.kind, pending.row
            for field, reference in kind.foreign.items():
                wanted = pending.references.get(field, row[field])
                if wanted is not None:
                    row[field] = self._found(reference, wanted)
                    if row[field] is None:
                        self.trouble.dangling(pending.place, kind, row, field, wanted, reference)
            if kind.one_way is not None and not hashed:
                row.update(kind.one_way[1](row))
            if kind.cache_key:
                key = kind.name, tuple(_hashable(row[field]) for field in kind.cache_key)
                if key in same and not self.trouble:
                    self._twice(pending, row, f"primary key set to '{same[key]}'")
                same[key] = row["id"]

    def _found(self, kind: str, wanted: Any) -> dict[str, str] | None:
        rows = self.collections[kind]
        if isinstance(wanted, dict):
            known = wanted["id"] in rows or (kind, wanted["id"]) in self._broken
            return {"id": wanted["id"]} if known else None
        if (kind, wanted) in self._broken:
            return {"id": wanted}
        for field in (KINDS[kind].key, *KINDS[kind].unique):
            id = self._taken.get((kind, field), {}).get(wanted)
            if id is not None:
                return {"id": id}
        return {"id": wanted} if wanted in rows else None


def _refused_fields(kind: Kind, row: Mapping[str, Any], registry: Registry) -> tuple[str, ...]:
    if kind.name != "plugins" or not isinstance(row.get("name"), str):
        return ()
    plugin = registry.get(row["name"])
    return ("consumer",) if plugin is not None and plugin.no_consumer else ()


def _hashable(value: Any) -> Any:
    return value["id"] if isinstance(value, dict) else value


def _marked(paths: Any) -> Any:
    if not isinstance(paths, list):
        return paths
    return [
        f"~{path}" if isinstance(path, str) and path.startswith("/") and not _PLAIN_PATH.fullmatch(path) else path
        for path in paths
    ]
