"""What the connections of one listener share."""

from __future__ import annotations

import asyncio
import json

import pytest
from support.proxy_bench import ProxyBench, run
from support.raw_upstream import Arrived, RawUpstream


def test_connections_are_counted_and_forgotten() -> None:
    async def scene() -> None:
        async with ProxyBench() as bench:
            clients = [await bench.connect() for _ in range(3)]
            for client in clients:
                await client.ask(b"/reply")
            serving = bench.serving
            assert (serving.accepted, serving.requests, len(serving.connections)) == (3, 3, 3)
            clients[0].send(b"GET /reply HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            await clients[0].rest()
            assert len(serving.connections) == 2
            assert not [one for one in serving.connections if one not in bench.sweeper.waiting]

    run(scene())


def test_refusals_are_counted_by_status() -> None:
    async def scene() -> None:
        async with ProxyBench() as bench:
            for head in (b"GET /%zz HTTP/1.1\r\n\r\n", b"TRACE / HTTP/1.1\r\nHost: h\r\n\r\n", b"x\r\n\r\n"):
                client = await bench.connect()
                client.send(head)
                await client.answer()
            assert bench.serving.refusals == {400: 2, 405: 1}

    run(scene())


def test_refusals_are_logged() -> None:
    async def scene() -> None:
        async with ProxyBench() as bench:
            lines: list[bytes] = []
            bench.runtime.log = lines.append  # type: ignore[method-assign]
            client = await bench.connect()
            client.send(b"GET /%zz HTTP/1.1\r\n\r\n")
            head, body = await client.answer()
            entry = json.loads(lines[0])
            assert entry["request_id"].encode() in body
            assert (entry["client"], entry["status"], entry["bytes"]) == ("127.0.0.1", 400, len(head) + len(body))

    run(scene())


def test_who_connects_while_draining_is_turned_away() -> None:
    async def scene() -> None:
        async with ProxyBench() as bench:
            bench.serving.drain()
            assert await (await bench.connect()).rest() == b""

    run(scene())


def test_clients_beyond_the_limit_are_turned_away_and_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        async with ProxyBench(connection_limit=2) as bench:
            first, second = await bench.connect(), await bench.connect()
            for client in (first, second):
                await client.ask(b"/reply")
            for _ in range(3):
                assert await (await bench.connect()).rest() == b""
            assert len(bench.serving.connections) == 2 and len(caplog.records) == 1
            first.close()
            while len(bench.serving.connections) == 2:
                await asyncio.sleep(0)
            assert (await (await bench.connect()).ask(b"/reply"))[0].startswith(b"HTTP/1.1 200 ")

    run(scene())
    assert "2 clients are connected, as many as may be" in caplog.text


def test_all_bodies_together_are_bounded() -> None:
    """Those that still arrive, and those whose requests wait for an upstream."""

    async def scene() -> None:
        go = asyncio.Event()

        async def late(arrived: Arrived, writer: asyncio.StreamWriter) -> None:
            await go.wait()
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

        async def arrived(size: int) -> None:
            while bench.serving.held != size:
                await asyncio.sleep(0)

        head = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6000\r\n\r\n"
        async with RawUpstream(late) as upstream, ProxyBench(upstream.origin, bodies_limit=10_000) as bench:
            whole, half, other = [await bench.connect() for _ in range(3)]
            whole.send(head)
            whole.send(b"x" * 3000)
            await arrived(3000)
            whole.send(b"x" * 3000)
            await upstream.until(lambda: len(upstream.arrived) == 1)
            half.send(head + b"x" * 3000)
            await arrived(9000)
            other.send(head + b"x" * 3000)
            refused, told = await other.answer()
            assert refused.startswith(b"HTTP/1.1 503 ") and b"Too many request bodies" in told
            assert bench.serving.held == 9000
            half.close()
            await arrived(6000)
            go.set()
            assert (await whole.answer())[0].startswith(b"HTTP/1.1 204 ")
            assert bench.serving.held == 0
            again = await bench.connect()
            again.send(head + b"x" * 6000)
            assert (await again.answer())[0].startswith(b"HTTP/1.1 204 ")

    run(scene())
