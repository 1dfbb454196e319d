"""Counts in shared memory: windows, eviction, and no count lost between processes."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.counters import Counters

FAR = 1e12


@pytest.fixture
def counters() -> Iterator[Counters]:
    table = Counters.create(slots=1024)
    yield table
    table.close()


def test_a_new_key_counts_from_zero(counters: Counters) -> None:
    assert counters.read(b"a", 7) == (0.0, 0.0)
    assert counters.add(b"a", 7, 19, FAR, 0) == (19.0, 0.0)
    assert counters.add(b"a", 7, 0.25, FAR, 0) == (19.25, 0.0)
    assert counters.read(b"a", 7) == (19.25, 0.0)


def test_the_next_window_remembers_one_window_back(counters: Counters) -> None:
    counters.add(b"a", 7, 10, FAR, 0)
    assert counters.read(b"a", 8) == (0.0, 10.0)
    assert counters.add(b"a", 8, 3, FAR, 0) == (3.0, 10.0)
    assert counters.read(b"a", 10) == (0.0, 0.0)


def test_a_late_charge_counts_in_the_newer_window(counters: Counters) -> None:
    counters.add(b"a", 8, 5, FAR, 0)
    assert counters.add(b"a", 7, 2, FAR, 0) == (7.0, 0.0)


def test_take_refuses_what_would_pass_the_limit(counters: Counters) -> None:
    assert [counters.take(b"a", 1, 1, 3, FAR, 0)[0] for _ in range(5)] == [True, True, True, False, False]
    assert counters.read(b"a", 1) == (3.0, 0.0)


def test_an_expired_key_starts_again_in_its_own_slot(counters: Counters) -> None:
    counters.add(b"a", 1, 5, expires=10, now=0)
    assert counters.add(b"a", 9, 1, expires=100, now=50) == (1.0, 0.0)
    assert counters.add(b"a", 9, 1, expires=100, now=50) == (2.0, 0.0)


def test_a_full_table_forgets_what_expires_first() -> None:
    table = Counters.create(slots=32)
    for number in range(32):
        table.add(b"%d" % number, 1, 1, expires=100 + number, now=0)
    table.add(b"new", 1, 1, FAR, now=0)
    assert table.read(b"0", 1) == (0.0, 0.0)
    assert [table.read(b"%d" % number, 1)[0] for number in range(1, 32)] == [1.0] * 31
    table.close()


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.integers(1, 9)), max_size=40))
def test_it_counts_like_a_dictionary(charges: list[tuple[str, int, int]]) -> None:
    table = Counters.create(slots=256, shared=False)
    expected: dict[tuple[str, int], float] = {}
    newest: dict[str, int] = {}
    for key, index, amount in charges:
        index = newest[key] = max(index, newest.get(key, 0))
        expected[key, index] = expected.get((key, index), 0) + amount
        table.add(key.encode(), index, amount, FAR, 0)
    for key, index in newest.items():
        assert table.read(key.encode(), index) == (expected[key, index], expected.get((key, index - 1), 0))
    table.close()


def test_no_count_is_lost_between_processes() -> None:
    table = Counters.create(slots=64)
    children = []
    for _ in range(4):
        pid = os.fork()
        if pid == 0:
            own = Counters(table.descriptor, slots=64)
            for number in range(2000):
                own.add(b"key%d" % (number % 8), 1, 1, FAR, 0)
            os._exit(0)
        children.append(pid)
    assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children] == [0] * 4
    assert sum(table.read(b"key%d" % number, 1)[0] for number in range(8)) == 8000
    table.close()


def test_no_two_processes_share_the_last_place() -> None:
    table = Counters.create(slots=64)
    children = []
    for _ in range(4):
        pid = os.fork()
        if pid == 0:
            own = Counters(table.descriptor, slots=64)
            os._exit(sum(own.take(b"key", 1, 1, 100, FAR, 0)[0] for _ in range(100)))
        children.append(pid)
    assert sum(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children) == 100
    table.close()
