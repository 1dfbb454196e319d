"""The names that a certificate serves: its `snis` are rows of their own. Not for: reading certificates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.admin.answers import schema_violation
from gateway.admin.rows import Collections, points_at
from gateway.entities.kinds import Entity


def with_names(
    collections: Collections, row: Entity, names: Any, now: int, new_id: Callable[[], str]
) -> tuple[Collections, Entity]:
    """The collections in which `names` (None: leave them) are the names of the certificate `row`."""
    row = {**row, "snis": None}
    collections = {**collections, "certificates": {**collections["certificates"], row["id"]: row}}
    if names is None:
        return collections, row
    kept: dict[str, Entity] = {}
    own: dict[str, Entity] = {}
    for id, sni in collections.get("snis", {}).items():
        if not points_at(sni, "certificate", row):
            kept[id] = sni
            if sni["name"] in names:
                holder = sni["certificate"]["id"]
                raise schema_violation(
                    {"snis": f"{sni['name']} already associated with existing certificate '{holder}'"}
                )
        else:
            own[sni["name"]] = sni
    for name in dict.fromkeys(names):
        sni = own.get(name) or {
            "id": new_id(),
            "name": name,
            "created_at": now,
            "updated_at": now,
            "tags": None,
            "certificate": {"id": row["id"]},
        }
        kept[sni["id"]] = sni
    return {**collections, "snis": kept}, row
