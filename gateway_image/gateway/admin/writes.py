"""Creating, replacing, changing and removing rows: rules and messages are Kong's. Pure: collections in and out.

Not for: HTTP, persistence (store.py makes the change one transaction), reading (rows.py).
"""

from __future__ import annotations

import secrets
import string
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gateway.admin import references
from gateway.admin.answers import Refusal, coded, lua, not_found, schema_violation
from gateway.admin.certificates import with_names
from gateway.admin.resources import Place
from gateway.admin.rows import NAMED_WITHIN, Collections, check_key, child_of, find, parent_of, row_at
from gateway.entities import expiry
from gateway.entities.catalogue import clean
from gateway.entities.kinds import Entity, Kind
from gateway.entities.plugins import Registry, plugin_record
from gateway.entities.upstreams import UNREADABLE_TARGET, target_error
from gateway.schema import Record, is_uuid

_KEY_LETTERS = string.ascii_letters + string.digits


def new_key() -> str:
    """A credential nobody guesses: 32 letters and digits."""
    return "".join(secrets.choice(_KEY_LETTERS) for _ in range(32))


@dataclass(frozen=True, slots=True)
class Written:
    """The collections after a change, and the row that was written."""

    collections: Collections
    row: Entity
    kind: Kind


@dataclass(frozen=True, slots=True)
class Writer:
    """`now`: seconds since 1970. One is made per request."""

    collections: Collections
    registry: Registry
    now: float
    new_id: Callable[[], str] = lambda: str(uuid.uuid4())
    new_key: Callable[[], str] = new_key

    def create(self, place: Place, body: Mapping[str, Any]) -> Written:
        """POST. Raises Refusal."""
        given = dict(body)
        if place.parent_kind is not None:
            given[place.field] = {"id": parent_of(self.collections, place)["id"]}
        row = self._cleaned(place.kind, given)
        row["id"] = (row["id"] or self.new_id()).lower()
        if row["id"] in self.collections.get(place.kind.name, {}):
            raise _taken_id(row["id"])
        return self._kept(place.kind, row, None, given)

    def replace(self, place: Place, body: Mapping[str, Any]) -> Written:
        """PUT: the row becomes `body` and defaults; made when it is not there. The path wins over the body."""
        if place.upward:
            return self._replace_upward(place, body)
        given = dict(body)
        if place.parent_kind is None:
            old = find(self.collections, place.kind, place.key)
        else:
            old, parent = self._below(place)
            given[place.field] = {"id": parent["id"]}
            if place.kind.name == "targets":
                if old is None:
                    raise not_found()
                return self._merged(place.kind, old, given)
        if is_uuid(place.key):
            given["id"] = place.key.lower()
            old = self.collections.get(place.kind.name, {}).get(given["id"], old)
        else:
            if place.kind.name in NAMED_WITHIN:
                given[NAMED_WITHIN[place.kind.name]] = place.key
            elif place.kind.name != "certificates":
                check_key(place.kind, place.key)
                given[place.kind.key] = place.key
            if old is not None:
                given["id"] = old["id"]
        row = self._cleaned(place.kind, given)
        row["id"] = (row["id"] or self.new_id()).lower()
        return self._kept(place.kind, row, old, given)

    def change(self, place: Place, body: Mapping[str, Any]) -> Written:
        """PATCH: records merge deeply, everything else is replaced."""
        if place.parent_kind is None or place.upward:
            old = row_at(self.collections, place)
        else:
            old, parent = self._below(place)
            body = {**body, place.field: {"id": parent["id"]}}
        if old is None:
            raise self._missing(place, body)
        given = body.get("id")
        if isinstance(given, str) and is_uuid(given) and given.lower() != old["id"]:
            raise _no_entity({"id": old["id"]})
        return self._merged(place.kind, old, body)

    def _below(self, place: Place) -> tuple[Entity | None, Entity]:
        """The row that a nested path names, and its parent. A row of another parent is found too: a write moves it."""
        parent = parent_of(self.collections, place)
        old = child_of(self.collections, place, parent)
        if old is None and place.kind.name not in NAMED_WITHIN:
            old = find(self.collections, place.kind, place.key)
        return old, parent

    def remove(self, place: Place) -> Collections:
        """DELETE. What is not there is removed already, except below a parent."""
        old = row_at(self.collections, place)
        if old is None:
            if place.parent_kind is not None:
                raise not_found()
            return self.collections
        gone = {(place.kind.name, old["id"])}
        gone |= {(kind.name, row["id"]) for kind, row in references.dependants(self.collections, place.kind, old)}
        touched = {name for name, _ in gone}
        return {
            name: {id: row for id, row in rows.items() if (name, id) not in gone} if name in touched else rows
            for name, rows in self.collections.items()
        }

    # -- one row -----------------------------------------------------------------------------------------------------

    def _replace_upward(self, place: Place, body: Mapping[str, Any]) -> Written:
        """PUT /routes/x/service: the service that the route has, or a new one that it then has."""
        assert place.parent_kind is not None
        target = parent_of(self.collections, place)[place.field]
        id = target["id"] if target else self.new_id()
        written = self.replace(Place(place.kind, id), body)
        if target:
            return written
        inner = replace(self, collections=written.collections)
        attached = inner.change(Place(place.parent_kind, place.parent_key), {place.field: {"id": id}})
        return Written(attached.collections, written.row, place.kind)

    def _merged(self, kind: Kind, old: Entity, body: Mapping[str, Any]) -> Written:
        given = references.resolved(self.collections, kind, body)
        given.pop("updated_at", None)
        merged = self._record(kind, old).merge(old, given)
        kept = {name: old[name] for name in ("id", expiry.FIELD) if name in old}
        return self._kept(kind, {**self._cleaned(kind, merged), **kept}, old, given)

    def _record(self, kind: Kind, row: Mapping[str, Any]) -> Record:
        plugin = self.registry.get(row["name"]) if kind.name == "plugins" else None
        return kind.record if plugin is None else plugin_record(plugin)

    def _cleaned(self, kind: Kind, given: Mapping[str, Any]) -> Entity:
        if kind.name == expiry.EXPIRING:
            given = {name: value for name, value in given.items() if name != expiry.FIELD}
        target = given.get("target") if kind.name == "targets" else None
        if target and isinstance(target, str) and target_error(target):
            raise schema_violation({"target": UNREADABLE_TARGET})
        row, error = clean(kind, references.resolved(self.collections, kind, given), self.registry)
        if error is not None:
            raise schema_violation(error if isinstance(error, dict) else {"@entity": [error]})
        return dict(row)

    def _kept(self, kind: Kind, row: Entity, old: Entity | None, given: Mapping[str, Any]) -> Written:
        """The collections with `row` in them, checked against all other rows."""
        rows = self.collections.get(kind.name, {})
        for field in kind.generated:
            if row[field] is None and field not in given:
                row[field] = self.new_key()
        if kind.one_way is not None and kind.one_way[0] in given:
            row = kind.one_way[1](row)
        if kind.name == expiry.EXPIRING and expiry.FIELD in given:
            row = self._ending(row, given[expiry.FIELD])
        self._check_unique(kind, row)
        references.check(self.collections, kind, row)
        moved = old is not None and bool(given.get("service")) and row.get("service") != old.get("service")
        if kind.name == "plugins" and ("protocols" in given or moved):
            references.check_protocols(self.collections, row, moved)
        moment: float = round(self.now, 3) if kind.name == "targets" else int(self.now)
        if row.get("created_at") is None:
            row["created_at"] = old["created_at"] if old is not None else moment
        if "updated_at" in row:
            row["updated_at"] = moment
        collections: Collections = {**self.collections, kind.name: {**rows, row["id"]: row}}
        if kind.name == "certificates":
            collections, row = with_names(collections, row, given.get("snis"), int(self.now), self.new_id)
        return Written(collections, row, kind)

    def _ending(self, row: Entity, ttl: Any) -> Entity:
        try:
            life = expiry.life_of(ttl)
        except ValueError as error:
            text = str(error)
            raise coded(400, 11, "invalid options", f"invalid option (ttl: {text})", options={"ttl": text}) from None
        row = {name: value for name, value in row.items() if name != expiry.FIELD}
        return {**row, expiry.FIELD: expiry.end(self.now, life)} if life else row

    def _check_unique(self, kind: Kind, row: Entity) -> None:
        others = [other for id, other in self.collections.get(kind.name, {}).items() if id != row["id"]]
        for field in kind.unique:
            value = row[field]
            if value is not None and any(other[field] == value for other in others):
                raise _taken({field: value})
        if len(kind.cache_key) > 1:
            wanted = {field: row[field] for field in kind.cache_key}
            if any(all(other[field] == value for field, value in wanted.items()) for other in others):
                raise _taken(wanted)

    def _missing(self, place: Place, body: Mapping[str, Any]) -> Refusal:
        """What PATCH says about a row that is not there."""
        if place.parent_kind is not None or (place.kind.name == "plugins" and "name" not in body):
            return not_found()
        if is_uuid(place.key):
            return _no_entity({"id": place.key.lower()})
        return _no_entity({place.kind.key: place.key})


def _no_entity(key: Mapping[str, str]) -> Refusal:
    what = "primary key " if "id" in key else ""
    text = f"could not find the entity with {what}'{lua(key)}'"
    return coded(404, 6, "not found", text, fields=dict(key))


def _taken(values: Mapping[str, Any]) -> Refusal:
    return coded(
        409,
        5,
        "unique constraint violation",
        f"UNIQUE violation detected on '{lua(values)}'",
        fields=dict(values),
    )


def _taken_id(id: str) -> Refusal:
    text = f"primary key violation on key '{lua({'id': id})}'"
    return coded(400, 3, "primary key violation", text, fields={"id": id})
