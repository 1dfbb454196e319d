"""Keys that expire. A client says how many seconds a key lives (`ttl`), the row keeps the moment when it ends, answers
tell the seconds that are left. A row without `ttl` does not expire."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from gateway.entities.kinds import Entity

EXPIRING = "keyauth_credentials"
FIELD = "ttl"
LONGEST = 100_000_000
"""In seconds, three years. A larger number in a file is a moment: what a row keeps, written down."""
WRONG = f"must be an integer between 0 and {LONGEST}"

Collections = Mapping[str, Mapping[str, Entity]]


def life_of(given: Any) -> int:
    """The seconds that were asked for; 0 = for ever. Raises ValueError."""
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) < 12:
        given = int(given)  # a form knows texts only
    if given is None:
        return 0
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        raise ValueError(WRONG)
    if not 0 <= given <= LONGEST or given != int(given):
        raise ValueError(WRONG)
    return int(given)


def end_in_file(given: Any, now: float) -> float | None:
    """The moment that a file says: the moment itself, or a life that begins with reading it. A file that is read at
    each start (`now` is 1 then) cannot say the latter: its keys would never end. Raises ValueError."""
    if isinstance(given, (int, float)) and given > LONGEST and math.isfinite(given):
        return float(given)
    life = life_of(given)
    if life and now <= 1:
        raise ValueError("in a file, write the moment when the key ends, in seconds since 1970 (date -d '+1 day' +%s)")
    return end(now, life) if life else None


def end(now: float, life: int) -> float:
    return round(now + life, 3)


def left(row: Entity, now: float) -> int | None:
    """The whole seconds that a row is sure to live on."""
    ends = row.get(FIELD)
    return None if ends is None else max(0, math.ceil(ends - now) - 1)


def expired(row: Entity, now: float) -> bool:
    ends = row.get(FIELD)
    return ends is not None and bool(ends <= now)


def alive(collections: Collections, now: float) -> Collections:
    """The collections without what has expired; the same object where nothing has."""
    rows = collections.get(EXPIRING, {})
    if not any(FIELD in row and expired(row, now) for row in rows.values()):
        return collections
    return {**collections, EXPIRING: {id: row for id, row in rows.items() if not expired(row, now)}}
