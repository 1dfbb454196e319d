"""The upstream connections of a worker: kept per origin, last used first. Not for: how a connection is opened
(dial.py), what is said on it (client.py).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from gateway.transport.client import Consumer, Upstream
from gateway.transport.dial import Dialer, DialError
from gateway.transport.faults import describe
from gateway.transport.fetching import Fetching
from gateway.transport.outbox import Outbox
from gateway.transport.sweeper import Sweeper, ticks
from gateway.values import Fetch, Fetched, Forward, Origin, UpstreamError

IDLE_SECONDS = 60.0  # a connection that nobody used for so long is closed
IDLE_CONNECTIONS = 512  # kept per origin
ANSWERS = 10_000  # after so many a connection is replaced
_log = logging.getLogger("gateway")


class Dialing:
    """An attempt to open a connection, in the place of the connection until there is one."""

    __slots__ = ("paused", "task")

    def __init__(self) -> None:
        self.task: asyncio.Task[None] | None = None
        self.paused = False

    def abandon(self) -> None:
        if self.task is not None:
            self.task.cancel()

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False


class Pool:
    """Sends requests over kept or new connections."""

    def __init__(self, loop: asyncio.AbstractEventLoop, sweeper: Sweeper, dialer: Dialer) -> None:
        self.opened = 0  # connections opened so far
        self.outbox = Outbox(loop)
        self._loop = loop
        self._sweeper = sweeper
        self._dialer = dialer
        self._idle: dict[Origin, list[Upstream]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._patience = ticks(IDLE_SECONDS)
        self._closed = False

    def send(self, forward: Forward, consumer: Consumer) -> None:
        """Asks `forward.origin`; the consumer is called with what comes of it, never before this returns unless a
        kept connection is at hand that fails at once."""
        idle = self._idle.get(forward.origin)
        while idle:
            upstream = idle.pop()
            if not upstream.transport.is_closing():
                upstream.ask(forward, consumer)
                return
        self.dial(forward, consumer)

    def dial(self, forward: Forward, consumer: Consumer) -> None:
        """Asks over a fresh connection."""
        dialing = Dialing()
        consumer.upstream = dialing
        task = self._loop.create_task(self._dial(forward, consumer, dialing))
        dialing.task = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def fetch(self, fetch: Fetch, done: Callable[[Fetched], None]) -> Fetching:
        """Asks and collects the whole answer; `done` is called once. The result can be abandoned."""
        fetching = Fetching(fetch, done, self._loop)
        timeout = fetch.timeout
        self.send(Forward(fetch.origin, fetch.head, fetch.body, timeout, timeout, timeout), fetching)
        return fetching

    async def reach(self, origin: Origin) -> None:
        """Whether a connection can be made; it is closed at once. Raises DialError."""
        await self._dialer.reach(origin)

    def give_back(self, upstream: Upstream) -> None:
        """Keeps an idle connection for the next request to its origin."""
        idle = self._idle.get(upstream.origin)
        if idle is None:
            idle = self._idle[upstream.origin] = []
        if self._closed or len(idle) >= IDLE_CONNECTIONS or upstream.answers >= ANSWERS:
            upstream.close()
            return
        upstream.quiet = 0
        upstream.patience = self._patience
        idle.append(upstream)

    def forget(self, upstream: Upstream) -> None:
        """A connection that is closed or closing."""
        self._sweeper.waiting.discard(upstream)
        idle = self._idle.get(upstream.origin)
        if idle:
            try:
                idle.remove(upstream)
            except ValueError:
                pass
        if upstream.context is not None:
            upstream.context.remember(
                upstream.transport.get_extra_info("ssl_object"), upstream.origin.server_name or upstream.origin.host
            )
            upstream.context = None

    def close(self) -> None:
        """Closes the idle connections; those at work close when they are done."""
        self._closed = True
        for idle in self._idle.values():
            for upstream in list(idle):
                upstream.close()
        self._idle.clear()

    async def _dial(self, forward: Forward, consumer: Consumer, dialing: Dialing) -> None:
        started = self._loop.time()
        try:
            async with asyncio.timeout(forward.connect_timeout if forward.connect_timeout > 0 else None):
                upstream = await self._dialer.open(self, forward.origin)
        except TimeoutError:
            where = f"{forward.origin.host}:{forward.origin.port}"
            detail = f"{where}: no connection within {forward.connect_timeout:g} s"
            consumer.upstream_failed(UpstreamError("connect_timeout", detail, False))
            return
        except DialError as error:
            consumer.upstream_failed(UpstreamError(error.kind, error.detail, False))
            return
        except Exception as error:  # a fault of ours: nobody may wait for a connection that nobody opens
            where = f"{forward.origin.host}:{forward.origin.port}"
            _log.error("opening a connection to %s failed inside the gateway: %s", where, describe(error))
            consumer.upstream_failed(UpstreamError("closed", f"{where}: no connection could be opened", False))
            return
        self.opened += 1
        self._sweeper.waiting.add(upstream)
        consumer.upstream_connected(upstream.address, self._loop.time() - started)
        upstream.ask(forward, consumer)
        if dialing.paused:
            upstream.pause()
