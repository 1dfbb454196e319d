"""Stores come and go with the configuration; one name is told of once, whoever notices."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import count as numbers

import pytest
from support.redis_model import RedisModel

from gateway.counters import Counters
from gateway.transport import redis_lane
from gateway.transport.redis_stores import RedisStores
from gateway.values import Consult, Consulted, Count, RedisStore

NOW = 1000.0
A = RedisStore(host="a")
B = RedisStore(host="b")


@pytest.fixture
def counters() -> Iterator[Counters]:
    table = Counters.create(slots=256, shared=False)
    yield table
    table.close()


class Stage:
    def __init__(self, counters: Counters) -> None:
        self.models: list[tuple[RedisStore, RedisModel]] = []
        self.told: list[tuple[str, str | None]] = []
        number = numbers()
        self.stores = RedisStores(
            counters,
            lambda: NOW,
            lambda name, why: self.told.append((name, why)),
            self.connect,
            lambda size: next(number).to_bytes(size, "big"),
        )

    def connect(self, store: RedisStore) -> RedisModel:
        model = RedisModel()
        self.models.append((store, model))
        return model

    async def until(self, condition: object) -> None:
        async with asyncio.timeout(5):
            while not condition():  # type: ignore[operator]
                await asyncio.sleep(0)


def one(amount: float = 1.0) -> Count:
    return Count(b"{t}:a", 7, amount, 10.0, 0.0, NOW + 60)


def test_a_store_is_connected_ahead_and_shared_by_all_who_name_it(counters: Counters) -> None:
    async def work() -> None:
        stage = Stage(counters)
        stage.stores.use([A, RedisStore(host="a"), B])
        await stage.until(lambda: len(stage.told) == 2)
        assert {store for store, _ in stage.models} == {A, B}
        assert {name for name, _ in stage.told} == {"Redis at a:6379", "Redis at b:6379"}
        assert [model.runs for _, model in stage.models] == [[0], [0]]
        await stage.stores.close()

    asyncio.run(work())


def test_a_store_that_no_configuration_names_is_closed_once_it_has_everything(counters: Counters) -> None:
    async def work() -> None:
        stage = Stage(counters)
        stage.stores.use([A])
        stage.stores.charge(A, [one(5)])
        stage.stores.use([B])
        model = next(model for store, model in stage.models if store == A)
        await stage.until(lambda: model.closed)
        assert model.total == 5
        assert ("Redis at a:6379", None) in stage.told
        stage.stores.charge(A, [one(2)])  # of a request that began before
        await stage.stores.close()
        assert [model.total for store, model in stage.models if store == A] == [5, 2]

    asyncio.run(work())


def test_a_consult_is_answered_and_can_be_abandoned(counters: Counters) -> None:
    async def work() -> None:
        stage = Stage(counters)
        heard: list[Consulted] = []
        waiting = stage.stores.consult(Consult(A, [one()]), heard.append)
        assert waiting.waits
        await stage.until(lambda: heard)
        assert (waiting.waits, heard[0].taken) == (False, True)
        stage.stores.consult(Consult(A, [one()]), heard.append).abandon()
        await stage.stores.close()
        assert len(heard) == 1

    asyncio.run(work())


def test_two_ways_to_one_server_are_told_of_once(counters: Counters, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_lane, "DELAYS", (0.0,))

    async def work() -> None:
        stage = Stage(counters)
        stage.stores.use([A, RedisStore(host="a", read_timeout=1.0)])
        await stage.until(lambda: all(model.runs for _, model in stage.models))
        stage.told.clear()
        for _, model in stage.models:
            model.down = "gone"
        for store, _ in stage.models:
            stage.stores.charge(store, [one()])
        await stage.until(lambda: stage.told)
        for number, (_, model) in enumerate(stage.models):
            assert len(stage.told) == 1
            model.down = ""
            await stage.until(lambda number=number: len(stage.models[number][1].runs) > 1)
        await stage.until(lambda: len(stage.told) > 1)
        assert stage.told == [("Redis at a:6379", "gone"), ("Redis at a:6379", "")]
        await stage.stores.close()

    asyncio.run(work())


def test_the_end_is_bounded_also_where_nobody_answers(counters: Counters) -> None:
    async def work() -> None:
        stage = Stage(counters)
        stage.stores.charge(A, [one()])
        stage.models[0][1].gate.clear()
        async with asyncio.timeout(2):
            await stage.stores.close(0.01)
        assert stage.models[0][1].closed

    asyncio.run(work())
