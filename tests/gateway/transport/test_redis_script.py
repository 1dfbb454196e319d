"""The script: what is asked and read, and that the real one in a real Redis decides as its model does."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.redis_model import RedisModel
from support.redis_servers import RedisServer

from gateway.transport.redis_script import MARK_MILLISECONDS, PREFIX, SCRIPT, SHA, Batch, Waiting, tag_of
from gateway.values import Consult, Consulted, Count, RedisStore

MARK = PREFIX + b"{t}:sent:me"
NOW = 1000.0
STORE = RedisStore()


def count(name: bytes = b"a", window: int = 7, amount: float = 1.0, limit: float = 10.0, weight: float = 0.0) -> Count:
    return Count(b"{t}:" + name, window, amount, limit, weight, NOW + 60)


def batch(number: int, charges: list[Count], *consults: list[Count]) -> Batch:
    made = Batch(number, MARK)
    made.charges = charges
    made.consults = [Waiting(Consult(STORE, counts), lambda answer: None) for counts in consults]
    return made


def run(model: RedisModel, asked: Batch) -> tuple[list[tuple[float, float]], list[Consulted]]:
    return asked.read(model.done(*asked.written(NOW)))


def told(answers: list[Consulted]) -> list[tuple[bool, list[tuple[float, float]]]]:
    return [(answer.taken, list(answer.found)) for answer in answers]


def test_keys_have_a_prefix_a_tag_and_a_window() -> None:
    keys, arguments = batch(3, [count()], [count(b"b", 5)]).written(NOW)
    assert keys == [MARK, *(PREFIX + b"{t}:" + end for end in (b"a:7", b"a:6", b"b:5", b"b:4"))]
    assert all(tag_of(key.removeprefix(PREFIX)) == b"{t}" for key in keys)
    assert arguments[:5] == [b"3", b"%d" % MARK_MILLISECONDS, b"1", b"1", b"1"]


def test_counts_live_as_long_as_they_matter_by_redis_own_clock() -> None:
    assert batch(1, [count()]).written(NOW)[1][6] == b"60000"
    assert batch(1, [count()]).written(NOW + 100)[1][6] == b"1000"


def test_what_only_looks_needs_no_mark() -> None:
    assert batch(1, [], [count(amount=0.0)]).written(NOW)[1][4] == b"0"
    assert batch(1, [], [count(amount=0.5)]).written(NOW)[1][4] == b"1"
    assert batch(1, [count(amount=0.0)]).written(NOW)[1][4] == b"0"


def test_a_consult_counts_in_all_windows_or_in_none() -> None:
    model = RedisModel()
    both = [count(b"minute", limit=2), count(b"hour", limit=3)]
    assert told(run(model, batch(1, [], both, both, both))[1]) == [
        (True, [(0, 0), (0, 0)]),
        (True, [(1, 0), (1, 0)]),
        (False, [(2, 0), (2, 0)]),
    ]
    later = [count(b"minute", 8, limit=2), count(b"hour", limit=3)]
    assert told(run(model, batch(2, [], later, later))[1]) == [(True, [(0, 2), (2, 0)]), (False, [(1, 2), (3, 0)])]


def test_a_waiting_request_is_answered_once_and_not_after_it_left() -> None:
    heard: list[Any] = []
    waiting = Waiting(Consult(STORE, []), heard.append)
    waiting.pause()
    waiting.resume()
    assert waiting.waits
    waiting.answer(Consulted(True, []))
    waiting.answer(Consulted(False, []))
    assert ([one.taken for one in heard], waiting.waits) == ([True], False)
    left = Waiting(Consult(STORE, []), heard.append)
    left.abandon()
    left.answer(Consulted(True, []))
    assert (len(heard), left.waits) == (1, False)


# -- the real one -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    folder: Path = tmp_path_factory.mktemp("redis")
    with RedisServer(folder) as running:
        yield running


@pytest.fixture(scope="module")
def redis(server: RedisServer) -> Iterator[Any]:
    import redis

    with contextlib.closing(redis.Redis(port=server.port)) as client:
        assert client.script_load(SCRIPT) == SHA
        yield client


amounts = st.sampled_from([0.0, 0.0, 1.0, 2.0, 0.25, 543.0])
some_counts = st.builds(
    count,
    name=st.sampled_from([b"a", b"b"]),
    window=st.sampled_from([6, 7, 8]),
    amount=amounts,
    limit=st.sampled_from([1.0, 3.0, 10.5, 1000.0]),
    weight=st.sampled_from([0.0, 0.25, 1.0]),
)
distinct = st.lists(some_counts, min_size=1, max_size=3, unique_by=lambda one: (one.key, one.window))
some_batches = st.lists(
    st.tuples(st.lists(some_counts, max_size=3), st.lists(distinct, max_size=3), st.integers(0, 2)), max_size=5
)


@pytest.mark.redis
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=some_batches)
def test_redis_decides_as_the_model_does_however_often_a_batch_is_sent(redis: Any, asked: Any) -> None:
    redis.flushall()
    model = RedisModel()
    for number, (charges, consults, again) in enumerate(asked):
        one = batch(number, charges, *consults)
        first = None
        for _ in range(1 + again):
            keys, arguments = one.written(NOW)
            totals, answers = one.read(redis.evalsha(SHA, len(keys), *keys, *arguments))
            expected, decided = one.read(model.done(keys, arguments))
            assert totals == expected
            assert told(answers) == told(decided)
            if first is not None:
                assert [answer.taken for answer in answers] == first
            first = [answer.taken for answer in answers]
    held = {key: float(redis.get(key)) for key in redis.keys("*") if key != MARK}
    assert held == model.values
    assert all(0 < redis.pttl(key) <= 60_000 for key in held)


@pytest.mark.redis
def test_a_script_that_fails_halfway_does_not_add_again_and_again(redis: Any) -> None:
    redis.flushall()
    redis.lpush(PREFIX + b"{t}:b:7", "somebody else's")
    keys, arguments = batch(1, [count(b"a"), count(b"b")]).written(NOW)
    for _ in range(3):
        with pytest.raises(Exception, match="WRONGTYPE"):
            redis.evalsha(SHA, len(keys), *keys, *arguments)
    assert redis.get(PREFIX + b"{t}:a:7") == b"1"
