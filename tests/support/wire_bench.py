"""A listener whose sockets are lists: bytes of a client go in, bytes for its upstream and for itself come out, at the
time and with the request ids of a test. Not for: framing over real connections (proxy_bench.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from support.exchange import Gateway, TestRuntime

from gateway.counters import Counters
from gateway.metrics import Registry, render
from gateway.recorder import RecordedExchange, Recorder
from gateway.transport.client import Upstream
from gateway.transport.lanes import Lanes
from gateway.transport.pool import Pool
from gateway.transport.server import ClientConnection
from gateway.transport.serving import Serving
from gateway.transport.sweeper import Sweeper
from gateway.values import Origin, Request


class _Runtime(TestRuntime):
    stores = None

    def date_line(self) -> bytes:
        return b"Date: Sun, 22 Nov 2026 12:00:00 GMT\r\n"


class Wire:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.written = b""
        self.closed = False

    def write(self, data: bytes) -> None:
        self.written += data

    def take(self) -> bytes:
        written, self.written = self.written, b""
        return written

    def writelines(self, pieces: Any) -> None:
        self.written += b"".join(pieces)

    def close(self) -> None:
        self.closed = True

    abort = write_eof = close

    def is_closing(self) -> bool:
        return self.closed

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None:
        """Everything is in memory already."""

    resume_reading = pause_reading

    def get_write_buffer_size(self) -> int:
        return 0

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 40000) if name == "peername" else default


class _Loop:
    """Calls at once what is called soon, when the test says so."""

    def __init__(self) -> None:
        self.soon: list[Callable[[], object]] = []

    def call_soon(self, callback: Callable[[], object]) -> None:
        self.soon.append(callback)

    def turn(self) -> None:
        while self.soon:
            self.soon.pop(0)()


class WireBench:
    """One client and one kept connection to `origin`. `express` False: every request goes the general way."""

    def __init__(self, declarative: Mapping[str, Any], origin: Origin, express: bool = True) -> None:
        self.runtime = _Runtime()
        self.recorder = Recorder()
        self.metrics = Registry()
        resources = {"metrics": self.metrics, "counters": Counters.create(1 << 10, shared=False)}
        self.gateway = Gateway(declarative, runtime=self.runtime, resources=resources)
        self._loop = _Loop()
        loop = cast(Any, self._loop)
        self.sweeper = Sweeper(loop)
        self.pool = Pool(loop, self.sweeper, cast(Any, None))
        self.serving = Serving(self._begin, cast(Any, self.runtime), self.sweeper, self.pool, port=8000)
        if express:
            self.serving.lanes = Lanes(self.recorder)
        self.client_wire = Wire()
        self.client = ClientConnection(self.serving)
        self.client.connection_made(cast(Any, self.client_wire))
        self.origin = origin
        self.connect()

    def connect(self) -> None:
        """Another kept connection to the upstream."""
        self.upstream_wire = Wire()
        self.upstream = Upstream(self.pool, self.origin, f"{self.origin.host}:{self.origin.port}")
        self.upstream.connection_made(cast(Any, self.upstream_wire))
        self.pool.give_back(self.upstream)

    def _begin(self, request: Request) -> RecordedExchange:
        return RecordedExchange(self.gateway.snapshot, request, cast(Any, self.runtime), self.recorder)

    def send(self, *pieces: bytes) -> bytes:
        """What goes upstream after the client sent these pieces."""
        for piece in pieces:
            self.client.data_received(piece)
            self._loop.turn()
        return self.upstream_wire.take()

    def answer(self, *pieces: bytes) -> bytes:
        """What the client gets after the upstream sent these pieces."""
        for piece in pieces:
            self.upstream.data_received(piece)
            self._loop.turn()
        return self.client_wire.take()

    @property
    def short(self) -> bool:
        """Whether the request under way goes the short way."""
        return type(self.client._exchange).__name__ == "Express"

    def remembered(self) -> tuple[list[bytes], list[dict[str, Any]], dict[str, Any], bytes]:
        """The access log, the last requests, the sums and the metrics, and empties the log."""
        told = self.recorder.recent()
        lines, self.runtime.lines = self.runtime.lines, []
        return lines, told, self.recorder.activity(), render(self.metrics.dump())
