"""The reading half of a client connection: bodies, limits, timeouts, refusals, draining."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.proxy_bench import Client, ProxyBench, run
from support.raw_upstream import Arrived, RawUpstream

from gateway.transport.reading import RequestReader

POST = b"POST /reply HTTP/1.1\r\nHost: h\r\n"


def connection(bench: ProxyBench) -> RequestReader:
    (one,) = bench.serving.connections
    return one


async def sweep(bench: ProxyBench, seconds: float) -> None:
    for _ in range(round(seconds * 10) + 1):
        bench.sweeper.tick()


def test_bodies_of_all_kinds() -> None:
    async def scene() -> None:
        async with ProxyBench() as bench:
            client = await bench.connect()
            client.send(POST + b"Content-Length: 5\r\n\r\nhello")
            assert (await client.answer())[1] == b"here: hello"
            client.send(POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nT: 1\r\n\r\n")
            assert (await client.answer())[1] == b"here: hello"
            client.send(POST + b"\r\n")
            assert (await client.answer())[1] == b"here: "
            big = b"x" * 3_000_000
            client.send(POST + b"Content-Length: %d\r\n\r\n" % len(big) + big)
            assert (await client.answer())[1] == b"here: " + big

    run(scene())


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 60), max_size=12), st.booleans())
def test_however_the_bytes_are_cut(sizes: list[int], chunked: bool) -> None:
    body = b"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n" if chunked else b"hello"
    framing = b"Transfer-Encoding: chunked\r\n\r\n" if chunked else b"Content-Length: 5\r\n\r\n"
    data = (POST + framing + body) * 2

    async def scene() -> None:
        async with ProxyBench() as bench:
            client = await bench.connect()
            await client.ask(b"/reply")
            reader = connection(bench)
            rest = data
            for size in sizes:
                reader.data_received(rest[:size])
                rest = rest[size:]
                if not rest:
                    break
            if rest:
                reader.data_received(rest)
            assert (await client.answer())[1] == b"here: hello"
            assert (await client.answer())[1] == b"here: hello"

    run(scene())


def test_the_body_limit() -> None:
    async def refused(data: bytes) -> bytes:
        async with ProxyBench(body_limit=10) as bench:
            client = await bench.connect()
            client.send(data)
            head, body = await client.answer()
            assert await client.rest() == b""
            assert b"Payload too large" in body
            assert bench.serving.refusals == {413: 1}
            return head

    async def scene() -> None:
        for framing in (
            b"Content-Length: 11\r\n\r\n",
            b"Content-Length: 11\r\n\r\nhello hello",
            b"Transfer-Encoding: chunked\r\n\r\n6\r\nhello \r\n5\r\nhello\r\n0\r\n\r\n",
        ):
            head = await refused(POST + framing)
            assert head.startswith(b"HTTP/1.1 413 Request Entity Too Large\r\n")
            assert b"Connection: close" in head
        async with ProxyBench(body_limit=10) as bench:
            client = await bench.connect()
            client.send(POST + b"Content-Length: 10\r\n\r\n" + b"x" * 10)
            assert (await client.answer())[0].startswith(b"HTTP/1.1 200 ")

    run(scene())


def test_a_refusal_is_read_even_while_the_client_still_sends() -> None:
    async def scene() -> None:
        async with ProxyBench(body_limit=10) as bench:
            client = await bench.connect()
            client.send(POST + b"Content-Length: 2000000\r\n\r\n")
            client.send(b"x" * 2_000_000)
            await client.writer.drain()
            assert (await client.answer())[0].startswith(b"HTTP/1.1 413 ")

    run(scene())


def test_lingering_is_bounded() -> None:
    async def scene() -> None:
        async with ProxyBench(body_limit=10) as bench:
            client = await bench.connect()
            client.send(POST + b"Content-Length: 20\r\n\r\n")
            await client.answer()
            reader = connection(bench)
            for _ in range(5):
                reader.data_received(b"x" * (1 << 20))
            assert reader.transport.is_closing()
        async with ProxyBench(body_limit=10) as bench:
            client = await bench.connect()
            client.send(POST + b"Content-Length: 20\r\n\r\n")
            await client.answer()
            reader = connection(bench)
            await sweep(bench, 2)
            assert reader.transport.is_closing()

    run(scene())


@pytest.mark.parametrize("head", [b"Expect: 100-continue\r\n", b"EXPECT: 100-Continue\r\n"])
def test_100_continue_when_the_body_is_still_to_come(head: bytes) -> None:
    async def scene() -> None:
        async with ProxyBench() as bench:
            client = await bench.connect()
            client.send(POST + head + b"Content-Length: 5\r\n\r\n")
            assert await client.head() == b"HTTP/1.1 100 Continue\r\n\r\n"
            client.send(b"hello")
            assert (await client.answer())[1] == b"here: hello"
            client.send(POST + head + b"Content-Length: 5\r\n\r\nhello")
            assert (await client.answer())[1] == b"here: hello"

    run(scene())


def test_a_refused_body_is_not_asked_for() -> None:
    async def scene() -> None:
        async with ProxyBench(body_limit=10) as bench:
            client = await bench.connect()
            client.send(POST + b"Expect: 100-continue\r\nContent-Length: 50\r\n\r\n")
            assert (await client.head()).startswith(b"HTTP/1.1 413 ")

    run(scene())


def test_refusals_are_negotiated_and_carry_identity() -> None:
    async def scene() -> None:
        identity = lambda id: b"X-Kong-Request-Id: " + id + b"\r\n"  # noqa: E731
        async with ProxyBench(identity=identity) as bench:
            client = await bench.connect()
            client.send(b"POST / HTTP/1.1\r\nContent-Type: application/json\r\n\r\n")
            head, body = await client.answer()
            id = head.split(b"X-Kong-Request-Id: ")[1].split(b"\r\n")[0]
            assert body == b'{\n  "message":"Bad request",\n  "request_id":"' + id + b'"\n}'
            assert b"Date: Sun, 22 Nov 2026 12:00:00 GMT\r\n" in head

    run(scene())


def test_a_slow_head_and_a_slow_body_time_out() -> None:
    async def scene() -> None:
        for start in (b"GET / HT", POST + b"Content-Length: 5\r\n\r\nhel"):
            async with ProxyBench() as bench:
                client = await bench.connect()
                client.send(start)
                reader = connection(bench) if bench.serving.connections else None
                while reader is None or not (reader._buffer or reader._body):
                    await asyncio.sleep(0)
                    reader = connection(bench) if bench.serving.connections else None
                await sweep(bench, 61)
                assert (await client.answer())[0].startswith(b"HTTP/1.1 408 Request Time-out\r\n")

    run(scene())


def test_dribbling_a_head_does_not_win_time() -> None:
    async def scene() -> None:
        async with ProxyBench() as bench:
            client = await bench.connect()
            await client.ask(b"/reply")
            reader = connection(bench)
            for _ in range(61):
                reader.data_received(b"G")
                await sweep(bench, 1)
            assert (await client.answer())[0].startswith(b"HTTP/1.1 408 ")

    run(scene())


def test_an_idle_connection_is_closed_without_a_word() -> None:
    async def scene() -> None:
        async with ProxyBench() as bench:
            client = await bench.connect()
            await client.ask(b"/reply")
            await sweep(bench, 74)
            assert (await client.ask(b"/reply"))[1] == b"here: "
            await sweep(bench, 76)
            assert await client.rest() == b""

    run(scene())


def test_a_request_under_way_has_no_limit_here() -> None:
    async def scene() -> None:
        go = asyncio.Event()

        async def late(arrived: Arrived, writer: asyncio.StreamWriter) -> None:
            await go.wait()
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

        async with RawUpstream(late) as upstream, ProxyBench(upstream.origin) as bench:
            client = await bench.connect()
            client.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            await upstream.until(lambda: len(upstream.arrived) == 1)
            await sweep(bench, 59)
            go.set()
            assert (await client.answer())[0].startswith(b"HTTP/1.1 204 ")

    run(scene())


async def stuck_client(bench: ProxyBench) -> tuple[Client, RequestReader]:
    client = await bench.connect()
    client.writer.transport.pause_reading()
    big = b"x" * 1_000_000
    client.send((POST + b"Content-Length: %d\r\n\r\n" % len(big) + big) * 20)
    while not bench.serving.connections or not connection(bench).blocked:
        await asyncio.sleep(0)
    return client, connection(bench)


def test_a_client_that_takes_nothing_is_not_worked_for_and_then_dropped() -> None:
    async def scene() -> None:
        async with ProxyBench() as bench:
            _, reader = await stuck_client(bench)
            begun = bench.serving.requests
            reader.data_received(POST + b"\r\n")
            assert bench.serving.requests == begun
            await sweep(bench, 125)
            assert reader.transport.is_closing()

    run(scene())


def test_a_client_that_takes_again_is_served_again() -> None:
    async def scene() -> None:
        async with ProxyBench() as bench:
            client, _ = await stuck_client(bench)
            client.writer.transport.resume_reading()
            for _ in range(20):
                assert len((await client.answer())[1]) == 1_000_006

    run(scene())


def test_what_waits_is_bounded() -> None:
    async def scene() -> None:
        go = asyncio.Event()

        async def late(arrived: Arrived, writer: asyncio.StreamWriter) -> None:
            await go.wait()
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

        async with RawUpstream(late) as upstream, ProxyBench(upstream.origin) as bench:
            client = await bench.connect()
            count = 20_000
            client.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n" * count)
            await upstream.until(lambda: len(upstream.arrived) == 1)
            reader = connection(bench)
            while reader._reading:
                await asyncio.sleep(0)
            assert len(reader._buffer) < 700_000
            go.set()
            for _ in range(count):
                await client.answer()

    run(scene())


SMALL = b"GET /reply HTTP/1.1\r\nHost: h\r\n\r\n"


def test_who_pipelines_a_lot_does_not_keep_others_waiting() -> None:
    async def scene() -> None:
        async with ProxyBench() as bench:
            greedy, other = await bench.connect(), await bench.connect()
            greedy.send(SMALL * 7000)  # as much as one read may bring
            while not bench.serving.requests:
                await asyncio.sleep(0)
            before = bench.serving.requests
            other.send(SMALL)
            await other.answer()
            assert bench.serving.requests - before < 3000
            for _ in range(7000):
                await greedy.answer()

    run(scene())


def test_who_pipelines_and_never_reads_fills_neither_memory_nor_time() -> None:
    async def scene() -> None:
        async with ProxyBench() as bench:
            client = await bench.connect()
            client.writer.transport.pause_reading()
            client.send(SMALL * 200_000)
            while not bench.serving.connections or not connection(bench).blocked:
                await asyncio.sleep(0)
            reader, other = connection(bench), await bench.connect()
            for _ in range(50):
                other.send(SMALL)
                await other.answer()
            assert bench.serving.requests < 150_000
            assert reader.transport.get_write_buffer_size() < 300_000
            assert len(reader._buffer) < 700_000

    run(scene())


def test_draining_closes_the_idle_and_lets_the_busy_finish() -> None:
    async def scene() -> None:
        go = asyncio.Event()

        async def late(arrived: Arrived, writer: asyncio.StreamWriter) -> None:
            await go.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

        async with RawUpstream(late) as upstream, ProxyBench(upstream.origin) as bench:
            idle, busy = await bench.connect(), await bench.connect()
            await idle.ask(b"/reply")
            busy.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            await upstream.until(lambda: len(upstream.arrived) == 1)
            bench.serving.drain()
            assert await idle.rest() == b""
            go.set()
            head, body = await busy.answer()
            assert body == b"ok"
            assert b"Connection: close" in head
            assert await busy.rest() == b""

    run(scene())
