"""A client connection of the pages: whole answers like the Admin API's, and requests that go on through the proxy,
whose answers come back in pieces. Not for: what is answered (gateway.admin), the proxy itself (server.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from gateway.admin.relay import Relay
from gateway.transport.handling import failure
from gateway.transport.pool import Pool
from gateway.transport.server import ClientConnection
from gateway.transport.serving import Serving
from gateway.values import Fetch, Fetched, Reply, Request

Outcome = Reply | Relay


class RelayConnection(ClientConnection):
    """Calls `serving.begin(request) -> Reply | Relay | Awaitable[Reply | Relay]`."""

    __slots__ = ("_task",)

    def __init__(self, serving: Serving) -> None:
        super().__init__(serving)
        self._task: asyncio.Task[None] | None = None

    def begin(self, request: Request) -> None:
        self._held = False
        self._status = 0
        self._sent = 0
        try:
            outcome: Outcome | Awaitable[Outcome] = self.serving.begin(request)
        except Exception as error:
            outcome = failure(error)
        if isinstance(outcome, Reply | Relay):
            self._answer(outcome)
        else:
            self._task = asyncio.ensure_future(self._wait(outcome))

    def gave_up(self) -> None:
        # what was begun is carried out all the same: a change must not depend on whether somebody waits for it
        self._task = None
        super().gave_up()

    async def _wait(self, waiting: Awaitable[Outcome]) -> None:
        try:
            outcome = await waiting
        except Exception as error:
            outcome = failure(error)
        if not self.transport.is_closing():
            self._answer(outcome)

    def _answer(self, outcome: Outcome) -> None:
        if isinstance(outcome, Reply):
            self._reply(outcome)
        else:
            self._exchange = outcome
            self._perform(outcome.start())


class Questions:
    """Fetches for coroutines: what the Admin side asks of others."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def ask(self, fetch: Fetch) -> Fetched:
        """The whole answer; never raises, what went wrong is in it."""
        waiting: asyncio.Future[Fetched] = asyncio.get_running_loop().create_future()
        fetching = self._pool.fetch(fetch, waiting.set_result)
        try:
            return await waiting
        except asyncio.CancelledError:
            fetching.abandon()
            raise

    def close(self) -> None:
        self._pool.close()
