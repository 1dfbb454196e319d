"""A request whose plugin asks a store: answered at once or later, and what happens when its client leaves meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from support.plain_exchange import PlainExchange
from support.proxy_bench import ProxyBench, run
from support.redis_model import RedisModel

from gateway.counters import Counters
from gateway.transport.redis_stores import RedisStores
from gateway.values import Consult, Consulted, Count, RedisStore, Reply, Request, Step


class Asking(PlainExchange):
    """Is let through three times; /free is counted by this node alone, at once."""

    def start(self) -> Step:
        store = RedisStore(sync_rate=60.0 if self.request.target == b"/free" else 0.0)
        return Consult(store, [Count(b"{t}:a", 7, 1.0, 3.0, 0.0, 2e9)])

    def resume(self, answer: Any) -> Step:
        assert isinstance(answer, Consulted)
        if self.request.target == b"/fault":
            raise KeyError("a fault in the plugin")
        return Reply(200 if answer.taken else 429, b"", b"%d" % answer.found[0][0])


class Stage:
    def __init__(self, bench: ProxyBench, model: RedisModel) -> None:
        self.bench = bench
        self.model = model

    async def status(self, target: bytes = b"/") -> tuple[int, bytes]:
        head, body = await (await self.bench.connect()).ask(target)
        return int(head.split(b" ")[1]), body


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    model = RedisModel()
    counters = Counters.create(slots=64, shared=False)

    def begin(request: Request) -> Asking:
        return Asking([], request, bench.record)

    async with ProxyBench(begin=begin) as bench:
        stores = RedisStores(counters, lambda: 1e9, lambda name, why: None, lambda store: model)
        bench.serving.runtime.stores = stores
        yield Stage(bench, model)
        await stores.close()
    counters.close()


@pytest.mark.parametrize("target", [b"/", b"/free"])
def test_a_request_goes_on_with_what_the_store_said(target: bytes) -> None:
    async def scene() -> None:
        async with stage() as one:
            found = [await one.status(target) for _ in range(4)]
            assert found == [(200, b"0"), (200, b"1"), (200, b"2"), (429, b"3")]
            assert len(one.model.runs) == (0 if target == b"/free" else 4)

    run(scene())


def test_pipelined_requests_wait_for_each_other() -> None:
    async def scene() -> None:
        async with stage() as one:
            client = await one.bench.connect()
            client.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n" * 3)
            assert [(await client.answer())[1] for _ in range(3)] == [b"0", b"1", b"2"]

    run(scene())


def test_a_client_that_leaves_while_the_store_is_asked() -> None:
    async def scene() -> None:
        async with stage() as one:
            one.model.gate.clear()
            client = await one.bench.connect()
            client.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            while not one.bench.serving.requests:
                await asyncio.sleep(0)
            client.close()
            await one.bench.until_finished()
            assert one.bench.finished[0][1:] == (499, 0, True)
            one.model.gate.set()
            assert (await one.status())[0] == 200

    run(scene())


def test_a_fault_after_the_answer_is_a_500() -> None:
    async def scene() -> None:
        async with stage() as one:
            assert (await one.status(b"/fault"))[0] == 500
            assert (await one.status())[0] == 200

    run(scene())
