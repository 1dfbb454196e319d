"""Both kinds of connections without sockets: bytes in, bytes out, at once. For tests that try a great many."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from gateway.transport.client import Upstream
from gateway.transport.handling import HandlerConnection
from gateway.transport.outbox import Outbox
from gateway.transport.runtime import Runtime
from gateway.transport.serving import Serving
from gateway.transport.sweeper import Sweeper
from gateway.values import Forward, Headers, Origin, Reply, Request, UpstreamError

NOON = 1_795_348_800.0


class Pipe(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False
        self.paused = False

    def write(self, data: Any) -> None:
        if not self.closed:
            self.written += data

    def close(self) -> None:
        self.closed = True

    abort = close

    def is_closing(self) -> bool:
        return self.closed

    def write_eof(self) -> None:
        """Lingering: the other side may still send."""

    def can_write_eof(self) -> bool:
        return True

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def get_write_buffer_size(self) -> int:
        return 0

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 1) if name == "peername" else default


class NoLoop:
    """Stands where a loop is wanted; what it is given to do, the test does itself (OnePool.outbox.flush)."""

    def call_soon(self, callback: Callable[..., object], *arguments: object) -> None:
        """Not now."""


class Turns:
    """A loop that turns when it is told to."""

    def __init__(self) -> None:
        self._next: list[Callable[[], object]] = []

    def call_soon(self, callback: Callable[[], object]) -> None:
        self._next.append(callback)

    def turn(self) -> None:
        """Until nothing is left to do."""
        while self._next:
            self._next.pop(0)()


class Served(HandlerConnection):
    """Its loop turns after every piece."""

    turns: Turns

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self.turns.turn()


def server(answer: Callable[[Request], Reply], body_limit: int = 1 << 20) -> tuple[HandlerConnection, Pipe]:
    """A listener's connection whose requests are answered at once."""
    turns = Turns()
    loop = cast(asyncio.AbstractEventLoop, turns)
    serving = Serving(answer, Runtime(None, wall=lambda: NOON), Sweeper(loop), body_limit=body_limit)
    connection, pipe = Served(serving), Pipe()
    connection.turns = turns
    connection.connection_made(pipe)
    return connection, pipe


class Heard:
    """A consumer that remembers."""

    def __init__(self) -> None:
        self.upstream: Any = None
        self.status = 0
        self.headers: Headers = []
        self.body = b""
        self.ended = 0
        self.error: UpstreamError | None = None

    def upstream_connected(self, address: str, seconds: float) -> None:
        """It is connected from the start."""

    def upstream_head(self, status: int, reason: bytes, headers: Headers) -> None:
        assert not self.status, "two heads"
        self.status, self.headers = status, headers

    def upstream_data(self, piece: bytes) -> None:
        assert self.status and not self.ended
        self.body += piece

    def upstream_flush(self) -> None:
        assert not self.ended

    def upstream_end(self, piece: bytes) -> None:
        self.body += piece
        self.ended += 1

    def upstream_whole(self, status: int, reason: bytes, headers: Headers, body: bytes) -> None:
        self.upstream_head(status, reason, headers)
        self.upstream_end(body)

    def upstream_failed(self, error: UpstreamError) -> None:
        assert not self.ended and self.error is None
        self.error = error


class OnePool:
    """A pool of one connection: whether it was given back."""

    def __init__(self) -> None:
        self.kept = 0
        self.dialled = 0
        self.outbox = Outbox(cast(asyncio.AbstractEventLoop, NoLoop()))

    def give_back(self, upstream: Upstream) -> None:
        self.kept += 1

    def forget(self, upstream: Upstream) -> None:
        """Nobody remembers it."""

    def dial(self, forward: Forward, consumer: Any) -> None:
        self.dialled += 1


def client() -> tuple[Upstream, Pipe, OnePool]:
    """An upstream connection that is idle."""
    pool = OnePool()
    upstream, pipe = Upstream(cast(Any, pool), Origin("http", "h", 80), "h:80"), Pipe()
    upstream.connection_made(pipe)
    return upstream, pipe, pool
