"""The Redis stores that a worker counts in: a lane for each, as the configuration names them. Not for: what goes over a
lane (redis_lane.py).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Sequence

from gateway.counters import Counters
from gateway.transport.redis_lane import Connected, Lane
from gateway.transport.redis_link import Link, shown
from gateway.transport.redis_script import Waiting
from gateway.values import Consult, Consulted, Count, RedisStore

CLOSE_SECONDS = 2.0
"""How long counts may take that are not sent when a store is not used any more."""


class RedisStores:
    """`told(name, why)` hears that a store does not answer, with why "" that it does, with None that it is not used any
    more."""

    def __init__(
        self,
        counters: Counters,
        wall: Callable[[], float],
        told: Callable[[str, str | None], None],
        connect: Callable[[RedisStore], Connected] = Link,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._counters = counters
        self._wall = wall
        self._told = told
        self._connect = connect
        self._random = random
        self._lanes: dict[RedisStore, Lane] = {}
        self._silent: dict[str, set[bytes]] = {}  # name -> lanes that get no answer
        self._closing: set[asyncio.Task[None]] = set()

    def consult(self, consult: Consult, done: Callable[[Consulted], None]) -> Waiting:
        """`done` is called once; the result can be abandoned."""
        waiting = Waiting(consult, done)
        self._lane(consult.store).consult(waiting)
        return waiting

    def charge(self, store: RedisStore, counts: Sequence[Count]) -> None:
        """Adds the amounts here at once, and in the store as soon as may be."""
        self._lane(store).charge(counts)

    def use(self, stores: Iterable[RedisStore]) -> None:
        """A configuration names these: connects to new ones, closes the others once what they keep is sent."""
        wanted = set(stores)
        for store in [store for store in self._lanes if store not in wanted]:
            self._close(self._lanes.pop(store))
        for store in wanted:
            if store not in self._lanes:
                self._lane(store).warm()

    async def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """Sends what is kept, within the bound."""
        for lane in self._lanes.values():
            self._close(lane, seconds)
        self._lanes.clear()
        if self._closing:
            await asyncio.wait(self._closing)

    def _lane(self, store: RedisStore) -> Lane:
        lane = self._lanes.get(store)
        if lane is None:
            name = shown(store)
            identity = self._random(8).hex().encode()
            lane = self._lanes[store] = Lane(
                store,
                self._connect(store),
                self._counters,
                identity,
                self._wall,
                lambda why: self._hear(name, identity, why),
            )
        return lane

    def _hear(self, name: str, lane: bytes, why: str | None) -> None:
        """Stores that differ in a password or a timeout have one name: it is told of once."""
        silent = self._silent.setdefault(name, set())
        if why:
            silent.add(lane)
            if len(silent) == 1:
                self._told(name, why)
        else:
            silent.discard(lane)
            if not silent:
                self._told(name, why)

    def _close(self, lane: Lane, seconds: float = CLOSE_SECONDS) -> None:
        task = asyncio.get_running_loop().create_task(lane.close(seconds))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
