"""One timer for all time limits of a worker. Not for: deciding what a limit is, wall-clock schedules.

Everything that waits counts quiet ticks and is told when it waited longer than its patience. A request costs two
attribute writes instead of a timer. Limits are therefore exact to one tick, and a stalled loop stretches them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

TICK = 0.1
"""Seconds between two sweeps."""
FOREVER = 1 << 60


class Waiting(Protocol):
    quiet: int  # ticks since something happened
    patience: int  # ticks after which expired() is called

    def expired(self) -> None: ...


_known: dict[float, int] = {}


def ticks(seconds: float) -> int:
    """How many ticks a limit lasts, at least one; 0 or less means no limit."""
    count = _known.get(seconds)
    if count is None:
        count = FOREVER if seconds <= 0 else max(1, round(seconds / TICK))
        if len(_known) < 1024:
            _known[seconds] = count
    return count


class Sweeper:
    """Calls tick() on time. Registered callables run on every `every`-th tick."""

    __slots__ = ("_chores", "_count", "_handle", "_loop", "waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.waiting: set[Waiting] = set()
        self._chores: list[tuple[int, Callable[[], object]]] = []
        self._count = 0
        self._loop = loop
        self._handle: asyncio.TimerHandle | None = None

    def add(self, chore: Callable[[], object], every: float) -> None:
        """Runs `chore` about every `every` seconds."""
        self._chores.append((ticks(every), chore))

    def soon(self, chore: Callable[[], object]) -> None:
        """Runs `chore` once, in the loop's next turn: after whatever else is ready now."""
        self._loop.call_soon(chore)

    def start(self) -> None:
        if self._handle is None:
            self._handle = self._loop.call_later(TICK, self._again)

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _again(self) -> None:
        self._handle = self._loop.call_later(TICK, self._again)
        self.tick()

    def tick(self) -> None:
        """One sweep: everything that waits is one tick more patient, or told that it waited too long."""
        self._count += 1
        late: list[Waiting] = []
        for one in self.waiting:
            one.quiet += 1
            if one.quiet > one.patience:
                late.append(one)
        for one in late:
            one.quiet = 0
            one.expired()
        for every, chore in self._chores:
            if self._count % every == 0:
                chore()
