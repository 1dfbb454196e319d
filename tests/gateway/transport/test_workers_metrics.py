"""Numbers of several worker processes: asked for, added up, kept when a process ends."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest
from support.house import ROOT
from support.proxy_bench import Client, run
from support.raw_upstream import RawUpstream
from support.worker_processes import started

from gateway.entities import Config
from gateway.metrics import Dump
from gateway.transport import workers as room
from gateway.transport.workers import Workers


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("KONG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "gateway_image"))
    monkeypatch.setenv("KONG_PROXY_ACCESS_LOG", "off")


def config(port: int, prometheus: bool = True) -> Config:
    plugin = {"name": "prometheus", "config": {"status_code_metrics": True, "latency_metrics": True}}
    service = {"name": "s", "url": f"http://127.0.0.1:{port}", "routes": [{"name": "r", "paths": ["/"]}]}
    return Config.from_declarative(
        {"_format_version": "3.0", "services": [service], "plugins": [plugin] if prometheus else []}
    )


async def ask(port: int, count: int) -> None:
    """`count` requests on connections of their own, so that several workers get some."""
    for _ in range(count):
        client = Client(*await asyncio.open_connection("127.0.0.1", port))
        head, _ = await client.ask(b"/", extra=b"Connection: close\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        client.close()


def requests(dump: Dump) -> int:
    return sum(int(number) for _, number in dump.get("kong_http_requests_total", {"series": []})["series"])


def observed(dump: Dump) -> int:
    return sum(sum(counts) for _, (*counts, _) in dump["kong_request_latency_ms"]["series"])


async def replaced(workers: Workers) -> None:
    while workers.ready == len(workers.members):
        await workers._wait_change()
    while workers.ready < len(workers.members):
        await workers._wait_change()


def test_the_numbers_of_all_are_there_when_the_answers_are() -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream, started(config(upstream.port), 2) as (workers, port):
            for total in (7, 14):
                await ask(port, 7)
                dump = await workers.gather()
                assert (requests(dump), observed(dump)) == (total, total)
                server = workers.statistics()["server"]
                assert (server["total_requests"], server["connections_accepted"]) == (total, total)

    run(scene())


def test_a_worker_that_ends_tells_its_last_numbers() -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream, started(config(upstream.port), 1) as (workers, port):
            await ask(port, 5)
            process = workers.members[0].process
            assert process is not None
            process.send_signal(signal.SIGTERM)
            await replaced(workers)
            assert requests(await workers.gather()) == 5
            await ask(port, 2)
            assert requests(await workers.gather()) == 7
            assert workers.statistics()["server"]["total_requests"] == 7

    run(scene())


def test_what_a_killed_worker_told_last_stays_counted() -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream, started(config(upstream.port), 2) as (workers, port):
            await ask(port, 9)
            before = requests(await workers.gather())
            for number in (0, 1):
                process = workers.members[number].process
                assert process is not None
                process.send_signal(signal.SIGKILL)
                await replaced(workers)
            assert before == requests(await workers.gather()) == 9
            server = workers.statistics()["server"]
            assert server["total_requests"] == 9
            assert server["connections_active"] == 0

    run(scene())


def test_a_worker_that_does_not_answer_is_counted_as_it_was_known(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream, started(config(upstream.port), 1) as (workers, port):
            await ask(port, 3)
            await workers.gather()
            process = workers.members[0].process
            assert process is not None
            process.send_signal(signal.SIGSTOP)
            monkeypatch.setattr(room, "COUNT_SECONDS", 0.01)
            assert requests(await workers.gather()) == 3
            process.send_signal(signal.SIGCONT)
            monkeypatch.setattr(room, "COUNT_SECONDS", 5.0)
            assert requests(await workers.gather()) == 3

    run(scene())


def test_two_may_ask_at_once() -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream, started(config(upstream.port), 2) as (workers, port):
            await ask(port, 4)
            found = await asyncio.gather(*(workers.gather() for _ in range(5)))
            assert [requests(dump) for dump in found] == [4] * 5

    run(scene())


def test_nothing_is_counted_without_the_plugin() -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream, started(config(upstream.port, prometheus=False), 1) as (workers, port):
            await ask(port, 3)
            assert set(await workers.gather()) == {"kong_nginx_metric_errors_total"}
            assert workers.statistics()["server"]["total_requests"] == 3

    run(scene())
