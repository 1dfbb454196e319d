"""The proxy's listener on a free port, in the test's own event loop, with raw clients. Not for: processes, plugins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Self, TypeVar

import uvloop
from support.plain_exchange import PlainExchange

from gateway.transport.dial import Dialer
from gateway.transport.pool import Pool
from gateway.transport.proxies import Proxies
from gateway.transport.runtime import Runtime
from gateway.transport.server import ClientConnection
from gateway.transport.serving import Serving
from gateway.transport.sweeper import Sweeper
from gateway.values import Origin, Request

SECONDS = 20.0
NOON = 1_795_348_800.0
Result = TypeVar("Result")


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Runs a test's coroutine on the loop that the gateway runs on, bounded."""

    async def bounded() -> Result:
        async with asyncio.timeout(SECONDS):
            return await work

    return uvloop.run(bounded())


class Client:
    """A raw connection to the listener."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def head(self) -> bytes:
        return await self.reader.readuntil(b"\r\n\r\n")

    async def answer(self, method: bytes = b"GET") -> tuple[bytes, bytes]:
        """The next answer's head and body; its framing must hold."""
        head = await self.head()
        low = head.lower()
        status = int(head.split(b" ")[1])
        if method == b"HEAD" or status < 200 or status in (204, 304):
            return head, b""
        if b"transfer-encoding: chunked" in low:
            body = b""
            while True:
                size = int(await self.reader.readline(), 16)
                body += await self.reader.readexactly(size)
                assert await self.reader.readexactly(2) == b"\r\n"
                if not size:
                    return head, body
        if b"content-length:" in low:
            length = int(low.split(b"content-length:")[1].split(b"\r\n")[0])
            return head, await self.reader.readexactly(length)
        return head, await self.reader.read()

    async def ask(self, target: bytes = b"/", body: bytes = b"", extra: bytes = b"") -> tuple[bytes, bytes]:
        method = b"POST" if body else b"GET"
        length = b"Content-Length: %d\r\n" % len(body) if body else b""
        self.send(b"%b %b HTTP/1.1\r\nHost: h.test\r\n%b%b\r\n%b" % (method, target, length, extra, body))
        return await self.answer()

    async def rest(self) -> bytes:
        """All that comes until the end of the connection, b"" also when it was reset."""
        data = b""
        try:
            while piece := await self.reader.read(65536):
                data += piece
        except ConnectionError:
            pass
        return data

    def close(self) -> None:
        self.writer.close()


class ProxyBench:
    """`begin` makes the exchange of a request; `finished` holds (exchange, status, sent, aborted) of each."""

    def __init__(
        self,
        *origins: Origin,
        begin: Callable[[Request], Any] | None = None,
        connection: Callable[[Serving], Any] = ClientConnection,
        **options: Any,
    ) -> None:
        self.origins = list(origins)
        self.finished: list[tuple[Any, int, int, bool]] = []
        self._begin = begin or self._plain
        self._connection = connection
        self._options = options
        self._clients: list[Client] = []

    def _plain(self, request: Request) -> PlainExchange:
        return PlainExchange(self.origins, request, self.record)

    def record(self, exchange: Any, status: int, sent: int, aborted: bool) -> None:
        self.finished.append((exchange, status, sent, aborted))
        self._done.set()

    async def until_finished(self, count: int = 1) -> None:
        while len(self.finished) < count:
            self._done.clear()
            await self._done.wait()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._done = asyncio.Event()
        self.sweeper = Sweeper(loop)
        self.runtime = Runtime(None, wall=lambda: NOON)
        self.pool = Pool(loop, self.sweeper, Dialer(loop, Proxies({})))
        self.serving = Serving(self._begin, self.runtime, self.sweeper, self.pool, **self._options)
        self._server = await loop.create_server(lambda: self._connection(self.serving), "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for client in self._clients:
            client.close()
        for connection in list(self.serving.connections):
            connection.transport.abort()
        self.pool.close()

    async def connect(self) -> Client:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)
        client = Client(reader, writer)
        self._clients.append(client)
        return client
