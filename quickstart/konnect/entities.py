"""The rendered kong.yml as the entities that Konnect keeps, and what Konnect keeps as the same. Pure.

Ids follow from the control plane and the names, so that the same file makes the same entities however often it is sent.
Not for: sending them (control_planes.py), comparing (sync.py).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import yaml

from quickstart.konnect.product import MARK, Entity

COLLECTIONS = ("services", "routes", "plugins")
"""In the order they are made; each may refer to the ones before."""
_PARENTS = ("service", "route", "consumer")


def wanted(configuration: str, home: str) -> list[Entity]:
    """The entities of a rendered configuration, children after their parents."""
    document = yaml.safe_load(configuration)
    made: dict[str, list[Entity]] = {name: [] for name in COLLECTIONS}
    for service in document.get("services") or ():
        owner = _add(made, "services", home, service, service["name"])
        for route in service.get("routes") or ():
            parent = _add(made, "routes", home, route, route["name"], service={"id": owner})
            for plugin in route.get("plugins") or ():
                _add(made, "plugins", home, plugin, f"{plugin['name']} ({route['name']})", route={"id": parent})
    return [entity for name in COLLECTIONS for entity in made[name]]


def _add(
    made: dict[str, list[Entity]], collection: str, home: str, item: Mapping[str, Any], name: str, **parents: Any
) -> str:
    """Adds one; returns its id."""
    made_id = identity(home, collection, name)
    body = {key: value for key, value in item.items() if key not in COLLECTIONS} | parents
    made[collection].append(Entity(collection, made_id, name, body, unique=collection != "plugins"))
    return made_id


def identity(home: str, collection: str, name: str) -> str:
    """The same for the same name in the same control plane, on every machine."""
    return str(uuid.uuid5(uuid.UUID(home), f"{MARK}/{collection}/{name}"))


def existing(collection: str, item: Mapping[str, Any]) -> Entity:
    """An entity as Konnect has it."""
    name = str(item.get("name") or item.get("id"))
    if collection == "plugins":
        parents = [f"{parent} {item[parent].get('id')}" for parent in _PARENTS if item.get(parent)]
        name = f"{name} ({', '.join(parents) or 'global'})"
    owners = frozenset(tag.removeprefix(f"{MARK}:") for tag in item.get("tags") or () if tag.startswith(f"{MARK}:"))
    return Entity(collection, str(item.get("id")), name, dict(item), owners, unique=collection != "plugins")


def marked(entity: Entity, earlier: Entity | None, owner: str) -> dict[str, Any]:
    """The body to send: with our tags, and the ones that somebody else put there."""
    tags = set(earlier.body.get("tags") or ()) if earlier is not None else set()
    return {**entity.body, "tags": sorted({*tags, MARK, f"{MARK}:{owner}"})}
