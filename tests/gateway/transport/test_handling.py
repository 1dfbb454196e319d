"""Handlers that answer at once or later."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from support.proxy_bench import ProxyBench, run

from gateway.transport.handling import HandlerConnection
from gateway.values import Reply, Request

Handler = Callable[[Request], Reply | Awaitable[Reply]]


def bench_of(handler: Handler) -> ProxyBench:
    return ProxyBench(begin=handler, connection=HandlerConnection, port=8001)


def test_at_once_and_later_in_order() -> None:
    go = asyncio.Event()

    async def later(request: Request) -> Reply:
        await go.wait()
        return Reply(201, b"X-A: 1\r\n", b"later " + request.body)

    def handler(request: Request) -> Reply | Awaitable[Reply]:
        return later(request) if request.method == b"POST" else Reply(200, b"", b"at once")

    async def scene() -> None:
        async with bench_of(handler) as bench:
            client = await bench.connect()
            client.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nxGET / HTTP/1.1\r\nHost: h\r\n\r\n")
            go.set()
            head, body = await client.answer()
            assert (head.split(b"\r\n")[0], body) == (b"HTTP/1.1 201 Created", b"later x")
            assert (await client.answer())[1] == b"at once"

    run(scene())


def test_a_fault_is_a_500_without_details() -> None:
    async def broken_later(request: Request) -> Reply:
        raise ValueError("a secret")

    def broken(request: Request) -> Reply | Awaitable[Reply]:
        if request.target == b"/later":
            return broken_later(request)
        raise ValueError("a secret")

    async def scene() -> None:
        async with bench_of(broken) as bench:
            client = await bench.connect()
            for target in (b"/", b"/later", b"/"):
                head, body = await client.ask(target)
                assert head.startswith(b"HTTP/1.1 500 ")
                assert body == b'{"message":"An unexpected error occurred"}'

    run(scene())


def test_what_was_begun_is_carried_out_though_nobody_waits() -> None:
    async def scene() -> None:
        begun, go, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def slow(request: Request) -> Reply:
            begun.set()
            await go.wait()
            ended.set()
            return Reply(200)

        async with bench_of(slow) as bench:
            client = await bench.connect()
            client.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            await begun.wait()
            client.close()
            while bench.serving.connections:
                await asyncio.sleep(0)
            go.set()
            await ended.wait()

    run(scene())


def test_head_requests_have_no_body() -> None:
    async def scene() -> None:
        async with bench_of(lambda request: Reply(200, b"", b"body")) as bench:
            client = await bench.connect()
            client.send(b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n")
            head, _ = await client.answer(b"HEAD")
            assert b"Content-Length: 4" in head
            assert (await client.ask(b"/"))[1] == b"body"

    run(scene())
