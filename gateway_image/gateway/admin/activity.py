"""What the workers remember, put together for the pages: requests, sums per minute, the health of routes. Pure; asking
the workers is handed in. Not for: what a worker remembers (recorder.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from gateway.recorder import MOST

Recall = Callable[[dict[str, Any]], Awaitable[list[Any]]]
"""Asks every worker ({"what": ...}) and gives what each told."""
Watch = Callable[[bool], None]
"""Lets the workers watch the next requests for WATCH_SECONDS, with their bodies or without."""
WATCH_SECONDS = 30.0
SUMS = ("requests", "failed", "refused", "limited", "prompt_tokens", "completion_tokens", "cost", "seconds")
_WORST = ("dns", "refused", "unreachable", "connect_timeout", "tls", "timeout", "closed", "protocol")


async def requests(recall: Recall, since: float) -> list[dict[str, Any]]:
    """The last requests of all workers, newest first; those that ended before `since` are left out."""
    told = await recall({"what": "recent", "since": since})
    return sorted((row for rows in told for row in rows), key=lambda row: -row["started"])[:MOST]


async def one_request(recall: Recall, id: str) -> dict[str, Any] | None:
    told = await recall({"what": "request", "id": id})
    return next((found for found in told if found), None)


async def activity(recall: Recall, since: int) -> dict[str, Any]:
    """{"minutes": [{"minute", "route", and SUMS}], "routes": {id: {"state", "at", "status", "error"}}}."""
    told = await recall({"what": "activity", "since": since})
    return {"minutes": _summed(told), "routes": _states(told)}


def _summed(told: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    sums: dict[tuple[int, str], list[Any]] = {}
    for worker in told:
        for minute, route, *cell in worker["cells"]:
            kept = sums.get((minute, route))
            sums[minute, route] = cell if kept is None else [a + b for a, b in zip(kept, cell, strict=True)]
    return [
        {"minute": minute, "route": route, **dict(zip(SUMS, cell, strict=True))}
        for (minute, route), cell in sorted(sums.items())
    ]


def _states(told: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """How each route did last, whichever worker served it."""
    newest: dict[str, list[Any]] = {}
    for worker in told:
        for route, last in worker["last"].items():
            if route not in newest or last[0] > newest[route][0]:
                newest[route] = last
    return {
        route: {"state": state(status, error), "at": moment, "status": status, "error": error}
        for route, (moment, status, error) in newest.items()
    }


def state(status: int, error: str) -> str:
    """A word for people: ok, down, failing, refused, limited."""
    if error in _WORST:
        return "down"
    if status == 429:
        return "limited"
    if status >= 500 or not status:
        return "failing"
    return "refused" if status >= 400 else "ok"
