"""Probes over real sockets, with a clock that the test moves."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from support.gateway_process import free_ports
from support.proxy_bench import ProxyBench, run
from support.raw_upstream import Arrived, RawUpstream, answer_bytes

from gateway.entities import Config
from gateway.health_marks import HealthMarks
from gateway.transport.probing import Prober


class Rounds:
    """Sleeping ends when the test says so. `asked` holds the intervals that wait."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, asyncio.Future[None]]] = []
        self._changed = asyncio.Event()
        self._begun = 0  # times that somebody went to sleep

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (seconds, future)
        self._waiting.append(entry)
        self._begun += 1
        self._changed.set()
        try:
            await future
        finally:
            self._waiting.remove(entry)
            self._changed.set()

    @property
    def asked(self) -> list[float]:
        return sorted(seconds for seconds, _ in self._waiting)

    async def until(self, *intervals: float) -> None:
        """Waits until exactly these sleep."""
        while self.asked != sorted(intervals):
            self._changed.clear()
            await self._changed.wait()

    async def pass_one(self, *intervals: float) -> None:
        """One round of everybody who sleeps, until all sleep again."""
        await self.until(*intervals)
        for _, future in list(self._waiting):
            future.set_result(None)
        wanted = self._begun + len(intervals)
        while self._begun < wanted:
            self._changed.clear()
            await self._changed.wait()


def config(*ports: int, **active: Any) -> Config:
    check = {
        "type": "http",
        "http_path": "/hc",
        "healthy": {"interval": 5, "successes": 2},
        "unhealthy": {"interval": 3, "http_failures": 2, "tcp_failures": 1, "timeouts": 1},
        **active,
    }
    upstream = {
        "name": "u.test",
        "targets": [{"target": f"127.0.0.1:{port}"} for port in ports],
        "healthchecks": {"active": check},
    }
    return Config.from_declarative({"_format_version": "3.0", "upstreams": [upstream]})


class Probed:
    """A prober beside a pool, and its marks."""

    def __init__(self, bench: ProxyBench) -> None:
        self.rounds = Rounds()
        self.marks = HealthMarks.create(64, shared=False)
        self.prober = Prober(bench.pool, self.marks, asyncio.get_running_loop(), self.rounds.sleep)

    def ill(self, port: int) -> bool:
        return self.marks.ill("u.test", f"127.0.0.1:{port}")


def status(code: int) -> Any:
    return answer_bytes(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % code)


def test_statuses_make_ill_and_well_again() -> None:
    async def scene() -> None:
        async with RawUpstream(status(200)) as upstream, ProxyBench() as bench:
            probed = Probed(bench)
            probed.prober.use(config(upstream.port, headers={"X-A": ["1", "2"]}))
            seen = []
            for code in (200, 500, 500, 200, 200):
                upstream.answer = status(code)
                await probed.rounds.pass_one(5, 3)
                seen.append(probed.ill(upstream.port))
            assert seen == [False, False, True, True, False]
            assert len(upstream.arrived) == 5 and upstream.connections == 5
            assert upstream.arrived[0].head.startswith(b"GET /hc HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" % upstream.port)
            assert upstream.arrived[0].head.count(b"\r\nX-A: ") == 2
            probed.prober.close()

    run(scene())


@pytest.mark.parametrize("kind", ["http", "tcp", "grpc"])
def test_nobody_listening_is_a_failed_connection(kind: str) -> None:
    async def scene() -> None:
        (port,) = free_ports(1)
        async with ProxyBench() as bench:
            probed = Probed(bench)
            probed.prober.use(config(port, type=kind))
            await probed.rounds.pass_one(5, 3)
            assert probed.ill(port)
            async with RawUpstream(port=port):
                await probed.rounds.pass_one(5, 3)
                await probed.rounds.pass_one(5, 3)
            assert not probed.ill(port)
            probed.prober.close()

    run(scene())


def test_silence_is_a_timeout() -> None:
    async def silent(arrived: Arrived, writer: asyncio.StreamWriter) -> bool:
        await asyncio.Event().wait()
        return False

    async def scene() -> None:
        async with RawUpstream(silent) as upstream, ProxyBench() as bench:
            probed = Probed(bench)
            probed.prober.use(config(upstream.port, timeout=0.05))
            await probed.rounds.pass_one(5, 3)
            assert probed.ill(upstream.port)
            probed.prober.close()

    run(scene())


def test_no_more_at_once_than_asked_for() -> None:
    async def scene() -> None:
        now, most = 0, 0
        go = asyncio.Event()

        async def counted(arrived: Arrived, writer: asyncio.StreamWriter) -> bool:
            nonlocal now, most
            now += 1
            most = max(most, now)
            if now == 2:
                go.set()
            await go.wait()
            now -= 1
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            return False

        async with (
            RawUpstream(counted) as one,
            RawUpstream(counted) as two,
            RawUpstream(counted) as three,
            ProxyBench() as bench,
        ):
            probed = Probed(bench)
            probed.prober.use(config(one.port, two.port, three.port, concurrency=2))
            await probed.rounds.pass_one(5, 3)
            assert most == 2 and all(len(each.arrived) == 1 for each in (one, two, three))
            probed.prober.close()

    run(scene())


def test_what_does_not_change_is_watched_on_and_what_goes_is_forgotten() -> None:
    async def scene() -> None:
        async with RawUpstream(status(500)) as upstream, ProxyBench() as bench:
            probed = Probed(bench)
            first = config(upstream.port)
            probed.prober.use(first)
            await probed.rounds.pass_one(5, 3)
            before = [task for _, _, tasks in probed.prober._watched.values() for task in tasks]
            probed.prober.use(Config(first.collections))
            assert [task for _, _, tasks in probed.prober._watched.values() for task in tasks] == before
            await probed.rounds.pass_one(5, 3)
            assert probed.ill(upstream.port)
            probed.prober.use(Config())
            assert not probed.ill(upstream.port)
            await probed.rounds.until()

    run(scene())


def test_without_intervals_or_weight_nobody_is_asked() -> None:
    async def scene() -> None:
        async with ProxyBench() as bench:
            probed = Probed(bench)
            probed.prober.use(config(1, healthy={"interval": 0}, unhealthy={"interval": 0}))
            assert not [task for _, _, tasks in probed.prober._watched.values() for task in tasks]

    run(scene())


def test_a_header_from_the_configuration_ends_no_line() -> None:
    async def scene() -> None:
        async with RawUpstream(status(200)) as upstream, ProxyBench() as bench:
            probed = Probed(bench)
            probed.prober.use(config(upstream.port, headers={"X-A": ["1\r\nInjected: 1"]}))
            await probed.rounds.pass_one(5, 3)
            assert b"X-A: 1%0D%0AInjected: 1" in upstream.arrived[0].lines
            probed.prober.close()

    run(scene())
