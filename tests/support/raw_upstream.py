"""A real upstream for transport tests, on loopback in the test's own event loop: it records what arrives and answers
with the bytes it is told to. Not for: knowing any provider (providers_mock.py).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Self

from gateway.values import Origin


@dataclass(frozen=True)
class Arrived:
    """One request as it arrived; `connection` counts from 1."""

    connection: int
    head: bytes
    body: bytes

    @property
    def target(self) -> bytes:
        return self.head.split(b" ", 2)[1]

    @property
    def lines(self) -> list[bytes]:
        return self.head.split(b"\r\n")[1:]


Answer = Callable[["Arrived", asyncio.StreamWriter], Awaitable[bool | None]]
"""Writes the answer; False closes the connection afterwards."""


def ok(body: bytes = b'{"ok":true}', extra: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%bContent-Length: %d\r\n\r\n%b" % (
        extra,
        len(body),
        body,
    )


async def answer_ok(arrived: Arrived, writer: asyncio.StreamWriter) -> None:
    writer.write(ok())


def answer_bytes(data: bytes, close: bool = False) -> Answer:
    async def answer(arrived: Arrived, writer: asyncio.StreamWriter) -> bool:
        writer.write(data)
        return not close

    return answer


@dataclass
class RawUpstream:
    """`async with RawUpstream(answer) as upstream:` listens on a free port until the block ends."""

    answer: Answer = answer_ok
    host: str = "127.0.0.1"
    arrived: list[Arrived] = field(default_factory=list)
    connections: int = 0
    closed: int = 0
    port: int = 0  # 0: any that is free
    tls: ssl.SSLContext | None = None

    async def __aenter__(self) -> Self:
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._serve, self.host, self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def origin(self) -> Origin:
        return Origin("https" if self.tls else "http", self.host, self.port)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits for what arrives or goes to make `condition` true."""
        async with self._changed:
            await self._changed.wait_for(condition)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        number = self.connections
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n"))[:-4]
                length = 0
                for line in head.split(b"\r\n"):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line[15:])
                body = await reader.readexactly(length)
                one = Arrived(number, head, body)
                self.arrived.append(one)
                await self._tell()
                if await self.answer(one, writer) is False:
                    break
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.closed += 1
            self._tasks.discard(task)
            writer.close()
            if not task.cancelling():
                await self._tell()
