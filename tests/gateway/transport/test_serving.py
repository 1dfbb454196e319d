"""What the connections of one listener share."""

from __future__ import annotations

import json

from support.proxy_bench import ProxyBench, run


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
