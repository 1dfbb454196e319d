"""Exchanges driven over real connections: framing, order, retries, disconnects, back-pressure, faults."""

from __future__ import annotations

import asyncio

import pytest
from support.plain_exchange import PlainExchange
from support.proxy_bench import ProxyBench, run
from support.raw_upstream import Arrived, RawUpstream, answer_bytes, ok

from gateway.values import Forward, Head, Headers, Reply, Request, UpstreamError

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_a_request_goes_up_and_its_answer_comes_back() -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream, ProxyBench(upstream.origin) as bench:
            client = await bench.connect()
            head, body = await client.ask(b"/a?b", b"hello")
            assert body == b'{"ok":true}'
            assert b"Connection: keep-alive\r\n" in head
            assert upstream.arrived[0].target == b"/a?b"
            assert upstream.arrived[0].body == b"hello"
            exchange, status, sent, aborted = bench.finished[0]
            assert (status, sent, aborted) == (200, len(head) + len(body), False)
            assert exchange.request.client == "127.0.0.1"

    run(scene())


def test_connections_are_reused_on_both_sides() -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream, ProxyBench(upstream.origin) as bench:
            client = await bench.connect()
            for _ in range(100):
                await client.ask(b"/a", b"x")
            assert upstream.connections == 1
            assert bench.pool.opened == 1
            assert bench.serving.accepted == 1
            assert bench.serving.requests == 100

    run(scene())


def test_pipelined_requests_are_answered_in_order() -> None:
    async def scene() -> None:
        async def echo(arrived: Arrived, writer: asyncio.StreamWriter) -> None:
            writer.write(ok(arrived.target))

        async with RawUpstream(echo) as upstream, ProxyBench(upstream.origin) as bench:
            client = await bench.connect()
            targets = [b"/reply%d" % n if n % 3 == 0 else b"/%d" % n for n in range(60)]
            client.send(b"".join(b"GET %b HTTP/1.1\r\nHost: h\r\n\r\n" % target for target in targets))
            bodies = [(await client.answer())[1] for _ in targets]
            assert bodies == [b"here: " if n % 3 == 0 else b"/%d" % n for n in range(60)]

    run(scene())


def test_a_thousand_pipelined_replies_do_not_recurse() -> None:
    async def scene() -> None:
        async with ProxyBench() as bench:
            client = await bench.connect()
            client.send(b"GET /reply HTTP/1.1\r\nHost: h\r\n\r\n" * 2000)
            for _ in range(2000):
                assert (await client.answer())[1] == b"here: "

    run(scene())


def test_a_held_answer_is_sent_whole() -> None:
    async def scene() -> None:
        raw = CHUNKED + b"3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"
        async with RawUpstream(answer_bytes(raw)) as upstream, ProxyBench(upstream.origin) as bench:
            head, body = await (await bench.connect()).ask(b"/held")
            assert body == b"abcdef"
            assert b"X-Held: yes" in head
            assert b"Content-Length: 6" in head

    run(scene())


def test_a_stream_arrives_piece_by_piece() -> None:
    async def scene() -> None:
        seen = asyncio.Event()

        async def stream(arrived: Arrived, writer: asyncio.StreamWriter) -> None:
            writer.write(CHUNKED + b"7\r\ndata: 1\r\n")
            await seen.wait()
            writer.write(b"7\r\ndata: 2\r\n0\r\n\r\n")

        async with RawUpstream(stream) as upstream, ProxyBench(upstream.origin) as bench:
            client = await bench.connect()
            client.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            await client.head()
            assert await client.reader.readexactly(12) == b"7\r\ndata: 1\r\n"
            seen.set()
            assert await client.reader.readexactly(17) == b"7\r\ndata: 2\r\n0\r\n\r\n"

    run(scene())


def test_http_1_0_gets_a_stream_until_close() -> None:
    async def scene() -> None:
        raw = CHUNKED + b"3\r\nabc\r\n0\r\n\r\n"
        async with RawUpstream(answer_bytes(raw)) as upstream, ProxyBench(upstream.origin) as bench:
            client = await bench.connect()
            client.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            head, body = await client.answer()
            assert body == b"abc"
            assert b"Connection: close" in head
            assert b"Transfer-Encoding" not in head

    run(scene())


