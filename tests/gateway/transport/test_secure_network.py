"""TLS to an upstream over sockets: handshakes that fail or dawdle, large bodies both ways, peers that are slow."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

import pytest
from support.proxy_bench import ProxyBench, run
from support.raw_upstream import Arrived, RawUpstream, ok
from support.secure_pipe import Contexts

from gateway.transport.client import Upstream
from gateway.transport.dial import Dialer, DialError
from gateway.transport.proxies import Proxies
from gateway.values import Fetch, Fetched, Forward, Origin

LARGE = bytes(range(256)) * 16_000  # 4 MB
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> Contexts:
    return Contexts(tmp_path_factory.mktemp("secure"))


def trusting(bench: ProxyBench, contexts: Contexts) -> None:
    context = contexts.client()
    bench.pool._dialer = Dialer(asyncio.get_running_loop(), Proxies({}), lambda verify: context)


async def fetch(bench: ProxyBench, port: int, body: bytes = b"", timeout: float = 10.0) -> Fetched:
    answered: asyncio.Future[Fetched] = asyncio.get_running_loop().create_future()
    origin = Origin("https", "localhost", port)
    head = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % len(body)
    bench.pool.fetch(Fetch(origin, head, body, timeout=timeout), answered.set_result)
    return await answered


def test_large_bodies_both_ways_on_one_connection(contexts: Contexts) -> None:
    async def echo(arrived: Arrived, writer: asyncio.StreamWriter) -> None:
        writer.write(ok(arrived.body))

    async def scene() -> None:
        async with RawUpstream(echo, tls=contexts.server) as upstream, ProxyBench() as bench:
            trusting(bench, contexts)
            for body in (LARGE, b"small", LARGE[:200_000]):
                fetched = await fetch(bench, upstream.port, body)
                assert (fetched.status, fetched.body == body) == (200, True)
            # the first had to wait in the transport, after which a connection is kept all the same
            assert upstream.connections == 1

    run(scene())


class Consumer:
    """Takes nothing until it is let."""

    def __init__(self) -> None:
        self.upstream: Upstream
        self.size = 0
        self.done = asyncio.get_running_loop().create_future()
        self.begun = asyncio.Event()

    def upstream_connected(self, address: str, seconds: float) -> None: ...

    def upstream_head(self, *_: object) -> None:
        self.upstream.pause()
        self.begun.set()

    def upstream_data(self, piece: bytes) -> None:
        self.size += len(piece)

    def upstream_flush(self) -> None: ...

    def upstream_end(self, piece: bytes) -> None:
        self.upstream_data(piece)
        self.done.set_result(None)

    def upstream_failed(self, error: object) -> None:
        self.done.set_result(error)


def request(port: int, body: bytes = b"", limit: float = 60.0) -> Forward:
    head = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % len(body)
    return Forward(Origin("https", "localhost", port), head, body, 5.0, limit, limit)


def test_a_paused_answer_waits_on_the_other_side(contexts: Contexts) -> None:
    gone = asyncio.Event()

    async def large(arrived: Arrived, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (8 * len(LARGE)))
        for _ in range(8):
            writer.write(LARGE)
            await writer.drain()
        gone.set()

    async def scene() -> None:
        async with RawUpstream(large, tls=contexts.server) as upstream, ProxyBench() as bench:
            trusting(bench, contexts)
            consumer = Consumer()
            bench.pool.send(request(upstream.port), consumer)  # type: ignore[arg-type]
            await consumer.begun.wait()
            size = consumer.size
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(gone.wait(), 0.2)
            assert consumer.size == size < len(LARGE)
            consumer.upstream.resume()
            assert await consumer.done is None
            assert consumer.size == 8 * len(LARGE)

    run(scene())


def test_an_upstream_that_takes_nothing_times_out(contexts: Contexts) -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async def scene() -> None:
        server = await asyncio.start_server(deaf, "127.0.0.1", 0, limit=1024, ssl=contexts.server)
        port = server.sockets[0].getsockname()[1]
        async with ProxyBench() as bench:
            trusting(bench, contexts)
            consumer = Consumer()
            bench.pool.send(request(port, LARGE * 10, 1.0), consumer)  # type: ignore[arg-type]
            while not isinstance(getattr(consumer, "upstream", None), Upstream):
                await asyncio.sleep(0)
            for _ in range(50):
                bench.sweeper.tick()
                await asyncio.sleep(0)
            error = await consumer.done
            assert "took no more of the request for 1 s" in error.detail
            assert not bench.sweeper.waiting
        server.close()

    run(scene())


async def dial(port: int, contexts: Contexts, serve: Serve | None = None) -> str:
    """Why there is no connection; "" when there is one."""
    context = contexts.client()
    server = None
    if serve is not None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
    async with ProxyBench() as bench:
        dialer = Dialer(asyncio.get_running_loop(), Proxies({}), lambda verify: context)
        try:
            upstream = await dialer.open(bench.pool, Origin("https", "localhost", port))
        except DialError as error:
            assert error.kind == "tls"
            return error.detail
        finally:
            if server is not None:
                server.close()
        upstream.close()
        return ""


def test_an_end_or_a_reset_in_the_handshake(contexts: Contexts) -> None:
    async def end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write_eof()
        await reader.read()
        writer.close()

    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()  # what was not read makes it a reset

    assert run(dial(0, contexts, end)) == "localhost: no TLS connection: the connection was closed in the handshake"
    assert "localhost: no TLS connection: " in run(dial(0, contexts, reset))


def test_what_speaks_no_tls(contexts: Contexts) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    assert run(dial(0, contexts, plain)) == "localhost: no TLS connection: WRONG_VERSION_NUMBER"


def test_who_says_nothing_in_the_handshake_is_given_up(contexts: Contexts) -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.read(100))
        seen.append(await reader.read())
        ended.set()

    seen: list[bytes] = []
    ended = asyncio.Event()

    async def scene() -> None:
        server = await asyncio.start_server(mute, "127.0.0.1", 0)
        async with ProxyBench() as bench:
            trusting(bench, contexts)
            consumer = Consumer()
            forward = request(server.sockets[0].getsockname()[1])
            forward.connect_timeout = 0.2
            bench.pool.send(forward, consumer)  # type: ignore[arg-type]
            error = await consumer.done
            assert (error.kind, error.sent) == ("connect_timeout", False)
            await ended.wait()  # the socket is closed too
        server.close()

    run(scene())


def test_a_handshake_byte_by_byte(contexts: Contexts) -> None:
    async def scene() -> None:
        async with RawUpstream(tls=contexts.server) as upstream:

            async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                there, other = await asyncio.open_connection("127.0.0.1", upstream.port)
                up = asyncio.create_task(copy(reader, other))
                while data := await there.read(65536):
                    for byte in data:
                        writer.write(bytes((byte,)))
                        await asyncio.sleep(0)
                await up

            async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                while data := await reader.read(1):
                    writer.write(data)
                writer.close()

            assert await dial(0, contexts, drip) == ""

    run(scene())


class ByHand(asyncio.Protocol):
    """A server's handshake in as few packets as there can be, with `unasked` behind its end."""

    def __init__(self, context: ssl.SSLContext, unasked: bytes = b"") -> None:
        self._arrived, self._leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._peer = context.wrap_bio(self._arrived, self._leaving, server_side=True)
        self._unasked = unasked
        self.told: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._arrived.write(data)
        try:
            self._peer.do_handshake()
            self._peer.write(self._unasked)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self.told.set_result(str(error))
        self._transport.write(self._leaving.read())


