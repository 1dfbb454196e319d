"""Three gateways in containers behind one nginx, sharing limits through Redis: exact to the token with a thousand
requests at once, through a Sentinel failover, and while one gateway after the other is restarted."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support import nginx
from support.crowd import Upstream, crowd, one, stream_of
from support.gateway_containers import GatewayContainers, gateway_image
from support.gateway_process import ask, eventually
from support.limited_chats import chat_service, token_limit, within_one_window, write
from support.redis_servers import MASTER, RedisServer, Sentinels, cluster

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("limits"), pytest.mark.docker, pytest.mark.redis]
NODES = 3
CROWD = 1000
DAY = 86400
TOKENS = 7  # an answer of Upstream
PLENTY = 10_000_000
Json = Any


@pytest.fixture(autouse=True)
def nginx_is_there() -> None:
    if why := nginx.missing():
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI must run this, and {why}", pytrace=False)
        pytest.skip(why)


@pytest.fixture(scope="module")
def image() -> Iterator[str]:
    with gateway_image() as tag:
        yield tag


def services(url: str, plain: Json, advanced: Json) -> list[Json]:
    """Routes: /first and /second let 700 requests through, /tokens counts, /few allows ten answers."""

    def requests() -> Json:
        return {"name": "rate-limiting", "config": {"policy": "redis", "day": 700, "redis": plain}}

    def tokens(limit: float) -> Json:
        return token_limit(limit, DAY, strategy="redis", redis=advanced)

    return [
        *(chat_service(name, url, requests()) for name in ("first", "second") if plain),
        chat_service("tokens", url, tokens(PLENTY)),
        chat_service("few", url, tokens(10 * TOKENS)),
    ]


class Fleet:
    def __init__(self, upstream: Upstream, gateways: GatewayContainers, balancer: nginx.Balancer) -> None:
        self.upstream = upstream
        self.gateways = gateways
        self.port = balancer.port
        self.balancer = balancer

    async def holds_exactly(self, path: str) -> None:
        """700 of a thousand requests at once get through, whichever gateway they come to."""
        before = self.upstream.answered
        assert await crowd(self.port, path, CROWD) == Counter({200: 700, 429: 300})
        assert self.upstream.answered == before + 700

    async def lets_ten_answers_through(self, total: Callable[[], float]) -> None:
        """One after the other at another gateway each time: the one after the last token is refused everywhere."""
        began = await asyncio.to_thread(total)
        for number in range(10):
            assert await one(self.gateways.ports[number % NODES], "/few") == 200
            await counted(total, began + (number + 1) * TOKENS)
        assert [await one(port, "/few") for port in self.gateways.ports] == [429] * NODES


@contextlib.asynccontextmanager
async def fleet(folder: Path, image: str, plain: Json, advanced: Json) -> AsyncIterator[Fleet]:
    """Gateways that all read one file."""
    async with Upstream().serving() as upstream:
        (folder / "conf").mkdir(parents=True)
        url = f"http://127.0.0.1:{upstream.port}"
        file = write(folder / "conf" / "kong.yml", *services(url, plain, advanced))
        gateways = GatewayContainers(NODES, file, image)
        await asyncio.to_thread(gateways.__enter__)
        try:
            balancer = nginx.Balancer(folder / "nginx", gateways.ports)
            await asyncio.to_thread(balancer.__enter__)
            try:
                yield Fleet(upstream, gateways, balancer)
            finally:
                balancer.__exit__()
        finally:
            await asyncio.to_thread(gateways.__exit__)


async def counted(total: Callable[[], float], expected: float) -> None:
    await asyncio.to_thread(eventually, lambda: total() == expected, f"{expected:g} counted", 30)


async def happened(condition: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    """As eventually(), while this thread's event loop goes on."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 0.05)


