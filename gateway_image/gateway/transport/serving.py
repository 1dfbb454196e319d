"""What the connections of one listener share. Not for: sockets (process.py opens them), requests."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gateway.codec import encode
from gateway.transport.pool import Pool
from gateway.transport.runtime import Runtime
from gateway.transport.sweeper import Sweeper
from gateway.values import Request

if TYPE_CHECKING:
    from gateway.transport.reading import RequestReader

BODY_LIMIT = 64 << 20
"""Bytes of a request body when nothing else is configured."""
BODIES_LIMIT = 512 << 20
"""Bytes of all bodies that came in pieces and whose requests are not over: a hundred clients with the largest body each
would take a machine's memory otherwise."""
CONNECTIONS = 16384
_log = logging.getLogger("gateway")


class Serving:
    """One listener: where it listens, its limits, its open connections."""

    __slots__ = (
        "accepted",
        "begin",
        "bodies_limit",
        "body_limit",
        "connection_limit",
        "connections",
        "draining",
        "held",
        "identity",
        "lanes",
        "pool",
        "port",
        "refusals",
        "requests",
        "runtime",
        "scheme",
        "sweeper",
        "turned_away",
    )

    def __init__(
        self,
        begin: Callable[[Request], Any],
        runtime: Runtime,
        sweeper: Sweeper,
        pool: Pool | None = None,
        *,
        port: int = 8000,
        scheme: str = "http",
        body_limit: int = BODY_LIMIT,
        bodies_limit: int = BODIES_LIMIT,
        connection_limit: int = CONNECTIONS,
        identity: Callable[[bytes], bytes] = lambda _: b"",
    ) -> None:
        self.begin = begin  # makes an Exchange, or for handling.py gives a Reply or an awaitable of one
        self.runtime = runtime
        self.sweeper = sweeper
        self.pool = pool
        self.port = port
        self.scheme = scheme
        self.body_limit = body_limit
        self.identity = identity  # header lines for answers that no exchange makes, out of the request id
        self.lanes: Any = None  # of the configuration in force, for the proxy
        self.bodies_limit = bodies_limit
        self.connection_limit = connection_limit
        self.turned_away = False  # somebody was, since there was room last
        self.held = 0  # bytes of bodies
        self.draining = False
        self.accepted = 0  # connections so far
        self.requests = 0  # whole requests so far
        self.connections: set[RequestReader] = set()
        self.refusals: dict[int, int] = {}  # status -> how many requests could not be read

    def opened(self, connection: RequestReader) -> None:
        self.accepted += 1
        if len(self.connections) >= self.connection_limit:
            if not self.turned_away:
                self.turned_away = True
                _log.error(
                    "%d clients are connected, as many as may be: others are turned away "
                    "(KONG_NGINX_EVENTS_WORKER_CONNECTIONS)", self.connection_limit,
                )  # fmt: skip
            connection.transport.abort()
            return
        self.connections.add(connection)
        self.sweeper.waiting.add(connection)
        if self.draining:
            connection.drain()

    def closed(self, connection: RequestReader) -> None:
        if connection in self.connections:
            self.connections.discard(connection)
            self.sweeper.waiting.discard(connection)
            if len(self.connections) < self.connection_limit * 0.9:  # not with every one that comes and goes
                self.turned_away = False

    def refused(self, client: str, status: int, request_id: bytes, sent: int) -> None:
        """Counts and logs a request that could not be read, in the shape of the exchange's lines."""
        self.refusals[status] = self.refusals.get(status, 0) + 1
        self.runtime.log(
            encode(
                {
                    "time": round(self.runtime.wall(), 3),
                    "client": client,
                    "status": status,
                    "bytes": sent,
                    "request_id": request_id.decode("latin-1"),
                }
            )
        )

    def drain(self) -> None:
        """No more requests: idle connections close, busy ones after their answer."""
        self.draining = True
        for connection in list(self.connections):
            connection.drain()
