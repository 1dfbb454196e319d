"""Messages over a socket pair."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from support.proxy_bench import run

from gateway.transport.channel import Channel


class Heard:
    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.changed = asyncio.Event()
        self.lost = asyncio.Event()

    def hear(self, message: dict[str, Any]) -> None:
        self.messages.append(message)
        self.changed.set()

    async def until(self, count: int) -> None:
        while len(self.messages) < count:
            self.changed.clear()
            await self.changed.wait()


async def pair() -> tuple[Channel, Heard, Channel, Heard]:
    loop = asyncio.get_running_loop()
    out: list[Any] = []
    for one in socket.socketpair():
        heard = Heard()
        _, channel = await loop.create_connection(lambda heard=heard: Channel(heard.hear, heard.lost.set), sock=one)  # type: ignore[misc]
        out += (channel, heard)
    return out[0], out[1], out[2], out[3]


def test_messages_arrive_whole_and_in_order() -> None:
    async def scene() -> None:
        one, _, other, heard = await pair()
        sent = [{"number": number, "text": "x" * (number * 5000)} for number in range(40)]
        for message in sent:
            one.send(message)
        await heard.until(40)
        assert heard.messages == sent
        other.close()

    run(scene())


def test_however_the_bytes_are_cut() -> None:
    async def scene() -> None:
        one, _, other, heard = await pair()
        data = bytearray()
        one._transport = type("Wire", (), {"is_closing": lambda self: False, "write": lambda self, d: data.extend(d)})()
        one.send({"a": 1})
        one.send({"b": "é"})
        for byte in data:
            other.data_received(bytes([byte]))
        assert heard.messages == [{"a": 1}, {"b": "é"}]

    run(scene())


def test_the_end_of_the_other_side_is_told_once() -> None:
    async def scene() -> None:
        one, _, other, heard = await pair()
        one.close()
        await heard.lost.wait()
        other.send({"nobody": "listens"})

    run(scene())


def test_a_length_beyond_reason_ends_the_channel() -> None:
    async def scene() -> None:
        one, told, _, heard = await pair()
        one._transport.write(b"\xff\xff\xff\xff")
        await told.lost.wait()
        await heard.lost.wait()
        assert heard.messages == []

    run(scene())
