"""A plugin's question: the whole answer, or why there is none, once."""

from __future__ import annotations

import asyncio

from support.proxy_bench import ProxyBench, run
from support.raw_upstream import Answer, Arrived, RawUpstream, answer_bytes, answer_ok, ok

from gateway.values import Fetch, Fetched

HEAD = b"GET /q HTTP/1.1\r\nHost: h\r\n\r\n"


async def fetch(answer: Answer, **options: float) -> Fetched:
    async with RawUpstream(answer) as upstream, ProxyBench() as bench:
        answered: asyncio.Future[Fetched] = asyncio.get_running_loop().create_future()
        fetching = bench.pool.fetch(Fetch(upstream.origin, HEAD, b"", **options), answered.set_result)  # type: ignore[arg-type]
        assert fetching.waits
        fetched = await answered
        assert not fetching.waits
        return fetched


def test_the_whole_answer() -> None:
    chunked = b"HTTP/1.1 201 Created\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
    fetched = run(fetch(answer_bytes(chunked)))
    assert (fetched.status, fetched.body, fetched.error) == (201, b"hello", None)
    assert (b"X-A", b"1") in fetched.headers


def test_why_there_is_none() -> None:
    fetched = run(fetch(answer_bytes(b"", close=True)))
    assert fetched.status == 0
    assert fetched.error is not None
    assert fetched.error.kind == "closed"


def test_an_answer_that_is_too_large() -> None:
    for raw in (ok(b"x" * 50), b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n" + b"x" * 100_000):
        fetched = run(fetch(answer_bytes(raw), limit=10))
        assert fetched.error is not None
        assert fetched.error.kind == "too_large"
        assert "10 bytes" in fetched.error.detail


def test_the_limit_is_for_the_whole_question() -> None:
    async def dribble(arrived: Arrived, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0)

    fetched = run(fetch(dribble, timeout=0.3))
    assert fetched.error is not None
    assert fetched.error.kind == "timeout"
    assert "0.3 s" in fetched.error.detail


def test_nobody_is_told_after_it_was_abandoned() -> None:
    async def scene() -> None:
        told: list[Fetched] = []
        async with RawUpstream(answer_ok) as upstream, ProxyBench() as bench:
            fetching = bench.pool.fetch(Fetch(upstream.origin, HEAD, b""), told.append)
            fetching.abandon()
            again: asyncio.Future[Fetched] = asyncio.get_running_loop().create_future()
            bench.pool.fetch(Fetch(upstream.origin, HEAD, b""), again.set_result)
            await again
            assert told == []

    run(scene())
