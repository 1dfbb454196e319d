"""Foreign keys of a row that is written: words to ids, whether they lead anywhere, and what hangs on a row that goes.

Pure; `Collections` is never changed here. Errors are Kong's (codes 4 and 13). Not for: the row's other fields.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.admin.answers import coded, lua, schema_violation
from gateway.admin.rows import Collections, points_at
from gateway.entities.catalogue import KINDS
from gateway.entities.kinds import Entity, Kind
from gateway.schema import Foreign


def resolved(collections: Collections, kind: Kind, body: Mapping[str, Any]) -> dict[str, Any]:
    """`body` with {"name": ...} in its foreign keys replaced by {"id": ...}; an id that is given wins."""
    out = dict(body)
    for field, target in kind.foreign.items():
        value = body.get(field)
        if not isinstance(value, dict) or not value:
            continue
        if isinstance(value.get("id"), str):
            out[field] = {"id": value["id"]} if all(name in KINDS[target].record.fields for name in value) else value
            continue
        key = KINDS[target].key
        if key and isinstance(value.get(key), str):
            rows = collections.get(target, {}).values()
            found = next((row for row in rows if row[key] == value[key]), None)
            if found is None:
                text = (
                    f"the foreign key cannot be resolved with '{lua({key: value[key]})}' for an existing "
                    f"'{target}' entity"
                )
                raise coded(
                    400,
                    13,
                    "foreign keys unresolved",
                    f"foreign key unresolved ({field}.{key}: {text})",
                    fields={field: {key: text}},
                )
            out[field] = {"id": found["id"]}
    return out


def check(collections: Collections, kind: Kind, row: Entity) -> None:
    """Raises Refusal when a foreign key leads nowhere."""
    for field, target in kind.foreign.items():
        value = row[field]
        if value is not None and value["id"] not in collections.get(target, {}):
            raise coded(
                400,
                4,
                "foreign key violation",
                f"the foreign key '{lua({'id': value['id']})}' does not reference an existing '{target}' entity.",
                fields={field: {"id": value["id"]}},
            )


def check_protocols(collections: Collections, plugin: Entity, moved: bool = False) -> None:
    """Raises Refusal when a plugin would never run because it and what it is scoped to speak no common protocol. A
    service without routes will do, unless the plugin is `moved` to it (as in Kong)."""
    spoken = set(plugin["protocols"] or ())
    routes = collections.get("routes", {})
    if plugin["route"] is not None:
        route = routes.get(plugin["route"]["id"])
        if route is not None and not spoken & set(route["protocols"] or ()):
            raise schema_violation({"protocols": "must match the associated route's protocols"})
    elif plugin["service"] is not None:
        below = [route for route in routes.values() if points_at(route, "service", plugin["service"])]
        if (below or moved) and not any(spoken & set(route["protocols"] or ()) for route in below):
            text = "must match the protocols of at least one route pointing to this Plugin's service"
            raise schema_violation({"protocols": text})


def dependants(collections: Collections, kind: Kind, row: Entity) -> Iterator[tuple[Kind, Entity]]:
    """All rows that go with `row`. Raises Refusal when one that points at it keeps it from going."""
    for other in KINDS.values():
        for field, target in other.foreign.items():
            if target != kind.name:
                continue
            declared = other.record.fields[field]
            for candidate in collections.get(other.name, {}).values():
                if not points_at(candidate, field, row):
                    continue
                if not isinstance(declared, Foreign) or declared.on_delete != "cascade":
                    raise coded(
                        400,
                        4,
                        "foreign key violation",
                        f"an existing '{other.name}' entity references this '{kind.name}' entity",
                        fields={"@referenced_by": other.name},
                    )
                yield other, candidate
                yield from dependants(collections, other, candidate)
    if kind.name == "ca_certificates":
        _still_used(collections, row)


def _still_used(collections: Collections, authority: Entity) -> None:
    for service in collections.get("services", {}).values():
        if authority["id"] in (service.get("ca_certificates") or ()):
            text = f"ca certificate {authority['id']} is still referenced by services (id = {service['id']})"
            raise coded(400, 19, "referenced by others", text, fields={})
