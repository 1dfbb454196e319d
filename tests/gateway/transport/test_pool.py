"""Which connection a request gets."""

from __future__ import annotations

import asyncio
import socket

import pytest
from support.proxy_bench import ProxyBench, run
from support.raw_upstream import Arrived, RawUpstream, answer_bytes, ok

from gateway.transport import pool as pool_room
from gateway.values import Fetch, Fetched, Forward, Origin


async def ask(bench: ProxyBench, origin: Origin) -> Fetched:
    answered: asyncio.Future[Fetched] = asyncio.get_running_loop().create_future()
    bench.pool.fetch(Fetch(origin, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", b""), answered.set_result)
    return await answered


async def together(bench: ProxyBench, origin: Origin, count: int) -> list[Fetched]:
    return await asyncio.gather(*(ask(bench, origin) for _ in range(count)))


def test_one_connection_does_for_requests_one_after_another() -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream, ProxyBench() as bench:
            for _ in range(100):
                assert (await ask(bench, upstream.origin)).status == 200
            assert upstream.connections == 1

    run(scene())


def test_requests_at_once_get_connections_of_their_own_and_those_are_kept() -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream, ProxyBench() as bench:
            await together(bench, upstream.origin, 10)
            await together(bench, upstream.origin, 10)
            assert upstream.connections == 10

    run(scene())


def test_the_one_used_last_is_used_first() -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream, ProxyBench() as bench:
            await together(bench, upstream.origin, 3)
            seen = {upstream.arrived[-1].connection}
            for _ in range(5):
                await ask(bench, upstream.origin)
                seen.add(upstream.arrived[-1].connection)
            assert len(seen) == 1

    run(scene())


def test_origins_do_not_share() -> None:
    async def scene() -> None:
        async with RawUpstream() as one, RawUpstream() as other, ProxyBench() as bench:
            await ask(bench, one.origin)
            await ask(bench, other.origin)
            await ask(bench, Origin("http", "localhost", one.port))
            assert (one.connections, other.connections) == (2, 1)

    run(scene())


def test_idle_connections_are_closed_after_a_while() -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream, ProxyBench() as bench:
            await ask(bench, upstream.origin)
            for _ in range(int(pool_room.IDLE_SECONDS * 10) + 1):
                bench.sweeper.tick()
            await upstream.until(lambda: upstream.closed == 1)
            await ask(bench, upstream.origin)
            assert upstream.connections == 2

    run(scene())


def test_a_connection_is_replaced_after_many_answers(monkeypatch: object) -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream, ProxyBench() as bench:
            for _ in range(7):
                await ask(bench, upstream.origin)
            assert upstream.connections == 3

    limit, pool_room.ANSWERS = pool_room.ANSWERS, 3
    try:
        run(scene())
    finally:
        pool_room.ANSWERS = limit


def test_closing_closes_the_idle_now_and_the_busy_later() -> None:
    async def scene() -> None:
        go = asyncio.Event()

        async def maybe_late(arrived: Arrived, writer: asyncio.StreamWriter) -> None:
            if arrived.connection == 2:
                await go.wait()
            writer.write(ok())

        async with RawUpstream(maybe_late) as upstream, ProxyBench() as bench:
            both = [asyncio.ensure_future(ask(bench, upstream.origin)) for _ in range(2)]
            _, (late,) = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            await upstream.until(lambda: len(upstream.arrived) == 2)
            bench.pool.close()
            await upstream.until(lambda: upstream.closed == 1)
            go.set()
            assert (await late).status == 200
            await upstream.until(lambda: upstream.closed == 2)

    run(scene())


def test_refused_and_unknown_names() -> None:
    async def scene() -> None:
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            port = holder.getsockname()[1]
            async with ProxyBench() as bench:
                refused = await ask(bench, Origin("http", "127.0.0.1", port))
                assert refused.error is not None
                assert (refused.error.kind, refused.error.sent) == ("refused", False)
                assert f"127.0.0.1:{port}" in refused.error.detail
                unknown = await ask(bench, Origin("http", "no-such-host.invalid", 80))
                assert unknown.error is not None
                assert unknown.error.kind == "dns"
                assert "no-such-host.invalid" in unknown.error.detail

    run(scene())


def test_connecting_has_a_limit() -> None:
    async def scene() -> None:
        # a full queue of connections that nobody accepts: the kernel answers no more
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            port = full.getsockname()[1]
            fillers = [socket.socket() for _ in range(8)]
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(("127.0.0.1", port))
            async with RawUpstream() as upstream, ProxyBench(upstream.origin) as bench:
                bench.origins[0] = Origin("http", "127.0.0.1", port)
                begin = bench.serving.begin

                def impatient(request: object) -> object:
                    exchange = begin(request)  # type: ignore[arg-type]
                    exchange.connect_timeout = 0.2
                    return exchange

                bench.serving.begin = impatient
                head, body = await (await bench.connect()).ask(b"/")
                assert head.startswith(b"HTTP/1.1 504 ")
                assert body == b"connect_timeout"
            for filler in fillers:
                filler.close()

    run(scene())


def test_an_attempt_to_connect_can_be_abandoned() -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream, ProxyBench() as bench:
            fetching = bench.pool.fetch(Fetch(upstream.origin, b"GET / HTTP/1.1\r\n\r\n", b""), lambda _: None)
            fetching.abandon()
            assert (await ask(bench, upstream.origin)).status == 200
            assert len(upstream.arrived) == 1

    run(scene())


def test_what_is_sent_is_head_and_body() -> None:
    async def scene() -> None:
        async with RawUpstream(answer_bytes(ok())) as upstream, ProxyBench() as bench:
            big = b"y" * 300_000
            done = asyncio.get_running_loop().create_future()
            head = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(big)
            bench.pool.fetch(Fetch(upstream.origin, head, big), done.set_result)
            await done
            assert upstream.arrived[0].body == big
            assert Forward(upstream.origin, b"", b"").read_timeout == 60.0

    run(scene())


def test_nobody_waits_for_a_connection_that_cannot_be_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("a fault in the dialer")

    async def scene() -> None:
        async with RawUpstream() as upstream, ProxyBench() as bench:
            monkeypatch.setattr(bench.pool._dialer, "open", broken)
            told = await ask(bench, upstream.origin)
            assert told.error is not None and told.error.kind == "closed"

    run(scene())
