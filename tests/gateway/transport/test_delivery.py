"""Batches, retries and bounds of what goes to log servers, on a clock that the test moves."""

import asyncio
import heapq
import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.transport.delivery import Delivery
from gateway.values import Fetch, Fetched, Origin, UpstreamError

ORIGIN = Origin("http", "logs.test", 80)


class Clock:
    """An event loop's timers, without the loop."""

    def __init__(self) -> None:
        self.now = 0.0
        self._timers: list[tuple[float, int, Any, Callable[[], None]]] = []
        self._count = 0

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Callable[[], None]) -> Any:
        return self.call_at(self.now + delay, callback)

    def call_at(self, when: float, callback: Callable[[], None]) -> Any:
        self._count += 1
        handle = SimpleNamespace(cancelled=False)
        handle.cancel = lambda: setattr(handle, "cancelled", True)
        heapq.heappush(self._timers, (when, self._count, handle, callback))
        return handle

    def run_until(self, when: float) -> None:
        while self._timers and self._timers[0][0] <= when:
            self.now, _, handle, callback = heapq.heappop(self._timers)
            if not handle.cancelled:
                callback()
        self.now = when


class Server:
    """Plays the log server: answers when the test says so, or at once from a script of statuses."""

    def __init__(self, *script: int | UpstreamError, clock: Clock | None = None) -> None:
        self.script = list(script)
        self.got: list[tuple[float, bytes]] = []
        self.pending: list[Callable[[Fetched], None]] = []
        self.clock = clock

    def fetch(self, fetch: Fetch, done: Callable[[Fetched], None]) -> None:
        self.got.append((self.clock.now if self.clock else 0.0, fetch.body))
        if self.script:
            self.answer(done, self.script.pop(0))
        else:
            self.pending.append(done)

    @staticmethod
    def answer(done: Callable[[Fetched], None], outcome: int | UpstreamError) -> None:
        if isinstance(outcome, int):
            done(Fetched(outcome, [], b""))
        else:
            done(Fetched(0, [], b"", outcome))

    def finish(self, outcome: int | UpstreamError = 200) -> None:
        self.answer(self.pending.pop(0), outcome)

    @property
    def bodies(self) -> list[bytes]:
        return [body for _, body in self.got]


def outbox(**more: Any) -> Any:
    usual = {
        "key": "one",
        "batch_size": 1,
        "delay": 1.0,
        "most_entries": 100,
        "most_bytes": 10_000,
        "first_retry": 0.01,
        "longest_retry": 60.0,
        "give_up": 60.0,
        "parallel": False,
    }
    made = SimpleNamespace(**(usual | more))
    made.request = lambda entries: Fetch(ORIGIN, b"", b",".join(entries))
    return made


def delivery(server: Server, clock: Clock) -> Delivery:
    server.clock = clock
    loop: Any = clock
    return Delivery(server, loop)


def test_single_entries_go_at_once_and_one_after_another() -> None:
    server, clock = Server(), Clock()
    sends = delivery(server, clock)
    for entry in (b"a", b"b", b"c"):
        sends.deliver(outbox(), entry)
    assert server.bodies == [b"a"]
    server.finish()
    assert server.bodies == [b"a", b"b"]
    server.finish()
    server.finish()
    assert server.bodies == [b"a", b"b", b"c"]


def test_parallel_requests_do_not_wait() -> None:
    server, clock = Server(), Clock()
    sends = delivery(server, clock)
    for entry in (b"a", b"b", b"c"):
        sends.deliver(outbox(parallel=True), entry)
    assert server.bodies == [b"a", b"b", b"c"]


def test_a_batch_goes_when_it_is_full_or_has_waited() -> None:
    server, clock = Server(200, 200), Clock()
    sends = delivery(server, clock)
    for entry in (b"a", b"b", b"c", b"d"):
        sends.deliver(outbox(batch_size=3), entry)
    assert server.bodies == [b"a,b,c"]
    clock.run_until(0.99)
    assert server.bodies == [b"a,b,c"]
    clock.run_until(1.0)
    assert server.bodies == [b"a,b,c", b"d"]


def test_what_comes_while_a_batch_is_under_way_follows_it() -> None:
    server, clock = Server(), Clock()
    sends = delivery(server, clock)
    box = outbox(batch_size=2)
    for entry in (b"a", b"b", b"c"):
        sends.deliver(box, entry)
    clock.run_until(5.0)
    sends.deliver(box, b"d")
    assert server.bodies == [b"a,b"]
    server.finish()
    assert server.bodies == [b"a,b", b"c,d"]


def test_a_failure_is_tried_again_ever_more_slowly(caplog: pytest.LogCaptureFixture) -> None:
    server, clock = Server(503, UpstreamError("refused", "nobody", False), 404, 204), Clock()
    sends = delivery(server, clock)
    sends.deliver(outbox(first_retry=1.0), b"a")
    clock.run_until(100)
    assert [when for when, _ in server.got] == [0, 1, 3, 7]
    assert sends.dropped() == 0
    assert not caplog.records


def test_the_pause_has_a_bound_and_so_have_the_attempts(caplog: pytest.LogCaptureFixture) -> None:
    server, clock = Server(*([500] * 50)), Clock()
    sends = delivery(server, clock)
    box = outbox(first_retry=1.0, longest_retry=2.0, give_up=8.0)
    sends.deliver(box, b"a")
    sends.deliver(box, b"b")
    clock.run_until(8.0)
    assert [when for when, body in server.got if body == b"a"] == [0, 1, 3, 5, 7]
    assert sends.dropped() == 1
    assert server.got[5] == (7.0, b"b")
    assert [record.getMessage() for record in caplog.records] == [
        "log entries of plugin one are lost: the server answered 500"
    ]


