"""One timer for all limits, ticked by hand."""

from __future__ import annotations

import asyncio

from support.proxy_bench import run

from gateway.transport.sweeper import FOREVER, Sweeper, ticks


class Waiter:
    def __init__(self, patience: int) -> None:
        self.quiet = 0
        self.patience = patience
        self.late = 0

    def expired(self) -> None:
        self.late += 1


def make() -> Sweeper:
    return Sweeper(asyncio.new_event_loop())


def test_seconds_become_ticks() -> None:
    assert ticks(60.0) == 600
    assert ticks(0.01) == 1
    assert ticks(0) == FOREVER
    assert ticks(0.01) == 1


def test_who_waits_too_long_is_told_once_per_limit() -> None:
    sweeper = make()
    short, long = Waiter(2), Waiter(5)
    sweeper.waiting.update((short, long))
    for _ in range(3):
        sweeper.tick()
    assert (short.late, long.late) == (1, 0)
    for _ in range(3):
        sweeper.tick()
    assert (short.late, long.late) == (2, 1)


def test_whoever_hears_something_is_patient_again() -> None:
    sweeper = make()
    waiter = Waiter(2)
    sweeper.waiting.add(waiter)
    for _ in range(10):
        waiter.quiet = 0
        sweeper.tick()
    assert waiter.late == 0


def test_one_may_leave_while_it_is_told() -> None:
    sweeper = make()

    class Leaver(Waiter):
        def expired(self) -> None:
            super().expired()
            sweeper.waiting.discard(self)

    leavers = [Leaver(0) for _ in range(3)]
    sweeper.waiting.update(leavers)
    sweeper.tick()
    assert [leaver.late for leaver in leavers] == [1, 1, 1]
    assert not sweeper.waiting


def test_chores_run_at_their_pace() -> None:
    sweeper = make()
    often, seldom = [], []
    sweeper.add(lambda: often.append(1), 0.1)
    sweeper.add(lambda: seldom.append(1), 0.5)
    for _ in range(10):
        sweeper.tick()
    assert (len(often), len(seldom)) == (10, 2)


def test_it_ticks_by_itself_until_it_is_stopped() -> None:
    async def ticking() -> int:
        sweeper = Sweeper(asyncio.get_running_loop())
        twice = asyncio.Event()
        counted = []

        def count() -> None:
            counted.append(1)
            if len(counted) == 2:
                twice.set()

        sweeper.add(count, 0.1)
        sweeper.start()
        sweeper.start()
        await twice.wait()
        sweeper.stop()
        return len(counted)

    assert run(ticking()) == 2


def test_what_is_to_happen_soon_happens_after_what_is_ready() -> None:
    async def scene() -> None:
        order: list[str] = []
        asyncio.get_running_loop().call_soon(order.append, "ready")
        Sweeper(asyncio.get_running_loop()).soon(lambda: order.append("soon"))
        while len(order) < 2:
            await asyncio.sleep(0)
        assert order == ["ready", "soon"]

    run(scene())
