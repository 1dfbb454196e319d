"""Limits when a thousand requests come at once, and when Redis goes away in the middle: no count and no request is
lost, no request too many gets through, and the log says it once."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from support.crowd import Upstream, crowd, one, stream_of
from support.gateway_process import GatewayProcess, eventually
from support.limited_chats import chat_service, token_limit, within_one_window, write
from support.redis_servers import RedisServer
from support.stream_crowd import raise_descriptor_limit

pytestmark = [pytest.mark.timeout(240), pytest.mark.xdist_group("limits")]
CROWD = 1000
HOUR = 3600
WORKERS = {"KONG_NGINX_WORKER_PROCESSES": "3", "KONG_PROXY_ACCESS_LOG": "off"}
TOKENS = 7  # an answer of Upstream
Json = Any


@pytest.fixture(autouse=True)
def descriptors() -> None:
    """A shell usually gives 1,024, and each client of a crowd takes one at both ends."""
    raise_descriptor_limit()


def request_limit(redis: Json = None, **config: Json) -> Json:
    shared = {"policy": "redis", "redis": {"host": "127.0.0.1", **redis}} if redis else {}
    return {"name": "rate-limiting", "config": {**shared, **config}}


@contextlib.asynccontextmanager
async def serving(file: Path, *services: Callable[[str], Json]) -> AsyncIterator[tuple[GatewayProcess, Upstream]]:
    async with Upstream().serving() as upstream:
        url = f"http://127.0.0.1:{upstream.port}"
        gateway = GatewayProcess(write(file, *(service(url) for service in services)), WORKERS)
        await asyncio.to_thread(gateway.__enter__)
        try:
            yield gateway, upstream
        finally:
            await asyncio.to_thread(gateway.stop)


def left(gateway: GatewayProcess, path: str, window: str) -> str:
    got = gateway.chat(path, "1+1?")
    return got.headers[f"x-ai-ratelimit-remaining-{window}-openai"]


def test_workers_of_a_node_lose_no_count_and_let_none_too_many_through(tmp_path: Path) -> None:
    def scenario(attempt: int) -> None:
        async def run() -> None:
            tokens = token_limit(1_000_000, HOUR)
            few = token_limit(1, HOUR)
            async with serving(
                tmp_path / f"kong-{attempt}.yml",
                lambda url: chat_service("requests", url, request_limit(hour=CROWD * 7 // 10, day=CROWD * 2)),
                lambda url: chat_service("tokens", url, tokens),
                lambda url: chat_service("spent", url, few),
            ) as (gateway, upstream):
                port = gateway.ports["PROXY"]
                assert await crowd(port, "/requests", CROWD) == Counter({200: 700, 429: 300})
                assert upstream.answered == 700
                assert await crowd(port, "/tokens", CROWD) == Counter({200: CROWD})
                assert await asyncio.to_thread(left, gateway, "/tokens", "hour") == str(1_000_000 - CROWD * TOKENS)
                assert await one(port, "/spent") == 200
                assert await crowd(port, "/spent", CROWD) == Counter({429: CROWD})

        asyncio.run(run())

    within_one_window(HOUR, scenario)


@pytest.mark.redis
def test_redis_loses_no_count_and_lets_none_too_many_through(tmp_path: Path) -> None:
    def scenario(attempt: int) -> None:
        async def run(server: RedisServer) -> None:
            redis = {"port": server.port}
            tokens = token_limit(1_000_000, HOUR, strategy="redis", redis=redis)
            limit = request_limit(redis, hour=700, day=5000)
            async with serving(
                tmp_path / f"kong-{attempt}.yml",
                lambda url: chat_service("requests", url, limit),
                lambda url: chat_service("tokens", url, tokens),
            ) as (gateway, upstream):
                port = gateway.ports["PROXY"]
                assert await crowd(port, "/requests", CROWD) == Counter({200: 700, 429: 300})
                assert upstream.answered == 700
                assert sorted(server.counts().values()) == [700, 700]  # the hour and the day
                assert await crowd(port, "/tokens", CROWD) == Counter({200: CROWD})
                spent = 1400 + CROWD * TOKENS
                await asyncio.to_thread(eventually, lambda: server.total() == spent, "the charges")
                assert await asyncio.to_thread(left, gateway, "/tokens", "hour") == str(1_000_000 - CROWD * TOKENS)
                assert "does not answer" not in gateway.log.read_text()

        with RedisServer(tmp_path / f"redis-{attempt}") as server:
            asyncio.run(run(server))

    within_one_window(HOUR, scenario)


@pytest.mark.redis
@pytest.mark.parametrize("how", ["killed", "stopped"])
def test_redis_going_away_and_coming_back_loses_nothing_and_is_told_once(tmp_path: Path, how: str) -> None:
    """Requests go on all the time. The killed server comes back with its data; the stopped one keeps its connections
    and answers nothing for a while."""

    def scenario(attempt: int) -> None:
        async def run(server: RedisServer) -> None:
            redis = {"port": server.port, "timeout": 1000}
            tokens = token_limit(1_000_000, HOUR, strategy="redis", redis=redis)
            limit = request_limit(redis, hour=1_000_000)
            # both plugins on one route: each request is counted twice
            async with serving(
                tmp_path / f"kong-{attempt}.yml", lambda url: chat_service("both", url, tokens, limit)
            ) as (gateway, upstream):

                def told(words: str) -> int:
                    return gateway.log.read_text().count(words)

                over = asyncio.Event()
                asked = asyncio.create_task(stream_of(gateway.ports["PROXY"], "/both", 20, over.is_set))
                await happened(lambda: upstream.answered > 200)
                slow = told("does not answer")  # a machine under load may have been slow at the start
                await happened(lambda: told("answers again") == slow)
                if how == "killed":
                    server.kill()
                else:
                    server.send(signal.SIGSTOP)
                await happened(lambda: told("does not answer") == slow + 1)
                before = upstream.answered
                await happened(lambda: upstream.answered > before + 200)
                if how == "killed":
                    await asyncio.to_thread(server.start)
                else:
                    server.send(signal.SIGCONT)
                await happened(lambda: told("answers again") == slow + 1)
                before = upstream.answered
                await happened(lambda: upstream.answered > before + 200)
                over.set()
                found = await asked
                assert set(found) == {200}, found
                assert found[200] == upstream.answered
                spent = {float(found[200]), float(found[200] * TOKENS)}
                await asyncio.to_thread(eventually, lambda: set(server.counts().values()) == spent, f"{spent} counted")
            # three workers and two plugins, and it is told once
            assert (told("does not answer"), told("answers again")) == (slow + 1, slow + 1), gateway.log.read_text()

        with RedisServer(tmp_path / f"redis-{attempt}") as server:
            asyncio.run(run(server))

    within_one_window(HOUR, scenario)


async def happened(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """As eventually(), while this thread's event loop goes on."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 0.05)
