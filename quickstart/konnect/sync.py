"""What has to change in Konnect so that it holds a plan's configuration, and changing it. Only what is ours is changed
or removed; what is somebody else's is looked at for names that are taken.

Not for: which entities a plan makes (entities.py, models.py), showing the changes (screens.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from quickstart import messages
from quickstart.konnect.client import Client
from quickstart.konnect.product import Entity, Product
from quickstart.konnect.refusals import Refused

Mark = Literal["+", "~", "-"]


@dataclass(frozen=True, slots=True)
class Change:
    mark: Mark
    entity: Entity  # as it shall be; of "-" as it is
    earlier: Entity | None = None
    fields: tuple[str, ...] = ()  # of "~": what differs, dotted


def compare(wanted: Sequence[Entity], existing: Sequence[Entity], owner: str) -> list[Change]:
    """Changes in the order they must be made: parents first, removals last and children first.

    Fields that Konnect adds by itself do not count. Raises Refused where a name is taken by an entity that no
    installation of this program made.
    """
    there = {(entity.collection, entity.id): entity for entity in existing}
    changes: list[Change] = []
    for entity in wanted:
        earlier = there.get((entity.collection, entity.id))
        if earlier is not None and not earlier.owners:
            raise _taken(entity)
        if earlier is None:
            if entity.unique and _named(existing, entity):
                raise _taken(entity)
            changes.append(Change("+", entity))
            continue
        fields = tuple(differing(entity.body, earlier.body))
        if fields or owner not in earlier.owners:
            changes.append(Change("~", entity, earlier, fields or ("tags",)))
    kept = {(entity.collection, entity.id) for entity in wanted}
    gone = [
        Change("-", entity)
        for entity in existing
        if entity.owners == {owner} and (entity.collection, entity.id) not in kept
    ]
    return changes + gone[::-1]


def _named(existing: Sequence[Entity], entity: Entity) -> bool:
    return any(other.collection == entity.collection and other.name == entity.name for other in existing)


def _taken(entity: Entity) -> Refused:
    named = {"kind": entity.collection, "name": entity.name}
    return Refused("conflict", messages.text("konnect.taken", **named), messages.text("konnect.taken_hint", **named))


def differing(wanted: Mapping[str, Any], found: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Dotted names of what `wanted` says and `found` does not say the same."""
    names: list[str] = []
    for name, value in wanted.items():
        other = found.get(name)
        if isinstance(value, Mapping) and isinstance(other, Mapping):
            names += differing(value, other, f"{prefix}{name}.")
        elif not _same(value, other):
            names.append(f"{prefix}{name}")
    return names


def _same(value: Any, other: Any) -> bool:
    if isinstance(value, Mapping):
        return isinstance(other, Mapping) and not differing(value, other)
    if isinstance(value, list):
        return isinstance(other, list) and len(value) == len(other) and all(map(_same, value, other))
    return bool(value == other)


def apply(
    product: Product,
    client: Client,
    home: str,
    changes: Sequence[Change],
    owner: str,
    progress: Callable[[str], None] = lambda text: None,
) -> None:
    """Makes the changes one by one; doing them again does no harm. Raises Refused."""
    for number, change in enumerate(changes, 1):
        progress(f"{number}/{len(changes)} {change.entity.name}")
        if change.mark == "-":
            product.remove(client, home, change.entity)
        else:
            product.put(client, home, change.entity, change.earlier, owner)
