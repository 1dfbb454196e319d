"""A connection to an upstream: framing, timeouts, retries of stale connections, back-pressure."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.proxy_bench import ProxyBench, run
from support.raw_upstream import Arrived, RawUpstream, answer_bytes, ok

from gateway.transport.client import Upstream
from gateway.values import Forward, Headers, Origin, UpstreamError


class Asker:
    """A consumer that keeps what it is told."""

    def __init__(self) -> None:
        self.upstream: Any = None
        self.status = 0
        self.reason = b""
        self.headers: Headers = []
        self.pieces: list[bytes] = []
        self.flushes = 0
        self.connected: list[tuple[str, float]] = []
        self.error: UpstreamError | None = None
        self.done = asyncio.get_running_loop().create_future()
        self.started = asyncio.Event()

    def upstream_connected(self, address: str, seconds: float) -> None:
        self.connected.append((address, seconds))

    def upstream_head(self, status: int, reason: bytes, headers: Headers) -> None:
        self.status, self.reason, self.headers = status, reason, headers
        self.started.set()

    def upstream_data(self, piece: bytes) -> None:
        self.pieces.append(piece)

    def upstream_flush(self) -> None:
        self.flushes += 1

    def upstream_end(self, piece: bytes) -> None:
        self.pieces.append(piece)
        self.done.set_result(True)

    def upstream_whole(self, status: int, reason: bytes, headers: Headers, body: bytes) -> None:
        self.upstream_head(status, reason, headers)
        self.upstream_end(body)

    def upstream_failed(self, error: UpstreamError) -> None:
        self.error = error
        self.done.set_result(False)

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)


def request(
    origin: Origin, method: bytes = b"GET", body: bytes = b"", read_timeout: float = 60.0, write_timeout: float = 60.0
) -> Forward:
    head = b"%b / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % (method, len(body))
    return Forward(origin, head, body, 5.0, write_timeout, read_timeout)


async def ask(bench: ProxyBench, origin: Origin, **options: Any) -> Asker:
    asker = Asker()
    bench.pool.send(request(origin, **options), asker)
    await asker.done
    return asker


@pytest.mark.parametrize(
    ("raw", "body", "reused"),
    [
        (ok(b"hello"), b"hello", True),
        (ok(b""), b"", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", b"hello", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nextra", b"", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhello", b"he", False),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhe", b"he", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhe", b"he", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhe", b"he", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 50\r\n\r\n", b"", True),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + ok(b"hello"), b"hello", True),
    ],
)
def test_answers_and_whether_the_connection_is_kept(raw: bytes, body: bytes, reused: bool) -> None:
    async def scene() -> None:
        async with RawUpstream(answer_bytes(raw)) as upstream, ProxyBench() as bench:
            for _ in range(2):
                asker = await ask(bench, upstream.origin)
                assert asker.body == body
                assert asker.error is None
            assert upstream.connections == (1 if reused else 2)

    run(scene())


def test_head_has_no_body_whatever_it_says() -> None:
    async def scene() -> None:
        raw = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"
        async with RawUpstream(answer_bytes(raw)) as upstream, ProxyBench() as bench:
            for _ in range(2):
                assert (await ask(bench, upstream.origin, method=b"HEAD")).body == b""
            assert upstream.connections == 1

    run(scene())


def test_a_body_until_close() -> None:
    async def scene() -> None:
        raw = b"HTTP/1.1 200 OK\r\n\r\nuntil close"
        async with RawUpstream(answer_bytes(raw, close=True)) as upstream, ProxyBench() as bench:
            assert (await ask(bench, upstream.origin)).body == b"until close"

    run(scene())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 50), max_size=20), st.integers(0, 4))
def test_however_an_answer_is_cut(sizes: list[int], kind: int) -> None:
    raw = (
        b"HTTP/1.1 100 Continue\r\n\r\n"
        + (
            ok(b"hello world"),
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n",
            b"HTTP/1.1 200 OK\nContent-Length: 11\n\nhello world",
            b"HTTP/1.1 200 OK\r\n\r\nhello world",
            b"HTTP/1.1 200 OK\nX: a\nTransfer-Encoding: chunked\n\nb\nhello world\n0\n\n",
        )[kind]
    )

    class Wire:
        """Stands for the socket: what is read is fed by hand."""

        def write(self, data: bytes) -> None: ...
        def abort(self) -> None: ...
        def is_closing(self) -> bool:
            return False

        def get_extra_info(self, name: str) -> None: ...

    async def scene() -> None:
        async with ProxyBench() as bench:
            origin = Origin("http", "h", 1)
            upstream = Upstream(bench.pool, origin, "h:1")
            upstream.connection_made(Wire())  # type: ignore[arg-type]
            asker = Asker()
            upstream.ask(request(origin), asker)
            rest = raw
            for size in [*sizes, len(raw)]:
                if rest:
                    upstream.data_received(rest[:size])
                    rest = rest[size:]
            if kind == 3:
                upstream.connection_lost(None)
            assert asker.done.done()
            assert (asker.status, asker.body) == (200, b"hello world")

    run(scene())


def test_a_stale_connection_is_replaced_once() -> None:
    async def scene() -> None:
        async def once(arrived: Arrived, writer: asyncio.StreamWriter) -> bool:
            first = len([one for one in upstream.arrived if one.connection == arrived.connection]) == 1
            if first:
                writer.write(ok(b"%d" % arrived.connection))
            return first

        async with RawUpstream(once) as upstream, ProxyBench() as bench:
            assert (await ask(bench, upstream.origin, method=b"POST", body=b"x")).body == b"1"
            asker = await ask(bench, upstream.origin, method=b"POST", body=b"x")
            assert asker.body == b"2"
            assert [one.connection for one in upstream.arrived] == [1, 1, 2]

    run(scene())


def test_a_fresh_connection_that_closes_is_not_tried_again() -> None:
    async def scene() -> None:
        async with RawUpstream(answer_bytes(b"", close=True)) as upstream, ProxyBench() as bench:
            asker = await ask(bench, upstream.origin)
            assert asker.error is not None
            assert (asker.error.kind, asker.error.sent) == ("closed", True)
            assert len(upstream.arrived) == 1

    run(scene())


@pytest.mark.parametrize("part", [b"H", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_a_reused_connection_that_began_to_answer_is_not_tried_again(part: bytes) -> None:
    async def scene() -> None:
        async def then_part(arrived: Arrived, writer: asyncio.StreamWriter) -> bool:
            if len(upstream.arrived) == 1:
                writer.write(ok())
                return True
            writer.write(part)
            return False

        async with RawUpstream(then_part) as upstream, ProxyBench() as bench:
            await ask(bench, upstream.origin)
            asker = await ask(bench, upstream.origin)
            assert asker.error is not None
            assert asker.error.kind == "closed"
            assert len(upstream.arrived) == 2

    run(scene())


def test_connections_closed_while_idle_are_not_used() -> None:
    async def scene() -> None:
        async with RawUpstream(answer_bytes(ok(), close=True)) as upstream, ProxyBench() as bench:
            for _ in range(3):
                assert (await ask(bench, upstream.origin)).status == 200
                await upstream.until(lambda: upstream.closed == upstream.connections)

    run(scene())


def test_bytes_that_nobody_asked_for_end_the_connection() -> None:
    async def scene() -> None:
        more = asyncio.Event()
        gone = asyncio.Event()

        async def chatty(arrived: Arrived, writer: asyncio.StreamWriter) -> None:
            writer.write(ok())
            if arrived.connection == 1:
                await more.wait()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
                await writer.drain()
                gone.set()

        async with RawUpstream(chatty) as upstream, ProxyBench() as bench:
            await ask(bench, upstream.origin)
            more.set()
            await upstream.until(lambda: upstream.closed == 1)
            assert gone.is_set()
            assert (await ask(bench, upstream.origin)).body == b'{"ok":true}'
            assert upstream.connections == 2

    run(scene())


def test_an_upstream_that_says_nothing_times_out() -> None:
    async def scene() -> None:
        async def never(arrived: Arrived, writer: asyncio.StreamWriter) -> None:
            await asyncio.Event().wait()

        async with RawUpstream(never) as upstream, ProxyBench() as bench:
            asker = Asker()
            bench.pool.send(request(upstream.origin, read_timeout=2.0), asker)
            await upstream.until(lambda: len(upstream.arrived) == 1)
            for _ in range(20):
                bench.sweeper.tick()
            assert not asker.done.done()
            bench.sweeper.tick()
            assert not await asker.done
            assert asker.error is not None
            assert asker.error.kind == "timeout"
            assert "sent nothing for 2 s" in asker.error.detail

    run(scene())


def test_each_piece_wins_time() -> None:
    async def scene() -> None:
        turn = asyncio.Semaphore(0)

        async def slow(arrived: Arrived, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n")
            for _ in range(3):
                await turn.acquire()
                writer.write(b"x")

        async with RawUpstream(slow) as upstream, ProxyBench() as bench:
            asker = Asker()
            bench.pool.send(request(upstream.origin, read_timeout=1.0), asker)
            await asker.started.wait()
            for count in range(3):
                for _ in range(9):
                    bench.sweeper.tick()
                turn.release()
                while len(asker.body) <= count:
                    await asyncio.sleep(0)
            assert await asker.done

    run(scene())


def test_an_upstream_that_takes_nothing_times_out() -> None:
    async def scene() -> None:
        async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await asyncio.Event().wait()

        server = await asyncio.start_server(deaf, "127.0.0.1", 0, limit=1024)
        origin = Origin("http", "127.0.0.1", server.sockets[0].getsockname()[1])
        async with ProxyBench() as bench:
            asker = Asker()
            bench.pool.send(request(origin, method=b"POST", body=b"x" * 50_000_000, write_timeout=1.0), asker)
            while not isinstance(asker.upstream, Upstream):
                await asyncio.sleep(0)
            for _ in range(50):
                bench.sweeper.tick()
                await asyncio.sleep(0)
            assert not await asker.done
            assert asker.error is not None
            assert "took no more of the request for 1 s" in asker.error.detail
        server.close()

    run(scene())


def test_nobody_waits_for_an_abandoned_answer() -> None:
    async def scene() -> None:
        async def never(arrived: Arrived, writer: asyncio.StreamWriter) -> None:
            await asyncio.Event().wait()

        async with RawUpstream(never) as upstream, ProxyBench() as bench:
            asker = Asker()
            bench.pool.send(request(upstream.origin), asker)
            await upstream.until(lambda: len(upstream.arrived) == 1)
            asker.upstream.abandon()
            assert not asker.done.done()
            assert not bench.sweeper.waiting

    run(scene())


def test_an_idle_connection_keeps_no_body_alive() -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream, ProxyBench() as bench:
            asker = await ask(bench, upstream.origin, method=b"POST", body=b"x" * 1000)
            assert asker.upstream._forward.body == b""

    run(scene())


def test_pieces_of_one_read_are_told_together() -> None:
    async def scene() -> None:
        raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 50 + b"0\r\n\r\n"
        async with RawUpstream(answer_bytes(raw)) as upstream, ProxyBench() as bench:
            asker = await ask(bench, upstream.origin)
            assert asker.body == b"x" * 50
            assert len(asker.pieces) + asker.flushes < 10

    run(scene())
