"""A client connection of the Admin API, the Manager and their kind: one handler answers whole requests.

Not for: what is answered (gateway.admin), the proxy (server.py).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable

from gateway.replies import json_reply
from gateway.transport.faults import describe
from gateway.transport.framing import reply_bytes
from gateway.transport.reading import RequestReader
from gateway.transport.serving import Serving
from gateway.values import Reply, Request

_log = logging.getLogger("gateway")


class HandlerConnection(RequestReader):
    """Calls `serving.begin(request) -> Reply | Awaitable[Reply]`."""

    __slots__ = ("_task",)

    def __init__(self, serving: Serving) -> None:
        super().__init__(serving)
        self._task: asyncio.Task[None] | None = None

    def begin(self, request: Request) -> None:
        try:
            outcome: Reply | Awaitable[Reply] = self.serving.begin(request)
        except Exception as error:
            self._reply(failure(error))
            return
        if isinstance(outcome, Reply):
            self._reply(outcome)
        else:
            self._task = asyncio.ensure_future(self._wait(outcome))

    def gave_up(self) -> None:
        # what was begun is carried out all the same: a change must not depend on whether somebody waits for it
        self._task = None

    async def _wait(self, outcome: Awaitable[Reply]) -> None:
        try:
            reply = await outcome
        except Exception as error:
            reply = failure(error)
        self._reply(reply)

    def _reply(self, reply: Reply) -> None:
        if self.transport.is_closing():
            return
        line = self.serving.runtime.date_line()
        self.transport.write(reply_bytes(reply, self.head[0], self.keep_alive, line))
        self.done()


def failure(error: Exception) -> Reply:
    _log.error("an Admin request failed inside the gateway: %s", describe(error))
    return json_reply(500, {"message": "An unexpected error occurred"})