def test_through_a_failover_and_a_rolling_restart(tmp_path: Path, image: str) -> None:
    def scenario(attempt: int) -> None:
        folder = tmp_path / f"attempt-{attempt}"
        folder.mkdir()
        with Sentinels(folder) as sentinels:
            redis = {"sentinel_master": MASTER, "sentinel_role": "master", "sentinel_nodes": sentinels.nodes}
            asyncio.run(run(folder, sentinels, redis))

    async def run(folder: Path, sentinels: Sentinels, redis: Json) -> None:
        async with fleet(folder, image, {}, redis) as one_fleet:
            upstream, gateways = one_fleet.upstream, one_fleet.gateways

            def total() -> float:
                return sentinels.master().total()

            assert await crowd(one_fleet.port, "/tokens", CROWD) == Counter({200: CROWD})
            await counted(total, CROWD * TOKENS)

            # the master is killed while requests go on, with no care for what it has not told its replicas
            async with going_on(one_fleet, upstream) as found:
                dead = sentinels.master()
                dead.kill()
                await happened(lambda: sentinels.master() is not dead, "a new master")
                await happened(lambda: gateways.logs().count("answers again") >= NODES, "the gateways to find it")
            assert set(found) == {200}, found
            assert upstream.answered == CROWD + found[200], "no request was lost or sent twice"
            await counted(total, upstream.answered * TOKENS)

            # one gateway after the other is taken out, stopped, started and put back
            before = upstream.answered
            async with going_on(one_fleet, upstream) as found:
                for number, port in enumerate(gateways.ports):
                    others = [other for other in gateways.ports if other != port]
                    await asyncio.to_thread(one_fleet.balancer.spread_over, others)
                    await asyncio.to_thread(gateways.restart, number)
                    await asyncio.to_thread(one_fleet.balancer.spread_over, gateways.ports)
            assert set(found) == {200}, found
            assert upstream.answered == before + found[200]
            await counted(total, upstream.answered * TOKENS)

            assert await crowd(one_fleet.port, "/tokens", CROWD) == Counter({200: CROWD})
            await counted(total, upstream.answered * TOKENS)
            left = await asyncio.to_thread(remaining, one_fleet.port)
            assert left == PLENTY - (upstream.answered - 1) * TOKENS
            await counted(total, upstream.answered * TOKENS)
            await one_fleet.lets_ten_answers_through(total)

    within_one_window(DAY, scenario)


@contextlib.asynccontextmanager
async def going_on(fleet: Fleet, upstream: Upstream) -> AsyncIterator[Counter[int]]:
    """Requests from twenty clients all the time; yields what they got, complete at the end."""
    over = asyncio.Event()
    found: Counter[int] = Counter()
    asked = asyncio.create_task(stream_of(fleet.port, "/tokens", 20, over.is_set))
    began = upstream.answered
    try:
        await happened(lambda: upstream.answered > began + 100, "requests")
        yield found
        now = upstream.answered
        await happened(lambda: upstream.answered > now + 100, "requests afterwards")
    finally:
        over.set()
        found.update(await asked)


def remaining(port: int) -> int:
    got = ask(port, "POST", "/tokens", {"messages": [{"role": "user", "content": "1+1?"}]})
    return int(got.headers["x-ai-ratelimit-remaining-day-openai"])


@contextlib.contextmanager
def single(folder: Path) -> Iterator[tuple[Json, list[RedisServer]]]:
    with RedisServer(folder) as server:
        yield {"host": "127.0.0.1", "port": server.port}, [server]


@contextlib.contextmanager
def clustered(folder: Path) -> Iterator[tuple[Json, list[RedisServer]]]:
    with cluster(folder) as servers:
        yield {"cluster_nodes": [{"ip": "127.0.0.1", "port": server.port} for server in servers]}, servers


@pytest.mark.parametrize("kind", [single, clustered])
def test_a_thousand_at_once(tmp_path: Path, image: str, kind: Any) -> None:
    def scenario(attempt: int) -> None:
        folder = tmp_path / f"attempt-{attempt}"
        folder.mkdir()
        with kind(folder / "redis") as (redis, servers):
            asyncio.run(run(folder, redis, servers))

    async def run(folder: Path, redis: Json, servers: list[RedisServer]) -> None:
        def total() -> float:
            return sum(server.total() for server in servers)

        plain = redis if "host" in redis else {}  # the classic plugin knows one server only
        async with fleet(folder, image, plain, redis) as one_fleet:
            spent = 0
            if plain:
                await one_fleet.holds_exactly("/first")
                spent = 700
            assert await crowd(one_fleet.port, "/tokens", CROWD) == Counter({200: CROWD})
            spent += CROWD * TOKENS
            await counted(total, spent)
            await one_fleet.lets_ten_answers_through(total)
            if plain:
                await one_fleet.holds_exactly("/second")
            assert "does not answer" not in one_fleet.gateways.logs()

    within_one_window(DAY, scenario)
