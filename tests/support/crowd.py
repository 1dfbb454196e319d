"""Many requests at once, each over a connection of its own, and an upstream that can take them. Not for: what answers
say in detail (gateway_process.py), measuring speed (proxy_bench.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

BACKLOG = 2048


class Upstream:
    """Answers every chat with the same usage; `answered` counts."""

    def __init__(self, prompt: int = 3, completion: int = 4) -> None:
        usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
        choice = {"index": 0, "message": {"role": "assistant", "content": "2"}, "finish_reason": "stop"}
        body = json.dumps({"object": "chat.completion", "model": "m", "choices": [choice], "usage": usage}).encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        self._answer = head + body
        self.answered = 0
        self.port = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = head.partition(b"content-length:")[2].split(b"\r\n")[0]
                await reader.readexactly(int(length or 0))
                self.answered += 1
                writer.write(self._answer)
                await writer.drain()
        writer.close()

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[Upstream]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=BACKLOG)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()


async def one(port: int, path: str, headers: str = "", body: Any = None) -> int:
    """The status of one request; 0 when the connection broke."""
    data = json.dumps(body or {"messages": [{"role": "user", "content": "1+1?"}]}).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: gateway.test\r\nConnection: close\r\n{headers}"
        f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    writer = None
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head.encode() + data)
        answer = await reader.read()
    except OSError:
        return 0
    finally:
        if writer is not None:
            writer.close()
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


async def crowd(port: int, path: str, count: int, headers: str = "") -> Counter[int]:
    """How often each status came when `count` clients ask at once."""
    return Counter(await asyncio.gather(*(one(port, path, headers) for _ in range(count))))


async def stream_of(port: int, path: str, clients: int, until: Callable[[], bool]) -> Counter[int]:
    """The same for clients that ask again and again until something has happened."""
    found: Counter[int] = Counter()

    async def client() -> None:
        while not until():
            found[await one(port, path)] += 1

    await asyncio.gather(*(client() for _ in range(clients)))
    return found
