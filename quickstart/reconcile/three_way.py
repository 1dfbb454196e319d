"""Two sides went on from one configuration: what both mean together. Pure.

    base    what both started from: what setup rendered last
    ours    what is wanted now
    theirs  what runs: base with the edits made through the Manager, the Admin API or decK

What one side alone changed is taken, down to single fields; members of sets are merged one by one, members of lists by
what names them. Where both changed the same thing, `choose` decides. Not for: what is shown of it (difference.py), rows
that are one thing under two ids (alignment.py).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gateway.entities import record_of
from quickstart.reconcile.rows import Key, Rows, children, keys, nothing, parents

Side = Literal["ours", "theirs"]


class Missing:
    """Stands for a row or field that is not there: None is a value."""

    def __repr__(self) -> str:
        return "nothing"


MISSING = Missing()


@dataclass(frozen=True, slots=True)
class Conflict:
    """Both sides changed one thing. `path` () = the row itself, then `ours` and `theirs` are rows or MISSING."""

    key: Key
    path: tuple[str, ...]
    ours: Any
    theirs: Any

    @property
    def place(self) -> tuple[Key, tuple[str, ...]]:
        return self.key, self.path


Choose = Callable[[Conflict], Side]


@dataclass(frozen=True, slots=True)
class Merged:
    rows: Rows
    conflicts: tuple[tuple[Conflict, Side], ...]  # each with what was chosen


def keep_theirs(conflict: Conflict) -> Side:
    return "theirs"


def keep_ours(conflict: Conflict) -> Side:
    return "ours"


def merge(base: Rows, ours: Rows, theirs: Rows, choose: Choose = keep_theirs) -> Merged:
    """Never raises. Rows come in the order of `ours`, then of `theirs`; no row hangs on one that is not there."""
    return _Merge(base, ours, theirs, choose).run()


class _Merge:
    def __init__(self, base: Rows, ours: Rows, theirs: Rows, choose: Choose) -> None:
        self.base, self.ours, self.theirs = base, ours, theirs
        self.choose = choose
        self.conflicts: list[tuple[Conflict, Side]] = []
        self.whole: dict[Key, Side] = {}  # rows that were taken from one side with all that hangs on them
        self.below = {"ours": children(ours), "theirs": children(theirs)}

    def run(self) -> Merged:
        merged = nothing()
        for kind, id in keys(self.ours, self.theirs):
            row = self._row((kind, id))
            if row is not MISSING:
                merged[kind][id] = row
        return Merged(_without_orphans(merged), tuple(self.conflicts))

    def _row(self, key: Key) -> Any:
        kind, id = key
        base: Any = self.base[kind].get(id, MISSING)
        ours: Any = self.ours[kind].get(id, MISSING)
        theirs: Any = self.theirs[kind].get(id, MISSING)
        present = ours if ours is not MISSING else theirs
        side = next((self.whole[parent] for parent in parents(kind, present) if parent in self.whole), None)
        if side is not None:
            return self._taken(key, side)
        if ours is not MISSING and theirs is not MISSING:
            return self._field(record_of(kind, ours), base, ours, theirs, key, ())
        remover: Side = "ours" if ours is MISSING else "theirs"
        if base is MISSING:
            return present  # one side alone added it
        keeper: Side = "theirs" if remover == "ours" else "ours"
        if not self._touched(keeper, key):
            return self._taken(key, remover)
        return self._taken(key, self._decide(Conflict(key, (), ours, theirs)))

    def _taken(self, key: Key, side: Side) -> Any:
        self.whole[key] = side
        return (self.ours if side == "ours" else self.theirs)[key[0]].get(key[1], MISSING)

    def _touched(self, side: Side, key: Key) -> bool:
        """Whether this side changed the row or anything that hangs on it."""
        rows = self.ours if side == "ours" else self.theirs
        if rows[key[0]][key[1]] != self.base[key[0]].get(key[1], MISSING):
            return True
        return any(self._touched(side, child) for child in self.below[side].get(key, ()))

    def _decide(self, conflict: Conflict) -> Side:
        side = self.choose(conflict)
        self.conflicts.append((conflict, side))
        return side

    def _field(self, field: Any, base: Any, ours: Any, theirs: Any, key: Key, path: tuple[str, ...]) -> Any:
        if ours == theirs or theirs == base:
            return ours
        if ours == base:
            return theirs
        if isinstance(ours, dict) and isinstance(theirs, dict):
            return self._mapping(field, base if isinstance(base, dict) else {}, ours, theirs, key, path)
        if isinstance(ours, list) and isinstance(theirs, list):
            before = base if isinstance(base, list) else []
            if getattr(field, "kind", "") == "set":
                return _members(before, ours, theirs)
            merged = self._list(getattr(field, "elements", None), before, ours, theirs, key, path)
            if merged is not None:
                return merged
        return ours if self._decide(Conflict(key, path, ours, theirs)) == "ours" else theirs

    def _mapping(
        self,
        field: Any,
        base: Mapping[str, Any],
        ours: Mapping[str, Any],
        theirs: Mapping[str, Any],
        key: Key,
        path: tuple[str, ...],
    ) -> dict[str, Any]:
        inner = getattr(field, "fields", {})
        merged = {}
        for name in dict.fromkeys((*ours, *theirs)):
            before, mine, other = (side.get(name, MISSING) for side in (base, ours, theirs))
            below = inner.get(name, getattr(field, "values", None))
            value = self._field(below, before, mine, other, key, (*path, str(name)))
            if value is not MISSING:
                merged[name] = value
        return merged

    def _list(
        self, element: Any, base: list[Any], ours: list[Any], theirs: list[Any], key: Key, path: tuple[str, ...]
    ) -> list[Any] | None:
        """Members that something names, merged one by one; None where nothing does."""
        before, mine, other = (_by_name(side) for side in (base, ours, theirs))
        if mine is None or other is None:
            return None
        merged = []
        for name in dict.fromkeys((*mine, *other)):
            was, here, there = ((side or {}).get(name, MISSING) for side in (before, mine, other))
            value = self._field(element, was, here, there, key, (*path, _shown(name)))
            if value is not MISSING:
                merged.append(value)
        return merged


def _members(base: list[Any], ours: list[Any], theirs: list[Any]) -> list[Any]:
    """A set: what either side added is in, what either side took away is out."""
    kept = [item for item in ours if item in theirs or item not in base]
    return kept + [item for item in theirs if item not in base and item not in ours]


def _by_name(items: list[Any]) -> dict[Hashable, Any] | None:
    """The members by what tells them apart; None where that does not."""
    if not all(isinstance(item, dict) for item in items):
        return None
    for name in (_own_name, _model_name):
        found = {name(item): item for item in items}
        if len(found) == len(items) and None not in found:
            return found
    return None


def _own_name(item: Mapping[str, Any]) -> Hashable:
    value = item.get("name") or item.get("id")
    return value if isinstance(value, str) else None


def _model_name(item: Mapping[str, Any]) -> Hashable:
    """A target of ai-proxy-advanced: by the alias clients say, or by its model, and what it is asked for."""
    model = item.get("model")
    if not isinstance(model, dict):
        return None
    alias = model.get("model_alias") or f"{model.get('provider')}/{model.get('name')}"
    return alias, str(item.get("route_type"))


def _shown(name: Hashable) -> str:
    return str(name[0]) if isinstance(name, tuple) else str(name)


def _without_orphans(rows: Rows) -> Rows:
    """Something hung on two rows, and one of them went."""
    out = nothing()
    for kind, id in keys(rows):
        row = rows[kind][id]
        if all(parent in out[target] for target, parent in parents(kind, row)):
            out[kind][id] = row
    return out
