"""The paths of the entities: which kind a path names, and how kinds hang together. A table made from the kinds' own
declarations, so that a new kind is served without a word here. Not for: rows.

    /services   /services/{key}   /services/{key}/routes   /services/{key}/routes/{key}   /routes/{key}/service
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gateway.entities.catalogue import KINDS
from gateway.entities.kinds import Kind

_SEGMENTS = {
    "key_sets": "key-sets",
    "keyauth_credentials": "key-auths",
    "basicauth_credentials": "basic-auths",
    "jwt_secrets": "jwts",
    "hmacauth_credentials": "hmac-auths",
    "oauth2_credentials": "oauth2",
}
_NESTED_SEGMENTS = {
    "keyauth_credentials": "key-auth",
    "basicauth_credentials": "basic-auth",
    "jwt_secrets": "jwt",
    "hmacauth_credentials": "hmac-auth",
    "oauth2_credentials": "oauth2",
}
_NOT_LISTED = ("targets",)
"""Kong has no list of all of these."""

COLLECTIONS: dict[str, Kind] = {_SEGMENTS.get(name, name): kind for name, kind in KINDS.items()}
"""First segment of a path -> kind."""


class Place(NamedTuple):
    """What a path names: `kind`, of which one row if `key` is given.

    Below `parent_kind`/`parent_key`: rows whose `field` points at the parent; when `upward`, instead the one row that
    the parent's `field` points at.
    """

    kind: Kind
    key: str = ""
    parent_kind: Kind | None = None
    parent_key: str = ""
    field: str = ""
    upward: bool = False

    @property
    def single(self) -> bool:
        return bool(self.key) or self.upward


def nested(kind: Kind) -> dict[str, tuple[Kind, str]]:
    """Segment under a row of `kind` -> (kind of the rows, their field that points at it)."""
    return {
        _NESTED_SEGMENTS.get(child.name, child.name): (child, field)
        for child in KINDS.values()
        for field, target in child.foreign.items()
        if target == kind.name
    }


_NESTED = {kind.name: nested(kind) for kind in KINDS.values()}


def place(segments: tuple[str, ...]) -> Place | None:
    """What the segments of a path name, None when they name no entities."""
    kind = COLLECTIONS.get(segments[0]) if segments else None
    if kind is None:
        return None
    if len(segments) == 1:
        return None if kind.name in _NOT_LISTED else Place(kind)
    if len(segments) == 2:
        return Place(kind, segments[1])
    child = _NESTED[kind.name].get(segments[2])
    if child is not None and len(segments) <= 4:
        return Place(child[0], segments[3] if len(segments) == 4 else "", kind, segments[1], child[1])
    if len(segments) == 3 and segments[2] in kind.foreign:
        return Place(KINDS[kind.foreign[segments[2]]], "", kind, segments[1], segments[2], upward=True)
    return None


def endpoints() -> Iterator[str]:
    """The paths of all entities, as GET /endpoints lists them."""
    for segment, kind in COLLECTIONS.items():
        yield f"/{segment}"
        item = f"/{segment}/{{{kind.name}}}"
        yield item
        for field in kind.foreign:
            yield f"{item}/{field}"
        for inner, (child, _) in _NESTED[kind.name].items():
            yield f"{item}/{inner}"
            yield f"{item}/{inner}/{{{child.name}}}"
