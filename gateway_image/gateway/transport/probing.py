"""Active health checks: asks the targets of upstreams whether they are well, from one process of a node. Not for: which
results count (peer_health.py), what workers see of their own requests.

Each upstream is watched by up to two tasks, one for its targets that are well and one for those that are ill, since
each has its interval. A probe uses no kept connection: that one can be made is part of the question.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from gateway.balancing import place
from gateway.entities import Config
from gateway.headers import one_line
from gateway.health_marks import HealthMarks, Mark
from gateway.outbound import host_value
from gateway.peer_health import HealthRules
from gateway.transport.dial import DialError
from gateway.transport.faults import describe
from gateway.transport.pool import Pool
from gateway.values import Forward, Headers, Origin, UpstreamError

Entity = Mapping[str, Any]
_BY_STATUS = {"http": "http", "https": "https"}
_log = logging.getLogger("gateway")


class Probe:
    """One question over a connection of its own; `answer` is a status or what went wrong. The consumer of its
    connection (client.Consumer)."""

    __slots__ = ("answer", "upstream")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.upstream: Any = None
        self.answer: asyncio.Future[int | UpstreamError] = loop.create_future()

    def upstream_connected(self, address: str, seconds: float) -> None:
        """That it could be made is told by the answer."""

    def upstream_head(self, status: int, reason: bytes, headers: Headers) -> None:
        self._tell(status)
        self.leave()

    def upstream_data(self, piece: bytes) -> None:
        """The body does not matter."""

    def upstream_flush(self) -> None:
        """The body does not matter."""

    def upstream_end(self, piece: bytes) -> None:
        self.upstream = None

    def upstream_whole(self, status: int, reason: bytes, headers: Headers, body: bytes) -> None:
        self.upstream_head(status, reason, headers)

    def upstream_failed(self, error: UpstreamError) -> None:
        self.upstream = None
        self._tell(error)

    def leave(self) -> None:
        upstream, self.upstream = self.upstream, None
        if upstream is not None:
            upstream.abandon()

    def _tell(self, answer: int | UpstreamError) -> None:
        if not self.answer.done():
            self.answer.set_result(answer)


class Prober:
    """`use` says what to watch, from now on and instead of what was watched before."""

    def __init__(
        self,
        pool: Pool,
        marks: HealthMarks,
        loop: asyncio.AbstractEventLoop,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._pool = pool
        self._marks = marks
        self._loop = loop
        self._sleep = sleep
        self._watched: dict[str, tuple[Entity, list[Entity], list[asyncio.Task[None]]]] = {}

    def use(self, config: Config) -> None:
        """An upstream that did not change is watched on, without a first probe out of turn."""
        collections = config.collections
        targets: dict[str, list[Entity]] = {}
        for row in collections["targets"].values():
            targets.setdefault(row["upstream"]["id"], []).append(row)
        before, self._watched = self._watched, {}
        names: list[tuple[str, str]] = []
        for id, row in collections["upstreams"].items():
            own = targets.get(id, [])
            names += ((row["name"], target["target"]) for target in own)
            known = before.get(id)
            if known is not None and known[:2] == (row, own):
                self._watched[id] = before.pop(id)
            else:
                self._watched[id] = (row, own, [])
        self._marks.keep(names)
        for _, _, tasks in before.values():
            for task in tasks:
                task.cancel()
        for upstream, own, tasks in self._watched.values():
            if not tasks:
                tasks += self._tasks(upstream, own)

    def close(self) -> None:
        for _, _, tasks in self._watched.values():
            for task in tasks:
                task.cancel()
        self._watched.clear()

    def _tasks(self, upstream: Entity, targets: list[Entity]) -> list[asyncio.Task[None]]:
        check = upstream["healthchecks"]["active"]
        asked = [target["target"] for target in targets if target["weight"] > 0]
        return [
            self._loop.create_task(self._watch(upstream, check, asked, ill, interval))
            for ill, interval in ((False, check["healthy"]["interval"]), (True, check["unhealthy"]["interval"]))
            if interval > 0 and asked
        ]

    async def _watch(
        self, upstream: Entity, check: Mapping[str, Any], targets: list[str], ill: bool, interval: float
    ) -> None:
        rules = HealthRules(check)
        free = asyncio.Semaphore(check["concurrency"])
        name = upstream["name"]
        marks = [(target, self._marks.mark(name, target)) for target in targets]

        async def judge(target: str, mark: Mark) -> None:
            async with free:
                try:
                    answer = await self._ask(upstream, check, target)
                except Exception as error:  # of ours: the next round asks again
                    _log.error("a probe of %s, target %s, failed inside the gateway: %s", name, target, describe(error))
                    return
            if isinstance(answer, UpstreamError):
                rules.failed(mark, answer)
                why = f"{answer.kind}: {answer.detail}"
            elif answer:
                rules.answered(mark, answer)
                why = f"status {answer}"
            else:
                rules.connected(mark)
                why = "it takes connections"
            if mark.ill != ill:
                word = "unhealthy" if mark.ill else "healthy"
                _log.warning("upstream %s: target %s is %s (%s)", name, target, word, why)

        while True:
            await self._sleep(interval)
            await asyncio.gather(*(judge(target, mark) for target, mark in marks if mark.ill == ill))

    async def _ask(self, upstream: Entity, check: Mapping[str, Any], target: str) -> int | UpstreamError:
        """A status, 0 for a connection where no status is asked for, or what went wrong."""
        at = place(target)
        scheme = _BY_STATUS.get(check["type"])
        name = check["https_sni"] or upstream["host_header"] or ""
        origin = Origin(scheme or "http", at.host, at.port, check["https_verify_certificate"], name)
        seconds = check["timeout"] or None
        if scheme is None:
            return await self._reach(origin, seconds)
        probe = Probe(self._loop)
        patience = check["timeout"]
        self._pool.dial(Forward(origin, _head(upstream, check, origin), b"", patience, patience, patience), probe)
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(probe.answer)
        except TimeoutError:
            return UpstreamError("timeout", f"{target}: no answer within {seconds:g} s", True)
        finally:
            probe.leave()

    async def _reach(self, origin: Origin, seconds: float | None) -> int | UpstreamError:
        try:
            async with asyncio.timeout(seconds):
                await self._pool.reach(origin)
        except TimeoutError:
            return UpstreamError(
                "connect_timeout", f"{origin.host}:{origin.port}: no connection within {seconds:g} s", False
            )
        except DialError as error:
            return UpstreamError(error.kind, error.detail, False)
        return 0


def _head(upstream: Entity, check: Mapping[str, Any], origin: Origin) -> bytes:
    given = [(_bytes(name), _bytes(value)) for name, values in (check["headers"] or {}).items() for value in values]
    lines = [b"GET " + _bytes(check["http_path"]) + b" HTTP/1.1"]
    if not any(name.lower() == b"host" for name, _ in given):
        named = upstream["host_header"]
        lines.append(b"Host: " + (_bytes(named) if named else host_value(origin)))
    lines += (name + b": " + value for name, value in given)
    return b"\r\n".join((*lines, b"Connection: close", b"", b""))


def _bytes(text: str) -> bytes:
    return one_line(text.encode("utf-8"))