def test_a_trouble_is_told_once_until_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    server, clock = Server(500, 500, 200, 500), Clock()
    sends = delivery(server, clock)
    for entry in (b"a", b"b", b"c", b"d"):
        sends.deliver(outbox(give_up=0.0), entry)
    assert server.bodies == [b"a", b"b", b"c", b"d"]
    assert (sends.dropped(), len(caplog.records)) == (3, 2)


def test_the_oldest_make_room(caplog: pytest.LogCaptureFixture) -> None:
    server, clock = Server(), Clock()
    sends = delivery(server, clock)
    box = outbox(most_entries=2)
    for entry in (b"sent", b"a", b"b", b"c", b"d"):
        sends.deliver(box, entry)
    for _ in range(3):
        server.finish()
    assert server.bodies == [b"sent", b"c", b"d"]
    assert sends.dropped() == 2
    assert "the queue is full" in caplog.text


def test_bytes_are_bounded_too() -> None:
    server, clock = Server(), Clock()
    sends = delivery(server, clock)
    box = outbox(batch_size=100, most_bytes=10)
    for _ in range(50):
        sends.deliver(box, b"1234")
    clock.run_until(1.0)
    assert server.bodies == [b"1234,1234"]
    sends.deliver(box, b"x" * 11)
    assert sends.dropped() == 49


def test_a_new_configuration_takes_over_the_queue() -> None:
    server, clock = Server(), Clock()
    sends = delivery(server, clock)
    old = outbox(batch_size=2)
    sends.deliver(old, b"a")
    new = outbox(batch_size=2)
    new.request = lambda entries: Fetch(ORIGIN, b"", b"new:" + b"|".join(entries))
    sends.deliver(new, b"b")
    assert server.bodies == [b"new:a|b"]


def test_plugins_do_not_wait_for_each_other() -> None:
    server, clock = Server(), Clock()
    sends = delivery(server, clock)
    sends.deliver(outbox(key="one"), b"a")
    sends.deliver(outbox(key="two"), b"b")
    assert server.bodies == [b"a", b"b"]


def test_many_that_fail_at_once_are_no_recursion(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    server, clock = Server(), Clock()
    sends = delivery(server, clock)
    box = outbox(most_entries=5000, give_up=0.0)
    for _ in range(5000):
        sends.deliver(box, b"a")
    server.script = [500] * 5000
    server.finish(500)
    assert sends.dropped() == 5000


def test_a_fault_of_the_plugin_does_not_end_its_queue() -> None:
    server, clock = Server(200), Clock()
    sends = delivery(server, clock)
    bad = outbox()

    def fault(entries: list[bytes]) -> Fetch:
        raise RuntimeError

    bad.request = fault
    sends.deliver(bad, b"a")
    sends.deliver(outbox(), b"b")
    assert (server.bodies, sends.dropped()) == ([b"b"], 1)


@given(
    st.lists(st.tuples(st.binary(min_size=1, max_size=3), st.sampled_from([200, 500]), st.floats(0, 2)), max_size=30),
    st.integers(1, 5),
    st.booleans(),
)
def test_no_entry_is_lost_or_told_twice(steps: list[tuple[bytes, int, float]], size: int, parallel: bool) -> None:
    server, clock = Server(), Clock()
    sends = delivery(server, clock)
    delivered: list[bytes] = []
    number = 0

    def settle(status: int) -> None:
        if server.pending:
            # requests are answered in order, so the oldest unanswered body is the one
            index = len(server.got) - len(server.pending)
            if status == 200:
                delivered.extend(server.got[index][1].split(b","))
            server.finish(status)

    box = outbox(batch_size=size, parallel=parallel, give_up=1e9)
    for _, status, pause in steps:
        number += 1
        sends.deliver(box, b"%d" % number)
        clock.run_until(clock.now + pause)
        settle(status)
    for _ in range(200):
        clock.run_until(clock.now + 100)
        settle(200)
    assert sorted(delivered, key=int) == [b"%d" % each for each in range(1, number + 1)]
    assert sends.dropped() == 0


def test_draining_sends_what_waits_and_says_what_is_lost(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        loop = asyncio.get_running_loop()
        server = Server(200)
        sends = Delivery(server, loop)
        sends.deliver(outbox(batch_size=10, delay=3600.0), b"a")
        await sends.drain(5.0)
        assert server.bodies == [b"a"]
        silent = Server()
        sends = Delivery(silent, loop)
        for entry in (b"a", b"b", b"c"):
            sends.deliver(outbox(), entry)
        await sends.drain(0.0)
        assert silent.bodies == [b"a"]

    asyncio.run(scene())
    assert "3 log entries of plugin one are lost: no time to deliver them" in caplog.text


def test_draining_does_not_try_again() -> None:
    async def scene() -> None:
        server = Server(500, 200)
        sends = Delivery(server, asyncio.get_running_loop())
        sends.deliver(outbox(batch_size=2, delay=3600.0), b"a")
        await sends.drain(5.0)
        assert (server.bodies, sends.dropped()) == ([b"a"], 1)

    asyncio.run(scene())
