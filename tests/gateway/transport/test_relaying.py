"""The connections of the pages: whole answers, later ones, and streams through the proxy over real sockets."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from support.proxy_bench import ProxyBench, run
from support.raw_upstream import Arrived, RawUpstream, ok

from gateway.admin.relay import Relay
from gateway.transport.relaying import Questions, RelayConnection
from gateway.values import Fetch, Origin, Reply, Request


def bench_of(origin: Origin) -> ProxyBench:
    async def later(body: bytes) -> Reply:
        await asyncio.sleep(0)
        if body == b"fault":
            raise ValueError("a secret")
        return Reply(200, b"", b"later " + body)

    def begin(request: Request) -> Any:
        if request.target == b"/relay":
            return Relay(json.loads(request.body), origin, asyncio.get_running_loop().time)
        if request.target == b"/fault":
            raise ValueError("a secret")
        return later(request.body) if request.body else Reply(200, b"X-A: 1\r\n", b"at once")

    return ProxyBench(begin=begin, connection=RelayConnection, port=8002)


def events(body: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in body.split(b"\n") if line]


def asked(**more: Any) -> bytes:
    return json.dumps({"method": "POST", "path": "/chat", "body": "x", **more}).encode()


def test_answers_of_all_kinds_on_one_connection() -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream, bench_of(upstream.origin) as bench:
            client = await bench.connect()
            assert (await client.ask(b"/"))[1] == b"at once"
            assert (await client.ask(b"/", b"now"))[1] == b"later now"
            head, body = await client.ask(b"/relay", asked())
            assert b"application/x-ndjson" in head and b"transfer-encoding: chunked" in head.lower()
            told = events(body)
            assert told[0]["head"]["status"] == 200 and told[1]["data"] == '{"ok":true}' and "end" in told[-1]
            assert upstream.arrived[0].target == b"/chat" and upstream.arrived[0].body == b"x"
            assert (await client.ask(b"/"))[1] == b"at once"

    run(scene())


def test_pieces_come_as_they_are_made() -> None:
    go = asyncio.Event()

    async def stream(arrived: Arrived, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        await writer.drain()
        await go.wait()
        writer.write(b"3\r\ntwo\r\n0\r\n\r\n")

    async def scene() -> None:
        async with RawUpstream(stream) as upstream, bench_of(upstream.origin) as bench:
            client = await bench.connect()
            body = asked()
            client.send(b"POST /relay HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
            assert b"one" in await client.reader.readuntil(b"one")
            go.set()
            rest = await client.reader.readuntil(b"0\r\n\r\n")
            assert b'"two"' in rest and b'"end"' in rest

    run(scene())


def test_nobody_behind_the_proxys_port() -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream:
            gone = upstream.origin
        async with bench_of(gone) as bench:
            client = await bench.connect()
            _, body = await client.ask(b"/relay", asked())
            assert events(body)[0]["error"]["kind"] == "refused"
            assert (await client.ask(b"/"))[1] == b"at once"

    run(scene())


def test_a_page_that_goes_away_frees_the_upstream() -> None:
    async def hang(arrived: Arrived, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        await asyncio.Event().wait()

    async def scene() -> None:
        async with RawUpstream(hang) as upstream, bench_of(upstream.origin) as bench:
            client = await bench.connect()
            body = asked()
            client.send(b"POST /relay HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
            await client.reader.readuntil(b"one")
            client.close()
            while bench.serving.connections:
                await asyncio.sleep(0)

    run(scene())


def test_faults_are_500_without_details() -> None:
    async def scene() -> None:
        async with bench_of(Origin("http", "127.0.0.1", 1)) as bench:
            client = await bench.connect()
            for target, body in ((b"/fault", b""), (b"/", b"fault"), (b"/fault", b"")):
                head, text = await client.ask(target, body)
                assert head.startswith(b"HTTP/1.1 500 ") and b"secret" not in text

    run(scene())


def test_questions_for_coroutines() -> None:
    async def slow(arrived: Arrived, writer: asyncio.StreamWriter) -> None:
        if arrived.target == b"/slow":
            await asyncio.Event().wait()
        writer.write(ok(b"[1]"))

    async def scene() -> None:
        async with RawUpstream(slow) as upstream, bench_of(upstream.origin) as bench:
            questions = Questions(bench.pool)
            head = b"GET %b HTTP/1.1\r\nHost: h\r\n\r\n"
            fetched = await questions.ask(Fetch(upstream.origin, head % b"/", b"", 5.0))
            assert (fetched.status, fetched.body, fetched.error) == (200, b"[1]", None)
            late = await questions.ask(Fetch(upstream.origin, head % b"/slow", b"", 0.05))
            assert late.error is not None and late.error.kind == "timeout"
            waiting = asyncio.ensure_future(questions.ask(Fetch(upstream.origin, head % b"/slow", b"", 5.0)))
            await upstream.until(lambda: len(upstream.arrived) == 3)
            waiting.cancel()
            (ended,) = await asyncio.gather(waiting, return_exceptions=True)
            assert isinstance(ended, asyncio.CancelledError)
            assert (await questions.ask(Fetch(upstream.origin, head % b"/", b"", 5.0))).status == 200
            questions.close()

    run(scene())
