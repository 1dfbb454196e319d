"""One worker's way to one Redis store. What comes while a batch is under way goes with the next one, so that a worker
needs one connection and a thousand requests at once need few round trips.

While Redis does not answer, requests are checked against this node's own table, which knows the last totals heard, and
what they count is kept and merged until Redis is back: nothing is lost and nobody waits. Not for: how Redis is reached
(redis_link.py), what a batch looks like (redis_script.py).
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from gateway.counters import Counters
from gateway.transport.faults import describe
from gateway.transport.redis_link import LinkError
from gateway.transport.redis_script import PREFIX, Batch, Waiting, tag_of
from gateway.values import Consulted, Count, RedisStore

MOST_KEPT = 1 << 16
"""Counts that wait for Redis; each is one window of one caller, however often it was charged."""
MOST_CHARGES = 1000
"""In one batch: Redis does nothing else while it runs one."""
MOST_CONSULTS = 250
DELAYS = (0.1, 0.2, 0.5, 1.0)
"""Seconds between attempts to reach Redis again; the last one goes on."""
_log = logging.getLogger("gateway")


class Connected(Protocol):
    """What a lane needs of a link."""

    async def ready(self) -> None: ...

    async def run(self, keys: list[bytes], arguments: list[bytes]) -> list[bytes]: ...

    async def close(self) -> None: ...


class Lane:
    """`told(why)` hears why Redis does not answer, "" when it does (for the first time, or again), None at the end."""

    def __init__(
        self,
        store: RedisStore,
        link: Connected,
        counters: Counters,
        identity: bytes,
        wall: Callable[[], float],
        told: Callable[[str | None], None],
    ) -> None:
        self.trouble = ""  # why Redis does not answer, while it does not
        self.lost = 0  # counts that could not be kept
        self._store = store
        self._link = link
        self._counters = counters
        self._identity = identity  # nobody else's, ever: whose marks are whose
        self._wall = wall
        self._told = told
        self._loop = asyncio.get_running_loop()
        self._patience = store.connect_timeout + max(store.send_timeout, store.read_timeout)
        self._kept: dict[tuple[bytes, int], Count] = {}  # (key, window) -> all that is to be added
        self._queue: deque[Waiting] = deque()
        self._batches: list[Batch] = []  # under way, or in doubt
        self._number = 0
        self._due = False  # the kept counts are to go now
        self._reached = False  # whether Redis answered and did not fail since
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing waits for Redis."""
        return not (self._kept or self._queue or self._batches or self._task)

    def consult(self, waiting: Waiting) -> None:
        """Answers at once where this node decides alone."""
        if self.trouble or self._store.sync_rate:
            self._decide(waiting)
            self._schedule()
        else:
            self._queue.append(waiting)
            self._wake()

    def charge(self, counts: Sequence[Count]) -> None:
        now = self._wall()
        for count in counts:
            self._counters.add(self._own(count.key), count.window, count.amount, count.expires, now)
            self._keep(count)
        self._schedule()

    def warm(self) -> None:
        """Connects, so that the first request need not wait for that."""
        if self.idle:
            self._number += 1
            self._batches.append(Batch(self._number, self._mark(b"{}")))
            self._wake()

    async def close(self, seconds: float) -> None:
        """Sends what is kept, within the bound."""
        self._due = True
        self._wake()
        deadline = self._loop.time() + seconds
        while self._task is not None and self._loop.time() < deadline:
            await asyncio.wait({self._task}, timeout=deadline - self._loop.time())
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        self._give_up(self.trouble or "the gateway stops")
        unsent = len(self._kept) + sum(len(batch.charges) for batch in self._batches)
        if unsent:
            _log.error("%d counts could not be sent to Redis in time and are lost", unsent)
        await self._link.close()
        self._told(None)

    # -- what is kept -------------------------------------------------------------------------------------------

    def _own(self, key: bytes) -> bytes:
        """The key in this node's table: another than that of a plugin which counts locally."""
        return PREFIX + key

    def _mark(self, tag: bytes) -> bytes:
        return b"%b%b:sent:%b" % (PREFIX, tag, self._identity)

    def _keep(self, count: Count) -> None:
        name = (count.key, count.window)
        known = self._kept.get(name)
        if known is not None:
            self._kept[name] = known._replace(amount=known.amount + count.amount)
            return
        if len(self._kept) >= MOST_KEPT:
            now = self._wall()
            self._kept = {name: one for name, one in self._kept.items() if one.expires > now}
            if len(self._kept) >= MOST_KEPT:
                self.lost += 1
                if self.lost == 1:
                    _log.error("more than %d counts wait for Redis: further ones are lost", MOST_KEPT)
                return
        self._kept[name] = count

    def _decide(self, waiting: Waiting) -> None:
        """By this node's own table."""
        consult = waiting.consult
        if self.trouble and not (consult.tolerant or self._store.sync_rate):
            waiting.answer(Consulted(False, (), self.trouble))
        else:
            waiting.answer(self._take(consult.counts, self._keep))

    def _take(self, counts: Sequence[Count], keep: Callable[[Count], None]) -> Consulted:
        own = [count._replace(key=self._own(count.key)) for count in counts]
        taken, found = self._counters.take_all(own, self._wall())
        for count in counts:
            # where notes are compared, what only looks is sent too: the answer tells what others counted
            if (taken and count.amount) or self._store.sync_rate:
                keep(count if taken else count._replace(amount=0.0))
        return Consulted(taken, found)

    # -- when it goes -------------------------------------------------------------------------------------------

    def _schedule(self) -> None:
        if not self._store.sync_rate:
            self._due = True
            self._wake()
        elif self._timer is None and self._kept:
            self._timer = self._loop.call_later(self._store.sync_rate, self._compare)

    def _compare(self) -> None:
        self._timer = None
        self._due = True
        self._wake()

    def _wake(self) -> None:
        if self._task is None:
            self._task = self._loop.create_task(self._work())

    async def _work(self) -> None:
        """Lives as long as there is something to send."""
        try:
            while self._batches or self._queue or (self._due and self._kept):
                if not self._batches:
                    self._batches = self._composed()
                why = await self._send()
                if why:
                    await self._come_back(why)
        except Exception as error:
            _log.error("counting in Redis failed inside the gateway: %s", describe(error))
            self._give_up("an unexpected error")
            self.trouble, self._batches = "", []
        finally:
            self._task = None

    def _composed(self) -> list[Batch]:
        """Batches out of what waits: one, or in a Cluster one for each tag."""
        made: dict[bytes, Batch] = {}
        for waiting in [self._queue.popleft() for _ in range(min(MOST_CONSULTS, len(self._queue)))]:
            if waiting.waits:
                self._batch(made, waiting.consult.counts[0].key).consults.append(waiting)
        if self._due:
            now = self._wall()
            for name in list(itertools.islice(self._kept, MOST_CHARGES)):
                count = self._kept.pop(name)
                if count.expires > now:
                    self._batch(made, count.key).charges.append(count)
            self._due = bool(self._kept)
        return list(made.values())

    def _batch(self, made: dict[bytes, Batch], key: bytes) -> Batch:
        tag = tag_of(key) if self._store.cluster else b""
        batch = made.get(tag)
        if batch is None:
            self._number += 1
            batch = made[tag] = Batch(self._number, self._mark(tag or b"{}"))
        return batch

    async def _send(self) -> str:
        """Sends the batches; those that were not answered stay. Returns why, "" when all were."""
        batches = self._batches
        if not batches:
            return ""
        if len(batches) == 1:
            outcomes = [await self._run(batches[0])]
        else:
            outcomes = await asyncio.gather(*(self._run(batch) for batch in batches))
        self._batches = [batch for batch, why in zip(batches, outcomes, strict=True) if why]
        why = next((why for why in outcomes if why), "")
        if not (why or self._reached):
            self._reached = True
            self._told("")
        return why

    async def _run(self, batch: Batch) -> str:
        await self._link.ready()
        keys, arguments = batch.written(self._wall())
        for again in (False, True):
            try:
                async with asyncio.timeout(self._patience):
                    reply = await self._link.run(keys, arguments)
            except TimeoutError:
                return f"no answer within {self._patience:g} s"
            except LinkError as error:
                # a kept connection may be stale; a batch that was done nevertheless is not done twice
                if again or not error.kept:
                    return str(error)
            else:
                self._settle(batch, reply)
                break
        return ""

    def _settle(self, batch: Batch, reply: Sequence[bytes]) -> None:
        """Answers who waits, and lets this node's table know the totals."""
        totals, answers = batch.read(reply)
        now = self._wall()
        settle = self._counters.settle
        for charge, total in zip(batch.charges, totals, strict=True):
            settle(self._own(charge.key), charge.window, charge.amount, total, charge.expires, now)
        for waiting, answer in zip(batch.consults, answers, strict=True):
            for count, (current, previous) in zip(waiting.consult.counts, answer.found, strict=True):
                total = (current + count.amount if answer.taken else current, previous)
                settle(self._own(count.key), count.window, 0.0, total, count.expires, now)
            waiting.answer(answer)

    # -- while Redis is away ------------------------------------------------------------------------------------

    def _give_up(self, why: str) -> None:
        """Everyone who waits is answered by this node alone."""
        self.trouble = why
        for batch in self._batches:
            consults, batch.consults = batch.consults, []
            for waiting in consults:
                if waiting.consult.tolerant:
                    # what is counted now belongs to this batch: if it was done, it is counted already
                    waiting.answer(self._take(waiting.consult.counts, batch.charges.append))
                else:
                    self._decide(waiting)
        while self._queue:
            self._decide(self._queue.popleft())

    async def _come_back(self, why: str) -> None:
        """Returns once Redis has answered what is in doubt."""
        self._give_up(why)
        self._reached = False
        self._told(why)
        for delay in itertools.chain(DELAYS, itertools.repeat(DELAYS[-1])):
            await asyncio.sleep(delay)
            if not await self._send():
                break
        self.trouble = ""
        self.lost = 0
        self._due = True