def test_a_client_that_leaves_takes_its_upstream_request_along() -> None:
    async def scene() -> None:
        async def never(arrived: Arrived, writer: asyncio.StreamWriter) -> None:
            await asyncio.Event().wait()

        async with RawUpstream(never) as upstream, ProxyBench(upstream.origin) as bench:
            client = await bench.connect()
            client.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            await upstream.until(lambda: len(upstream.arrived) == 1)
            client.close()
            await bench.until_finished()
            _, status, sent, aborted = bench.finished[0]
            assert (status, sent, aborted) == (499, 0, True)
            assert not bench.serving.connections

    run(scene())


def test_leaving_in_the_middle_of_a_stream() -> None:
    async def scene() -> None:
        async def endless(arrived: Arrived, writer: asyncio.StreamWriter) -> None:
            writer.write(CHUNKED + b"3\r\nabc\r\n")
            await asyncio.Event().wait()

        async with RawUpstream(endless) as upstream, ProxyBench(upstream.origin) as bench:
            client = await bench.connect()
            client.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            await client.head()
            client.close()
            await bench.until_finished()
            _, status, sent, aborted = bench.finished[0]
            assert (status, aborted) == (200, True)
            assert sent > 0

    run(scene())


def test_a_slow_client_slows_the_upstream() -> None:
    async def scene() -> None:
        piece = b"x" * 65536
        written = 0
        stuck = asyncio.Event()

        async def flood(arrived: Arrived, writer: asyncio.StreamWriter) -> bool:
            nonlocal written
            writer.transport.set_write_buffer_limits(high=65536)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(piece) * 1000))
            for _ in range(1000):
                writer.write(piece)
                written += 1
                try:
                    await asyncio.wait_for(writer.drain(), 1.0)
                except TimeoutError:
                    stuck.set()
                    await writer.drain()
            return True

        async with RawUpstream(flood) as upstream, ProxyBench(upstream.origin) as bench:
            client = await bench.connect()
            client.writer.transport.pause_reading()
            client.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            await stuck.wait()
            assert written < 900  # what the sockets and buffers between hold, not the whole
            client.writer.transport.resume_reading()
            assert len((await client.answer())[1]) == len(piece) * 1000

    run(scene())


