"""A worker that is killed while it counts: others are not kept waiting, and what it left half written does no harm."""

from __future__ import annotations

import math
import os
import signal
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from gateway.counters import _SLOT, Counters
from gateway.health_marks import HealthMarks
from gateway.shared_memory import digest_of
from gateway.values import Count

FAR = 1e12
KEYS = [b"one", b"two"]


def stopped_inside(lock: Callable[[], object]) -> int:
    """A process that took a lock and stays in there; its pid."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        kept = lock()
        os.write(writing, b"x")
        signal.pause()
        os._exit(kept is None)
    os.close(writing)
    assert os.read(reading, 1) == b"x"
    os.close(reading)
    return pid


def test_nobody_waits_for_one_that_was_killed_with_a_lock() -> None:
    table = Counters.create(slots=64)
    base = table._bucket(digest_of(b"key"))

    def lock() -> object:
        own = Counters(table.descriptor, slots=64)
        own._lock(base)
        return own

    holder = stopped_inside(lock)
    waiter = os.fork()
    if waiter == 0:
        os._exit(int(Counters(table.descriptor, slots=64).take(b"key", 1, 1, 5, FAR, 0)[1]))
    os.kill(holder, signal.SIGKILL)
    os.waitpid(holder, 0)
    assert os.waitstatus_to_exitcode(os.waitpid(waiter, 0)[1]) == 1
    assert table.read(b"key", 1) == (1.0, 0.0)
    table.close()


def test_nobody_waits_for_a_mark_of_one_that_was_killed() -> None:
    marks = HealthMarks.create(64)
    mark = marks.mark("u", "t")

    def lock() -> object:
        held = HealthMarks(marks.descriptor, 64).held(mark._at)
        held.__enter__()
        return held

    holder = stopped_inside(lock)
    os.kill(holder, signal.SIGKILL)
    os.waitpid(holder, 0)
    mark.set(True)
    assert marks.ill("u", "t")
    marks.close()


@given(
    before=st.lists(st.tuples(st.sampled_from(KEYS), st.integers(0, 3), st.integers(1, 1 << 40)), max_size=4),
    last=st.tuples(st.sampled_from(KEYS), st.integers(0, 4), st.integers(1, 1 << 40)),
    cut=st.integers(0, _SLOT.size),
)
def test_half_of_a_count_is_a_count(
    before: list[tuple[bytes, int, int]], last: tuple[bytes, int, int], cut: int
) -> None:
    """Whatever byte it was killed at: the table is read and written as before, no sum is below nothing or no number,
    and two windows later nothing of it is left."""
    table = Counters.create(slots=32, shared=False)
    for key, window, amount in before:
        table.add(key, window, amount, FAR, 0)
    old = table._memory[:]
    key, window, amount = last
    table.add(key, window, amount, FAR, 0)
    new = table._memory[:]
    changed = next((at for at in range(0, len(old), _SLOT.size) if old[at : at + 64] != new[at : at + 64]), 0)
    torn = changed + cut
    table._memory[:] = new[:torn] + old[torn:]
    for one in KEYS:
        for number in table.read(one, window):
            assert math.isfinite(number) and number >= 0
        taken, _ = table.take_all([Count(one, window, 1, 1e300, 0.5, FAR)], 0)
        assert taken and table.read(one, window)[0] >= 1
        assert table.read(one, window + 9) == (0.0, 0.0)
        assert table.take(one, window + 9, 1, 1, FAR, 0) == (True, 1.0, 0.0)
    table.close()
