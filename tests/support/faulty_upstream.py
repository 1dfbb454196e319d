"""A model server on loopback that goes wrong in one chosen way: at each place of an answer, whole or streamed, in the
dialects of OpenAI and Anthropic. Not for: judging what comes of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import struct
from typing import Any, Self

REPLY = "four, and a few more words"
FAULTS = (
    *("refuse", "reset before head", "close before head", "hang before head"),
    *("reset in head", "close in head", "hang in head"),
    *("reset in body", "close in body", "hang in body"),
    *("garbage", "garbage in body", "too short", "too long", "interim", "early 413"),
)
"""Beside these: "" is a right answer."""
_USAGE_OPENAI = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}


def _openai(stream: bool) -> bytes:
    base = {"id": "c1", "created": 1, "model": "m"}
    if not stream:
        choice = {"index": 0, "message": {"role": "assistant", "content": REPLY}, "finish_reason": "stop"}
        return json.dumps({**base, "object": "chat.completion", "choices": [choice], "usage": _USAGE_OPENAI}).encode()
    base["object"] = "chat.completion.chunk"
    chunks: list[dict[str, Any]] = [
        {**base, "choices": [{"index": 0, "delta": {"content": word + " "}, "finish_reason": None}]}
        for word in REPLY.split()
    ]
    chunks.append({**base, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    chunks.append({**base, "choices": [], "usage": _USAGE_OPENAI})
    return b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks) + b"data: [DONE]\n\n"


def _anthropic(stream: bool) -> bytes:
    message = {"id": "m1", "type": "message", "role": "assistant", "model": "m", "stop_sequence": None}
    if not stream:
        content = [{"type": "text", "text": REPLY}]
        usage = {"input_tokens": 11, "output_tokens": 7}
        return json.dumps({**message, "content": content, "stop_reason": "end_turn", "usage": usage}).encode()
    start = {**message, "content": [], "stop_reason": None, "usage": {"input_tokens": 11, "output_tokens": 1}}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word + " "}}
            for word in REPLY.split()
        ),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": 7},
        },
        {"type": "message_stop"},
    ]
    return b"".join(
        b"event: %b\ndata: %b\n\n" % (event["type"].encode(), json.dumps(event).encode()) for event in events
    )


def reset(writer: asyncio.StreamWriter) -> None:
    """Ends a connection with RST."""
    with contextlib.suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class FaultyUpstream:
    """`fault` is one of FAULTS or "". `left` counts requests whose client went away while they hung; `whole` those that
    were read whole."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.fault = ""
        self.connections = self.left = self.whole = 0
        self.changed = asyncio.Event()
        self._tls = tls
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.port: int = self._server.sockets[0].getsockname()[1]
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
        self.connections += 1
        try:
            if self.fault == "refuse":
                reset(writer)
                return
            while await self._answer(reader, writer):
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        if self.fault == "early 413":
            error = b'{"error": {"message": "too much", "type": "invalid_request_error", "code": null, "param": null}}'
            writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Type: application/json\r\nConnection: close\r\n")
            writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(error), error))
            await writer.drain()
            await reader.read()  # a server that lets what comes run out, so that its answer is not lost
            return False
        body = await reader.readexactly(length)
        self.whole += 1
        self.changed.set()
        stream = b'"stream":true' in body.replace(b" ", b"")
        content = (_anthropic if b"/messages" in head.partition(b"\r\n")[0] else _openai)(stream)
        return await self._go_wrong(reader, writer, self._head(content, stream), content)

    def _head(self, content: bytes, stream: bool) -> bytes:
        kind = b"text/event-stream" if stream else b"application/json"
        length = len(content) + {"too short": 500, "too long": -9}.get(self.fault, 0)
        interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"
        first = interim if self.fault == "interim" else b""
        return b"%bHTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n" % (first, kind, length)

    async def _go_wrong(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes, content: bytes
    ) -> bool:
        """Whether the connection goes on."""
        how, _, where = self.fault.partition(" ")
        if self.fault == "garbage":
            writer.write(b"\x15\x03\x01 what is this?\r\n\r\n")
            return False
        if self.fault == "garbage in body":
            chunked = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
            half = content[: len(content) // 2]
            writer.write(chunked + b"%x\r\n%b\r\nnot a size\r\n" % (len(half), half))
            await writer.drain()
            await reader.read()
            return False
        sent = {"before head": b"", "in head": head[:40], "in body": head + content[: len(content) // 2]}
        writer.write(sent.get(where, head + content))
        await writer.drain()
        if how == "hang":
            await reader.read()  # until the other side has had enough
            self.left += 1
            self.changed.set()
        elif how == "reset":
            await asyncio.sleep(0.02)  # what was sent must arrive before the reset throws it away
            reset(writer)
        return self.fault in ("", "interim", "too long")