async def dial_by_hand(server: ByHand, contexts: Contexts, name: str) -> None:
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(lambda: server, "127.0.0.1", 0)
    context = contexts.client()
    async with ProxyBench() as bench:
        origin = Origin("https", "127.0.0.1", listening.sockets[0].getsockname()[1], server_name=name)
        try:
            (await Dialer(loop, Proxies({}), lambda verify: context).open(bench.pool, origin)).close()
        finally:
            listening.close()


def test_who_is_not_trusted_is_told_so(contexts: Contexts) -> None:
    async def scene() -> None:
        server = ByHand(contexts.server)
        with pytest.raises(DialError, match=r"other\.test: its certificate is not trusted: Hostname mismatch"):
            await dial_by_hand(server, contexts, "other.test")
        assert "ALERT" in await server.told

    run(scene())


def test_an_answer_before_any_request_makes_no_connection(tmp_path: Path) -> None:
    """In TLS 1.2 the server speaks last, so its bytes can come with the end of the handshake."""

    async def scene() -> None:
        contexts = Contexts(tmp_path)
        contexts.server.maximum_version = ssl.TLSVersion.TLSv1_2
        await dial_by_hand(ByHand(contexts.server), contexts, "localhost")
        with pytest.raises(DialError, match="it closed the connection at once"):
            await dial_by_hand(ByHand(contexts.server, ok(b"evil")), contexts, "localhost")

    run(scene())
