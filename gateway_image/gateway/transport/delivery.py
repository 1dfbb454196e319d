"""Sends what log plugins have to say to their servers: batches, one after another, tried again when they fail.

Not for: what a request says (the plugin's Outbox), connections (pool.py), files (file_logs.py). Nothing here waits or
raises: a queue is bounded, and what does not fit or cannot be delivered is dropped, which is logged once per trouble.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Protocol

from gateway.partners import Outbox
from gateway.values import Fetch, Fetched

_log = logging.getLogger("gateway")


class Sender(Protocol):
    """What sends a request and calls back with its answer: the pool."""

    def fetch(self, fetch: Fetch, done: Callable[[Fetched], None]) -> object: ...


class Queue:
    """The entries of one plugin that wait, and the batches under way."""

    def __init__(self, outbox: Outbox, sender: Sender, loop: asyncio.AbstractEventLoop) -> None:
        self.outbox = outbox
        self.dropped = 0  # entries, since the start
        self._sender = sender
        self._loop = loop
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._under_way = 0  # batches
        self._carried = 0  # entries in them
        self._sending = False
        self._timer: asyncio.TimerHandle | None = None
        self._troubled = False  # told once, until a batch arrives again
        self._emptied: asyncio.Future[None] | None = None
        self._closing = False

    @property
    def left(self) -> int:
        """Entries that are not delivered yet."""
        return len(self._waiting) + self._carried

    def put(self, entry: bytes) -> None:
        waiting = self._waiting
        waiting.append(entry)
        self._size += len(entry)
        outbox = self.outbox
        lost = 0
        while len(waiting) > outbox.most_entries or self._size > outbox.most_bytes:
            self._size -= len(waiting.popleft())
            lost += 1
        if lost:
            self._drop(lost, "the queue is full")
        if len(waiting) >= outbox.batch_size:
            self._send()
        elif self._timer is None and waiting:
            self._timer = self._loop.call_later(outbox.delay, self._waited)

    def _waited(self) -> None:
        self._timer = None
        self._send(partly=True)

    def _send(self, partly: bool = False) -> None:
        """Sends whole batches, and with `partly` what is left too."""
        if self._sending:
            return  # a batch that was over at once: the loop below goes on by itself
        self._sending = True
        try:
            self._send_batches(partly)
        finally:
            self._sending = False
        if self._waiting and self._timer is None and not self._under_way:
            self._timer = self._loop.call_later(self.outbox.delay, self._waited)

    def _send_batches(self, partly: bool) -> None:
        outbox = self.outbox
        while self._waiting and (outbox.parallel or not self._under_way):
            if len(self._waiting) < outbox.batch_size and not (partly or self._closing):
                break
            count = min(outbox.batch_size, len(self._waiting))
            batch = [self._waiting.popleft() for _ in range(count)]
            self._size -= sum(map(len, batch))
            self._under_way += 1
            self._carried += count
            _Batch(self, batch, self._loop).attempt()

    def fetch(self, batch: list[bytes], done: Callable[[Fetched], None]) -> None:
        self._sender.fetch(self.outbox.request(batch), done)

    def finished(self, failure: str, count: int) -> None:
        """A batch is over: delivered (failure ""), or given up."""
        self._under_way -= 1
        self._carried -= count
        if failure:
            self._drop(count, failure)
        else:
            self._troubled = False
        self._send(partly=self._timer is None)
        if self._emptied is not None and not self._waiting and not self._under_way and not self._emptied.done():
            self._emptied.set_result(None)

    def _drop(self, count: int, why: str) -> None:
        self.dropped += count
        if not self._troubled:
            self._troubled = True
            _log.error("log entries of plugin %s are lost: %s", self.outbox.key, why)

    def hurry(self) -> asyncio.Future[None]:
        """Sends what waits, without another attempt for what fails; done when nothing is left."""
        self._closing = True
        self._emptied = self._loop.create_future()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._send(partly=True)
        if not self._waiting and not self._under_way and not self._emptied.done():
            self._emptied.set_result(None)
        return self._emptied

    @property
    def closing(self) -> bool:
        return self._closing


class _Batch:
    """Entries on their way, through all attempts."""

    __slots__ = ("_batch", "_deadline", "_loop", "_pause", "_queue")

    def __init__(self, queue: Queue, batch: list[bytes], loop: asyncio.AbstractEventLoop) -> None:
        self._queue = queue
        self._batch = batch
        self._loop = loop
        self._pause = queue.outbox.first_retry
        self._deadline = loop.time() + queue.outbox.give_up

    def attempt(self) -> None:
        try:
            self._queue.fetch(self._batch, self._answered)
        except Exception as error:  # a fault of ours must not end a queue
            self._queue.finished(type(error).__name__, len(self._batch))

    def _answered(self, fetched: Fetched) -> None:
        if fetched.error is None and 200 <= fetched.status < 300:
            self._queue.finished("", len(self._batch))
            return
        failure = fetched.error.detail if fetched.error is not None else f"the server answered {fetched.status}"
        again = self._loop.time() + self._pause
        if again > self._deadline or self._queue.closing:
            self._queue.finished(failure, len(self._batch))
            return
        self._loop.call_at(again, self.attempt)
        self._pause = min(self._pause * 2, self._queue.outbox.longest_retry)


class Delivery:
    """All queues of a worker."""

    def __init__(self, sender: Sender, loop: asyncio.AbstractEventLoop) -> None:
        self._sender = sender
        self._loop = loop
        self._queues: dict[str, Queue] = {}

    def deliver(self, outbox: Outbox, entry: bytes) -> None:
        """Puts an entry into its queue, which takes over the newest outbox of its key."""
        queue = self._queues.get(outbox.key)
        if queue is None:
            queue = self._queues[outbox.key] = Queue(outbox, self._sender, self._loop)
        else:
            queue.outbox = outbox
        queue.put(entry)

    def dropped(self) -> int:
        """Entries that were lost since the start."""
        return sum(queue.dropped for queue in self._queues.values())

    async def drain(self, seconds: float) -> None:
        """Sends what waits, for at most so long; for the end of a worker."""
        hurrying = [queue.hurry() for queue in self._queues.values()]
        if hurrying:
            await asyncio.wait(hurrying, timeout=seconds)
        for key, queue in self._queues.items():
            if queue.left:
                _log.error("%d log entries of plugin %s are lost: no time to deliver them", queue.left, key)
