"""Many streams at once whose events are numbered, so that a lost, doubled or reordered one is seen; some are broken on
purpose. Not for: starting the gateway (gateway_process.py), speed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
from collections import Counter
from dataclasses import dataclass, field
from typing import Self

from support.faulty_upstream import reset

FAULTS = ("reset", "close", "half an event", "hang")
BACKLOG = 4096


def raise_descriptor_limit() -> int:
    """As many descriptors as this process may have, which its children get too."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


class NumberedUpstream:
    """Speaks OpenAI's dialect. A question "ID COUNT PACE FAULT" is answered with COUNT events, PACE seconds apart, and
    goes wrong in the middle where FAULT is one of FAULTS. `broken` holds the ids whose answers were."""

    def __init__(self) -> None:
        self.port = 0
        self.open = 0
        self.broken: dict[int, str] = {}

    async def __aenter__(self) -> Self:
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=BACKLOG)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
                body = json.loads(await reader.readexactly(length))
                self.open += 1
                try:
                    if not await self._stream(writer, *body["messages"][-1]["content"].split(" ", 3)):
                        return
                finally:
                    self.open -= 1
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError, ValueError):
            pass  # whoever it was went away, or the test is over, or it was a stranger looking for servers
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _stream(self, writer: asyncio.StreamWriter, id: str, count: str, pace: str, fault: str) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for number in range(int(count)):
            if fault in FAULTS and number == int(count) // 2:
                self.broken[int(id)] = fault
                if fault == "half an event":
                    writer.write(b'10\r\ndata: {"choices"\r\n')
                if fault == "hang":
                    await asyncio.Event().wait()
                await writer.drain()
                if fault == "reset":
                    reset(writer)
                return False
            delta = {"index": 0, "delta": {"content": f"{id}:{number} "}, "finish_reason": None}
            chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [delta]}
            data = b"data: %b\n\n" % json.dumps(chunk).encode()
            writer.write(b"%x\r\n%b\r\n" % (len(data), data))
            await writer.drain()
            if float(pace):
                await asyncio.sleep(float(pace))
        usage = {"prompt_tokens": 1, "completion_tokens": int(count), "total_tokens": int(count) + 1}
        last = b'data: {"choices":[],"usage":%b}\n\ndata: [DONE]\n\n' % json.dumps(usage).encode()
        writer.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(last), last))
        await writer.drain()
        return True


@dataclass
class Told:
    """What came of all streams so far."""

    whole: int = 0  # every event, in order, and [DONE]
    broken: int = 0  # the events up to the break in order, and an error as the last one
    cut: int = 0  # the connection to the gateway was lost: its worker was killed
    refused: Counter[int] = field(default_factory=Counter)  # status -> how many
    wrong: list[str] = field(default_factory=list)  # a lost, doubled or reordered event, or an end that is none
    events: int = 0


async def stream(port: int, path: str, id: int, count: int, pace: float, fault: str, told: Told) -> None:
    """One stream over a connection of its own, looked at event by event."""
    body = json.dumps(
        {"stream": True, "messages": [{"role": "user", "content": f"{id} {count} {pace} {fault}"}]}
    ).encode()
    writer: asyncio.StreamWriter | None = None
    received = b""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = b"POST %b HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        writer.write(head % (path.encode(), len(body)) + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        status = int(answer.split(b" ")[1])
        if status != 200:
            told.refused[status] += 1
            return
        while size := int(await reader.readline(), 16):
            received += (await reader.readexactly(size + 2))[:-2]
        _judge(id, count, fault, received, told)
    except (OSError, asyncio.IncompleteReadError, ValueError):
        told.cut += 1
        _in_order(id, received.rpartition(b"\n\n")[0], told)
    finally:
        if writer is not None:
            writer.close()


def _in_order(id: int, received: bytes, told: Told) -> tuple[int, list[dict[str, object]], bool]:
    """How many numbered events came before anything else, the other events, and whether [DONE] came."""
    number, others, done = 0, [], False
    for block in received.split(b"\n\n"):
        if not block.strip():
            continue
        data = block.removeprefix(b"data: ")
        if data == b"[DONE]":
            done = True
            continue
        event = json.loads(data)
        choices = event.get("choices")
        if not choices:
            others.append(event)
            continue
        said = choices[0]["delta"]["content"]
        if said != f"{id}:{number} ":
            told.wrong.append(f"stream {id}: event {number} said {said!r}")
        number += 1
    told.events += number
    return number, others, done


def _judge(id: int, count: int, fault: str, received: bytes, told: Told) -> None:
    try:
        number, others, done = _in_order(id, received, told)
    except ValueError:
        told.wrong.append(f"stream {id}: not JSON: {received[-200:]!r}")
        return
    if fault in FAULTS:
        if number == count // 2 and not done and others and "error" in others[-1]:
            told.broken += 1
        else:
            told.wrong.append(f"stream {id}, {fault}: {number} of {count // 2} events, done {done}, {others[-1:]}")
    elif number == count and done:
        told.whole += 1
    else:
        told.wrong.append(f"stream {id}: {number} of {count} events, done {done}, {others[-1:]}")


class Crowd:
    """Keeps `streams` streams going. Every `fault_every`-th is broken on purpose."""

    def __init__(
        self, port: int, path: str, streams: int, *, events: int = 40, pace: float = 0.05, fault_every: int = 100
    ) -> None:
        self.told = Told()
        self.started = 0
        self._port, self._path, self._streams = port, path, streams
        self._events, self._pace, self._fault_every = events, pace, fault_every
        self._stop = False

    async def run(self) -> Told:
        await asyncio.gather(*(self._again() for _ in range(self._streams)))
        return self.told

    def stop(self) -> None:
        """Lets the streams under way come to their end."""
        self._stop = True

    async def one(self) -> None:
        self.started += 1
        id = self.started
        broken = self._fault_every and id % self._fault_every == 0
        fault = FAULTS[id // self._fault_every % len(FAULTS)] if broken else "-"
        await stream(self._port, self._path, id, self._events, self._pace, fault, self.told)

    async def _again(self) -> None:
        while not self._stop:
            before = self.told.cut + sum(self.told.refused.values())
            await self.one()
            if self.told.cut + sum(self.told.refused.values()) > before:
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.sleep(0.05)