@pytest.mark.parametrize(
    ("target", "raw", "expected"),
    [
        (b"/", b"", b"closed"),
        (b"/", b"HTTP/1.1 200 OK\r\nX-", b"closed"),
        (b"/", b"garbage\r\n\r\n", b"protocol"),
        (b"/", b"HTTP/1.1 101 Switching Protocols\r\n\r\n", b"protocol"),
        (b"/held", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", b"closed"),
        (b"/held", CHUNKED + b"zz\r\n", b"protocol"),
    ],
)
def test_failures_before_anything_was_sent(target: bytes, raw: bytes, expected: bytes) -> None:
    async def scene() -> None:
        async with RawUpstream(answer_bytes(raw, close=True)) as upstream, ProxyBench(upstream.origin) as bench:
            head, body = await (await bench.connect()).ask(target)
            assert head.startswith(b"HTTP/1.1 502 ")
            assert body == expected

    run(scene())


def test_an_answer_that_breaks_off_is_cut_for_the_client_too() -> None:
    async def scene() -> None:
        async def broken(arrived: Arrived, writer: asyncio.StreamWriter) -> bool:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
            await writer.drain()
            return False

        async with RawUpstream(broken) as upstream, ProxyBench(upstream.origin) as bench:
            client = await bench.connect()
            client.send(b"GET /cut HTTP/1.1\r\nHost: h\r\n\r\n")
            with pytest.raises(asyncio.IncompleteReadError):
                await client.answer()
            await bench.until_finished()
            assert bench.finished[0][3] is True

    run(scene())


def test_a_stream_may_tell_that_it_broke() -> None:
    async def scene() -> None:
        raw = answer_bytes(CHUNKED + b"2\r\nab\r\n", close=True)
        async with RawUpstream(raw) as upstream, ProxyBench(upstream.origin) as bench:
            client = await bench.connect()
            _, body = await client.ask(b"/tail")
            assert body == b"abdata: broken\n\n"
            assert await client.rest() == b""
            assert bench.finished[0][3] is False

    run(scene())


def test_a_failure_may_go_elsewhere() -> None:
    async def scene() -> None:
        bad = RawUpstream(answer_bytes(b"", close=True))
        async with bad, RawUpstream() as good, ProxyBench(bad.origin, good.origin) as bench:
            _, body = await (await bench.connect()).ask(b"/again", b"hello")
            assert body == b'{"ok":true}'
            assert good.arrived[0].body == b"hello"

    run(scene())


def test_a_plugin_may_ask_someone_first() -> None:
    async def scene() -> None:
        async with RawUpstream(answer_bytes(ok(b"word"))) as upstream, ProxyBench(upstream.origin) as bench:
            client = await bench.connect()
            assert (await client.ask(b"/fetch"))[1] == b"fetched: word"
            assert (await client.ask(b"/fetch"))[1] == b"fetched: word"
            assert upstream.connections == 1
            assert upstream.arrived[0].target == b"/fetched"

    run(scene())


def test_a_fault_in_the_exchange_is_a_500_and_no_more() -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream, ProxyBench(upstream.origin) as bench:
            client = await bench.connect()
            head, body = await client.ask(b"/crash")
            assert head.startswith(b"HTTP/1.1 500 ")
            assert b"An unexpected error occurred" in body
            assert (await client.ask(b"/a"))[0].startswith(b"HTTP/1.1 200 ")

    run(scene())


class Faulty(PlainExchange):
    """Fails in the method that the path names."""

    def _check(self, name: bytes) -> None:
        if self.request.target == b"/" + name:
            raise RuntimeError("a fault")

    def head(self, status: int, reason: bytes, headers: Headers) -> Head | None:
        self._check(b"head")
        return super().head(status, reason, headers)

    def data(self, piece: bytes) -> bytes:
        self._check(b"data")
        return super().data(piece)

    def end(self) -> bytes | Reply:
        self._check(b"end")
        return super().end()

    def fail(self, error: UpstreamError) -> Forward | Reply | bytes | None:
        self._check(b"fail")
        return super().fail(error)

    def finish(self, status: int, sent: int, aborted: bool) -> None:
        super().finish(status, sent, aborted)
        self._check(b"finish")


@pytest.mark.parametrize("method", [b"head", b"data", b"end"])
def test_a_fault_later_on(method: bytes) -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream:
            begin = lambda request: Faulty([upstream.origin], request, bench.record)  # noqa: E731
            async with ProxyBench(begin=begin) as bench:
                client = await bench.connect()
                head, _ = await client.ask(b"/" + method)
                assert head.startswith(b"HTTP/1.1 500 ")
                assert (await client.ask(b"/fine"))[1] == b'{"ok":true}'

    run(scene())


def test_a_fault_in_the_log_phase_does_not_reach_the_client() -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream:
            begin = lambda request: Faulty([upstream.origin], request, bench.record)  # noqa: E731
            async with ProxyBench(begin=begin) as bench:
                client = await bench.connect()
                assert (await client.ask(b"/finish"))[1] == b'{"ok":true}'
                assert (await client.ask(b"/finish"))[1] == b'{"ok":true}'

    run(scene())


class Longer(PlainExchange):
    """Promises another length than it keeps."""

    promised = 0

    def head(self, status: int, reason: bytes, headers: Headers) -> Head | None:
        return Head(200, b"", int(self.request.target[1:]))


@pytest.mark.parametrize(("promised", "whole"), [(5, True), (50, False)])
def test_a_promised_length_is_kept_or_the_connection_cut(promised: int, whole: bool) -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream:
            begin = lambda request: Longer([upstream.origin], request, bench.record)  # noqa: E731
            async with ProxyBench(begin=begin) as bench:
                client = await bench.connect()
                client.send(b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % promised)
                if whole:
                    assert (await client.answer())[1] == b'{"ok"'
                else:
                    assert await client.rest() == b""

    run(scene())


def test_requests_know_where_they_came_in() -> None:
    async def scene() -> None:
        seen: list[Request] = []

        def begin(request: Request) -> PlainExchange:
            seen.append(request)
            return PlainExchange([], request)

        async with ProxyBench(begin=begin, port=8443, scheme="https") as bench:
            await (await bench.connect()).ask(b"/reply")
        assert (seen[0].port, seen[0].scheme, seen[0].version, seen[0].keep_alive) == (8443, "https", "1.1", True)

    run(scene())
