"""Finding rows: by id or name, the rows of a page, and how a row is shown. Not for: writing (writes.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.admin.answers import coded, lua, not_found
from gateway.admin.query import Page, decode_offset, encode_offset, next_link
from gateway.admin.resources import Place
from gateway.entities import expiry
from gateway.entities.catalogue import KINDS
from gateway.entities.kinds import Entity, Kind
from gateway.entities.plugins import Registry
from gateway.schema import is_uuid

Collections = Mapping[str, Mapping[str, Entity]]
NAMED_WITHIN = {"targets": "target", "acls": "group"}
"""Kinds whose rows have names within their parent only, and the field that holds it."""


def find(collections: Collections, kind: Kind, key: str) -> Entity | None:
    """The row with this id or, for another text, this name. Raises Refusal for a text that can be no name."""
    rows = collections.get(kind.name, {})
    if is_uuid(key):
        return rows.get(key) or rows.get(key.lower())
    if kind.name == "certificates":  # a certificate is also known by the names it serves
        for sni in collections.get("snis", {}).values():
            if sni["name"] == key:
                return rows.get(sni["certificate"]["id"])
        raise not_found("SNI not found")
    check_key(kind, key)
    return next((row for row in rows.values() if row[kind.key] == key), None)


def check_key(kind: Kind, key: str) -> None:
    """Raises Refusal for a text that cannot be the key of a row (codes 1 and 10)."""
    if is_uuid(key):
        return
    if not kind.key:
        text = "expected a valid UUID"
        raise coded(400, 1, "invalid primary key", f"invalid primary key: '{lua({'id': text})}'", fields={"id": text})
    error = kind.record.fields[kind.key].clean(key)[1]
    if error is not None:
        raise coded(400, 10, f"invalid unique {kind.key}", str(error))


def parent_of(collections: Collections, place: Place) -> Entity:
    """The row that a nested path goes through. Raises Refusal (404)."""
    assert place.parent_kind is not None
    row = find(collections, place.parent_kind, place.parent_key)
    if row is None:
        raise not_found()
    return row


def row_at(collections: Collections, place: Place) -> Entity | None:
    """The one row that a path names, None when there is none. Raises Refusal when its parent is not there."""
    if place.parent_kind is None:
        return find(collections, place.kind, place.key)
    parent = parent_of(collections, place)
    if place.upward:
        target = parent[place.field]
        return collections[place.kind.name].get(target["id"]) if target else None
    return child_of(collections, place, parent)


def child_of(collections: Collections, place: Place, parent: Entity) -> Entity | None:
    """The row under `parent` that the path's last segment names."""
    name = NAMED_WITHIN.get(place.kind.name)
    if name is not None and not is_uuid(place.key):
        wanted = place.kind.canonical({name: place.key})[name] if place.kind.canonical else place.key
        rows = collections.get(place.kind.name, {}).values()
        return next((row for row in rows if row[name] == wanted and points_at(row, place.field, parent)), None)
    row = find(collections, place.kind, place.key)
    return row if row is not None and points_at(row, place.field, parent) else None


def points_at(row: Entity, field: str, parent: Entity) -> bool:
    return row[field] is not None and row[field]["id"] == parent["id"]


def page(
    collections: Collections, place: Place, path: str, asked: Page, registry: Registry, now: float
) -> dict[str, Any]:
    """{"data": [...], "next": link or None} and, when there are more rows, "offset"."""
    rows: Iterable[Entity] = collections.get(place.kind.name, {}).values()
    shown = asked.shown
    if asked.custom_id is not None and place.kind.name == "consumers":
        rows = [row for row in rows if row["custom_id"] == asked.custom_id]
    if place.parent_kind is not None:
        parent = parent_of(collections, place)
        rows = [row for row in rows if points_at(row, place.field, parent)]
        shown = ()  # as in Kong, which does not filter nested lists by tags either
    elif asked.tags is not None:
        rows = [row for row in rows if asked.tags.fit(row)]
    if place.kind.name == "targets":
        return _page_by_position(collections, list(rows), path, asked, registry, now)
    after = _after(asked.offset)
    ordered = sorted((row for row in rows if row["id"] > after), key=lambda row: str(row["id"]))
    chosen, more = ordered[: asked.size], len(ordered) > asked.size
    data = [show(collections, place.kind, row, registry, now) for row in chosen]
    return answer(data, path, encode_offset([chosen[-1]["id"]]) if more else None, shown)


def answer(data: list[Any], path: str, offset: str | None, shown: Iterable[tuple[str, str]] = ()) -> dict[str, Any]:
    if offset is None:
        return {"data": data, "next": None}
    return {"data": data, "next": next_link(path, offset, tuple(shown)), "offset": offset}


def _after(offset: str | None) -> str:
    """The id that an offset names; a key of another shape leads behind the last row, as in Kong."""
    if offset is None:
        return ""
    key = decode_offset(offset)
    if isinstance(key, list) and key and isinstance(key[0], str):
        if not is_uuid(key[0]):
            raise coded(400, 7, "invalid offset", f"'{offset}' is not a valid offset: it holds no UUID")
        return key[0]
    return "\U0010ffff"


def _page_by_position(
    collections: Collections, rows: list[Entity], path: str, asked: Page, registry: Registry, now: float
) -> dict[str, Any]:
    """Targets, newest first; their token is a plain position."""
    ordered = rows[::-1]  # of the same moment: the later one first
    ordered.sort(key=lambda row: float(row["created_at"]), reverse=True)
    start = int(asked.offset) if asked.offset and asked.offset.isascii() and asked.offset.isdigit() else 0
    end = start + asked.size
    data = [show(collections, KINDS["targets"], row, registry, now) for row in ordered[start:end]]
    return answer(data, path, str(end) if end < len(ordered) else None)


def show(collections: Collections, kind: Kind, row: Entity, registry: Registry, now: float) -> dict[str, Any]:
    """A row as answers have it: old names of a plugin's fields mirrored, the names that a certificate serves, how long
    a key lives on. `now`: seconds since 1970."""
    if kind.name == "plugins":
        plugin = registry.get(row["name"])
        return (
            row
            if plugin is None or not plugin.fields.shorthands
            else {
                **row,
                "config": plugin.fields.show(row["config"]),
            }
        )
    if kind.name == expiry.EXPIRING:
        return {**row, expiry.FIELD: expiry.left(row, now)}
    if kind.name == "certificates":
        names = [sni["name"] for sni in collections.get("snis", {}).values() if points_at(sni, "certificate", row)]
        return {**row, "snis": names}
    return row
