"""Real worker processes of a configuration, on a free port. Not for: the control process around them
(gateway_process.py)."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from gateway.counters import Counters
from gateway.entities import Config
from gateway.health_marks import HealthMarks
from gateway.settings import Listener
from gateway.transport.sockets import close_all, open_all
from gateway.transport.workers import Workers, members_of


@contextlib.asynccontextmanager
async def started(first: Config, count: int = 2, command: tuple[str, ...] = ()) -> AsyncIterator[tuple[Workers, int]]:
    """The workers and the port that they serve."""
    opened = open_all([("KONG_PROXY_LISTEN", Listener("127.0.0.1", 0), count)])
    counters, marks = Counters.create(), HealthMarks.create()
    members = members_of(count, [(one.sockets, one.port, False) for one in opened])
    workers = Workers(members, counters.descriptor, first, command, marks=marks.descriptor)
    try:
        await workers.start()
        yield workers, opened[0].port
    finally:
        await workers.stop(5.0)
        close_all(opened)
        counters.close()
        marks.close()
