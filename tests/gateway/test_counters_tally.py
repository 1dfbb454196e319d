"""A tally is a quicker way to the same counts: whatever others do to the table, it says what the table says."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from gateway.counters import Counters

FAR = 1e12
KEYS = [b"%d" % number for number in range(40)]
"""More than a table of 32 slots has room for: slots change hands."""
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["read", "add", "elsewhere"]),
        st.integers(0, 2) | st.integers(0, len(KEYS) - 1),  # a few of them often
        st.integers(0, 3),
        st.integers(0, 9),
    ),
    max_size=80,
)


@given(STEPS)
def test_it_says_what_the_table_says(steps: list[tuple[str, int, int, int]]) -> None:
    plain, quick = (Counters.create(slots=32) for _ in range(2))
    other = Counters(quick.descriptor, slots=32)  # another worker's view
    tallies = [quick.tally(key) for key in KEYS]
    for now, (what, number, window, amount) in enumerate(steps):
        key, expires = KEYS[number], 10.0 * window + 20
        if what == "read":
            assert tallies[number].read(window) == plain.read(key, window)
            continue
        plain.add(key, window, amount, expires, now)
        if what == "add":
            if not tallies[number].plus(window, amount):
                quick.add(key, window, amount, expires, now)
        else:
            other.add(key, window, amount, expires, now)
    for number, key in enumerate(KEYS):
        for window in range(4):
            assert tallies[number].read(window) == plain.read(key, window) == other.read(key, window)
    plain.close()
    quick.close()


def test_no_count_is_lost_between_processes() -> None:
    table = Counters.create(slots=1024)
    children = []
    for _ in range(3):
        child = os.fork()
        if not child:
            view = Counters(table.descriptor, slots=1024)
            mine = view.tally(b"a")
            for _ in range(2000):
                mine.read(1)
                if not mine.plus(1, 1):
                    view.add(b"a", 1, 1, FAR, 0)
            os._exit(0)
        children.append(child)
    tally = table.tally(b"a")
    seen = [tally.read(1)[0] for _ in range(5000)]
    assert seen == sorted(seen)  # a count never goes back
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    assert tally.read(1) == (6000.0, 0.0)
    table.close()


def test_no_half_written_count_is_seen() -> None:
    table = Counters.create(slots=1024)
    tally = table.tally(b"a")
    table.add(b"a", 1, 255, FAR, 0)
    child = os.fork()
    if not child:
        mine = Counters(table.descriptor, slots=1024).tally(b"a")
        mine.read(1)
        for _ in range(100_000):
            mine.plus(1, 1)  # 255 and 256 differ in most of their bytes that are not zero
            mine.plus(1, -1)
        os._exit(0)
    seen = {tally.read(1)[0] for _ in range(300_000)}
    assert os.waitpid(child, 0)[1] == 0
    assert seen <= {255.0, 256.0}
    table.close()
