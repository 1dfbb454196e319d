"""An upstream whose streams go on only when the test says so, and clients that never stop asking: for tests of what a
change does to requests under way. Not for: what providers check (providers_mock.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Self

WAIT = 120.0  # seconds; only a broken gateway makes anything wait so long
ASKED = {"messages": [{"role": "user", "content": "1+1?"}]}


class PacedUpstream:
    """OpenAI-shaped. Chats are answered at once; a stream's event n is sent once `release` has said n or more."""

    def __init__(self, events: int) -> None:
        self.events = events
        self.begun = 0  # streams
        self.keys: deque[str] = deque(maxlen=100)  # the latest credentials, newest last
        self.models: set[str] = set()
        self.port = 0
        self._released = 0
        self._loop = asyncio.new_event_loop()
        self._news = asyncio.Condition()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(WAIT)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WAIT)

    def release(self, event: int) -> None:
        asyncio.run_coroutine_threadsafe(self._let_go(event), self._loop).result(WAIT)

    async def _let_go(self, event: int) -> None:
        async with self._news:
            self._released = event
            self._news.notify_all()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=512))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                fields = {name.lower(): value.strip() for name, _, value in _lines(head)}
                asked = json.loads(await reader.readexactly(int(fields["content-length"])))
                self.keys.append(fields.get("authorization", ""))
                self.models.add(asked.get("model", ""))
                if asked.get("stream"):
                    await self._stream(writer)
                else:
                    writer.write(_whole(asked.get("model", "")))
                await writer.drain()
        writer.close()

    async def _stream(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        self.begun += 1
        for number in range(self.events):
            async with self._news:
                await self._news.wait_for(lambda number=number: self._released >= number)  # type: ignore[misc]
            _chunk(writer, _event(number, number == self.events - 1))
            await writer.drain()
        _chunk(writer, b"data: [DONE]\n\n")
        writer.write(b"0\r\n\r\n")


def _lines(head: bytes) -> list[tuple[str, str, str]]:
    return [line.partition(":") for line in head.decode("latin-1").split("\r\n")[1:] if line]


def _whole(model: str) -> bytes:
    usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
    choice = {"index": 0, "message": {"role": "assistant", "content": "2"}, "finish_reason": "stop"}
    body = json.dumps({"object": "chat.completion", "model": model, "choices": [choice], "usage": usage}).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def _event(number: int, last: bool) -> bytes:
    choice = {"index": 0, "delta": {"content": f"{number} "}, "finish_reason": "stop" if last else None}
    return (
        b"data: "
        + json.dumps({"object": "chat.completion.chunk", "model": "m", "choices": [choice]}).encode()
        + b"\n\n"
    )


def _chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(b"%x\r\n" % len(data) + data + b"\r\n")


class Crowd:
    """Clients of one path: some stream once, some ask again and again over connections they keep."""

    def __init__(self, port: int, path: str) -> None:
        self.port = port
        self.path = path
        self.answered = 0
        self.failures: list[str] = []
        self.streamed: list[list[int]] = []
        self._stop = threading.Event()
        self._news = threading.Condition()
        self._threads: list[threading.Thread] = []

    def start(self, streams: int, clients: int) -> None:
        jobs: list[Callable[[], None]] = [self._one_stream] * streams + [self._client] * clients
        self._threads = [threading.Thread(target=self._guarded, args=(job,), daemon=True) for job in jobs]
        for thread in self._threads:
            thread.start()

    def wait_for(self, answered: int) -> None:
        with self._news:
            assert self._news.wait_for(lambda: self.answered >= answered or self.failures, WAIT), "the gateway hangs"
            assert self.failures == []

    def finish(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(WAIT)
            assert not thread.is_alive(), "a client waits for ever"

    def _guarded(self, job: Callable[[], None]) -> None:
        try:
            job()
        except Exception as error:
            self._failed(f"{type(error).__name__}: {error}")

    def _failed(self, what: str) -> None:
        with self._news:
            self.failures.append(what)
            self._news.notify_all()

    def _client(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT)
        while not self._stop.is_set():
            status, body = self._ask(connection, ASKED)
            if status != 200 or b'"content":' not in body:
                self._failed(f"{status}: {body[:200]!r}")
            with self._news:
                self.answered += 1
                self._news.notify_all()
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection, body: dict[str, Any]) -> tuple[int, bytes]:
        connection.request("POST", self.path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()

    def _one_stream(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT)
        status, body = self._ask(connection, {**ASKED, "stream": True})
        connection.close()
        lines = [line.removeprefix("data: ") for line in body.decode().split("\n\n") if line]
        if status != 200 or lines[-1:] != ["[DONE]"]:
            self._failed(f"a stream: {status}, ends {lines[-1:]}")
            return
        pieces = [json.loads(line)["choices"] for line in lines[:-1]]
        self.streamed.append([int(choices[0]["delta"]["content"]) for choices in pieces if choices])
