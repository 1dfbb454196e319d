"""How long requests took and what they used, by path, out of the access log. Pure. Not for: limits, money."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median_low

from quickstart.logbook.entries import entry

DAY = 86_400.0
MOST_LINES = 50_000
"""Of the log that are read: a second's work at most."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one path in the last 24 hours. `p50` in milliseconds of those that were answered well, None without any."""

    requests: int
    failed: int
    tokens: int
    p50: float | None


def usage(lines: Iterable[str], now: float, seconds: float = DAY) -> dict[str, Usage]:
    """Path -> what the lines of the last `seconds` say."""
    times: dict[str, list[float]] = {}
    sums: dict[str, list[int]] = {}
    for line in lines:
        found = entry(line)
        if found is None or found.time < now - seconds:
            continue
        cell = sums.setdefault(found.path, [0, 0, 0])
        cell[0] += 1
        cell[2] += found.tokens
        if 200 <= found.status < 300:
            times.setdefault(found.path, []).append(found.milliseconds)
        else:
            cell[1] += 1
    return {
        path: Usage(requests, failed, tokens, median_low(times[path]) if path in times else None)
        for path, (requests, failed, tokens) in sums.items()
    }


def count(number: int) -> str:
    """`950`, `12.3k`, `4.5M`: short enough for a column."""
    for size, unit in ((1_000_000, "M"), (10_000, "k")):
        if number >= size:
            return f"{number / (1000 if unit == 'k' else size):.1f}{unit}"
    return str(number)
