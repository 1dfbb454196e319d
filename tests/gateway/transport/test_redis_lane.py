"""A lane: one round trip for many, and nothing lost or counted twice while Redis is away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.redis_model import RedisModel

from gateway.counters import Counters
from gateway.transport import redis_lane
from gateway.transport.redis_lane import Lane
from gateway.transport.redis_script import Waiting
from gateway.values import Consult, Consulted, Count, RedisStore

NOW = 1000.0


class Stage:
    """A lane over a model of Redis, inside a running loop."""

    def __init__(self, counters: Counters, identity: bytes = b"me", model: RedisModel | None = None, **store: Any):
        self.store = RedisStore(**store)
        self.model = model or RedisModel()
        self.told: list[str | None] = []
        self.heard: list[Consulted] = []
        self.now = NOW
        self.lane = Lane(self.store, self.model, counters, identity, lambda: self.now, self.told.append)

    def ask(self, *counts: Count, tolerant: bool = True) -> Waiting:
        waiting = Waiting(Consult(self.store, counts, tolerant), self.heard.append)
        self.lane.consult(waiting)
        return waiting

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not condition():
                await asyncio.sleep(0)

    async def quiet(self) -> None:
        await self.until(lambda: self.lane.idle)


@pytest.fixture
def counters() -> Iterator[Counters]:
    table = Counters.create(slots=1024, shared=False)
    yield table
    table.close()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_lane, "DELAYS", (0.0,))


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    log = SimpleNamespace(error=lambda text, *values: said.append(text % values))
    monkeypatch.setattr(redis_lane, "_log", log)
    return said


def count(amount: float = 1.0, limit: float = 100.0, name: bytes = b"a", window: int = 7, tag: bytes = b"t") -> Count:
    return Count(b"{%b}:%b" % (tag, name), window, amount, limit, 0.0, NOW + 60)


def run(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(work())  # type: ignore[arg-type]


def taken(stage: Stage) -> list[bool]:
    return [answer.taken for answer in stage.heard]


def test_requests_that_come_while_one_is_under_way_go_together(counters: Counters) -> None:
    async def work() -> None:
        stage = Stage(counters)
        stage.model.gate.clear()
        for _ in range(5):
            stage.ask(count(limit=3))
        await asyncio.sleep(0)
        for _ in range(5):
            stage.ask(count(limit=3))
        stage.lane.charge([count(19, name=b"tokens")])
        stage.lane.charge([count(2, name=b"tokens")])
        stage.model.gate.set()
        await stage.quiet()
        assert stage.model.runs == [5, 6], "two round trips; charges of one count are one"
        assert taken(stage) == [True] * 3 + [False] * 7
        assert stage.model.total == 3 + 21

    run(work)


def test_no_batch_holds_redis_up(counters: Counters) -> None:
    async def work() -> None:
        stage = Stage(counters)
        for _ in range(600):
            stage.ask(count(limit=1000))
        await stage.quiet()
        assert stage.model.runs == [250, 250, 100]
        stage.lane.charge([count(name=b"%d" % number) for number in range(2500)])
        await stage.quiet()
        assert max(stage.model.runs) == 1000
        assert stage.model.total == 600 + 2500

    run(work)


def test_a_client_that_left_is_not_counted_unless_it_was_asked_already(counters: Counters) -> None:
    async def work() -> None:
        stage = Stage(counters)
        stage.ask(count()).abandon()
        await stage.quiet()
        assert (stage.model.total, stage.heard) == (0, [])

    run(work)


def test_while_redis_is_away_the_node_goes_on_from_what_it_heard(counters: Counters) -> None:
    async def work() -> None:
        stage = Stage(counters)
        other = Stage(counters, b"another", stage.model)
        other.ask(count(40))
        await other.quiet()
        stage.ask(count(40))
        await stage.quiet()
        stage.model.down = "gone"
        stage.ask(count(15))
        await stage.until(lambda: len(stage.heard) == 2)
        stage.ask(count(10))
        stage.ask(count(1))
        stage.ask(count(1), tolerant=False)
        assert [list(answer.found) for answer in stage.heard] == [[(40, 0)], [(80, 0)], [(95, 0)], [(105, 0)], []]
        assert taken(stage) == [True, True, True, False, False]
        assert stage.heard[4].error == stage.lane.trouble == "gone"
        assert stage.told == ["", "gone"]
        stage.model.down = ""
        await stage.quiet()
        assert stage.told == ["", "gone", ""]
        assert stage.model.total == 105
        stage.ask(count(1, limit=1000))
        await stage.quiet()
        assert list(stage.heard[-1].found) == [(105, 0)]

    run(work)


def test_a_batch_whose_answer_was_lost_counts_once(counters: Counters) -> None:
    async def work() -> None:
        stage = Stage(counters)
        stage.ask(count(5))
        stage.lane.charge([count(19, name=b"tokens")])
        stage.model.vanishes = True
        await stage.quiet()
        assert stage.told == ["connection lost", ""]
        assert (taken(stage), stage.model.total) == ([True], 24)
        assert counters.read(stage.lane._own(b"{t}:a"), 7) == (5, 0)

    run(work)


def test_a_stale_connection_is_tried_again_at_once_and_not_told(counters: Counters) -> None:
    async def work() -> None:
        stage = Stage(counters)
        stage.model.kept = stage.model.vanishes = True
        for _ in range(3):
            stage.ask(count(1, limit=2))
        await stage.quiet()
        assert taken(stage) == [True, True, False]
        # what is left is told as it is by then, never as more
        assert [list(answer.found) for answer in stage.heard] == [[(1, 0)], [(1, 0)], [(2, 0)]]
        assert (stage.model.total, stage.told) == (2, [""])

    run(work)


def test_an_answer_that_never_comes_is_trouble(counters: Counters, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        stage = Stage(counters, connect_timeout=0.01, read_timeout=0.01, send_timeout=0.01)
        stage.model.gate.clear()
        stage.ask(count())
        await stage.until(lambda: bool(stage.heard))
        assert taken(stage) == [True]
        assert stage.told == ["no answer within 0.02 s"]
        stage.model.gate.set()
        await stage.quiet()
        assert stage.model.total == 1

    run(work)


def test_notes_are_compared_every_so_often(counters: Counters) -> None:
    async def work() -> None:
        table = Counters.create(slots=256, shared=False)
        stage = Stage(counters, sync_rate=0.02)
        other = Stage(table, b"another", stage.model, sync_rate=0.02)
        for one in (stage, other):
            for _ in range(8):
                one.ask(count(1, limit=10))
        assert (taken(stage), taken(other)) == ([True] * 8, [True] * 8), "each on its own in between"
        await stage.until(lambda: stage.model.total == 16)
        stage.ask(count(1, limit=10))
        other.ask(count(1, limit=10))
        await stage.until(lambda: stage.lane.idle and other.lane.idle)
        stage.ask(count(1, limit=10))
        other.ask(count(1, limit=10))
        assert (stage.heard[-1].taken, other.heard[-1].taken) == (False, False)
        assert stage.model.total <= 18
        table.close()

    run(work)


def test_in_a_cluster_each_callers_counts_go_on_their_own(counters: Counters) -> None:
    async def work() -> None:
        stage = Stage(counters, cluster=(("127.0.0.1", 7000),))
        stage.model.gate.clear()
        stage.ask(count(tag=b"x"))
        await asyncio.sleep(0)
        for tag in (b"x", b"y", b"z", b"y"):
            stage.ask(count(tag=tag))
        stage.model.gate.set()
        await stage.quiet()
        assert sorted(stage.model.runs) == [1, 1, 1, 2]
        assert len(stage.model.marks) == 3
        assert stage.model.total == 5

    run(work)


def test_what_is_kept_is_bounded_and_that_is_told(
    counters: Counters, monkeypatch: pytest.MonkeyPatch, logged: list[str]
) -> None:
    monkeypatch.setattr(redis_lane, "MOST_KEPT", 10)

    async def work() -> None:
        stage = Stage(counters)
        stage.model.down = "gone"
        stage.lane.warm()
        await stage.until(lambda: bool(stage.told))
        stage.lane.charge([count(1, name=b"%d" % number) for number in range(15)])
        stage.lane.charge([count(1, name=b"3")])
        assert stage.lane.lost == 5
        assert logged == ["more than 10 counts wait for Redis: further ones are lost"]
        stage.now += 61
        stage.lane.charge([count(1, name=b"new")._replace(expires=stage.now + 60)])
        assert stage.lane.lost == 5, "counts of windows that are over made room"
        stage.model.down = ""
        await stage.quiet()
        assert stage.model.total == 1

    run(work)


def test_closing_sends_what_is_kept_or_says_that_it_could_not(counters: Counters, logged: list[str]) -> None:
    async def work() -> None:
        stage = Stage(counters, sync_rate=3600)
        stage.ask(count(3))
        await stage.lane.close(5)
        assert (stage.model.total, stage.model.closed, stage.told[-1]) == (3, True, None)
        away = Stage(counters)
        away.model.down = "gone"
        away.ask(count())
        await away.lane.close(0.01)
        assert taken(away) == [True]
        assert logged == ["1 counts could not be sent to Redis in time and are lost"]

    run(work)


def test_a_fault_of_ours_leaves_nobody_waiting(
    counters: Counters, monkeypatch: pytest.MonkeyPatch, logged: list[str]
) -> None:
    async def work() -> None:
        stage = Stage(counters)

        async def broken(keys: Any, arguments: Any) -> Any:
            raise KeyError("no")

        whole = stage.model.run
        monkeypatch.setattr(stage.model, "run", broken)
        stage.ask(count())
        await stage.quiet()
        assert taken(stage) == [True]
        assert logged and logged[0].startswith("counting in Redis failed inside the gateway: KeyError in ")
        monkeypatch.setattr(stage.model, "run", whole)
        stage.ask(count())
        await stage.quiet()
        assert taken(stage) == [True, True]

    run(work)


steps = st.sampled_from(["ask", "ask", "charge", "down", "up", "vanish", "run"])


@settings(max_examples=100, deadline=None)
@given(script=st.lists(steps, max_size=30), kept=st.booleans())
def test_whatever_redis_does_the_sum_is_right_in_the_end(script: list[str], kept: bool) -> None:
    async def work() -> None:
        table = Counters.create(slots=256, shared=False)
        stage = Stage(table)
        stage.model.kept = kept
        charged = 0
        for step in script:
            if step == "ask":
                stage.ask(count(1, limit=1000))
            elif step == "charge":
                stage.lane.charge([count(7, name=b"tokens")])
                charged += 7
            elif step == "run":
                for _ in range(20):
                    await asyncio.sleep(0)
            elif step == "vanish":
                stage.model.vanishes = True
            else:
                stage.model.down = "gone" if step == "down" else ""
        stage.model.down = ""
        await stage.quiet()
        assert all(taken(stage))
        assert stage.model.total == charged + len(stage.heard) == charged + script.count("ask")
        assert table.read(stage.lane._own(b"{t}:a"), 7)[0] == script.count("ask")
        assert table.read(stage.lane._own(b"{t}:tokens"), 7)[0] == charged
        table.close()

    run(work)
