"""Counts in shared memory: windows, eviction, and no count lost between processes."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.counters import Counters
from gateway.values import Count

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


def count(key: bytes, amount: float = 1, limit: float = 10, window: int = 1, weight: float = 0.0) -> Count:
    return Count(key, window, amount, limit, weight, FAR)


def test_all_or_none_are_taken(counters: Counters) -> None:
    both = [count(b"minute", limit=2), count(b"hour", limit=3)]
    assert [counters.take_all(both, 0)[0] for _ in range(3)] == [True, True, False]
    assert counters.take_all(both, 0) == (False, [(2, 0), (2, 0)])
    later = [count(b"minute", limit=2, window=2), both[1]]
    assert counters.take_all(later, 0) == (True, [(0, 2), (2, 0)])
    assert counters.take_all(later, 0) == (False, [(1, 2), (3, 0)])


def test_a_window_is_full_by_what_of_the_previous_one_still_weighs(counters: Counters) -> None:
    counters.add(b"a", 1, 8, FAR, 0)
    assert counters.take_all([count(b"a", 5, 10, 2, weight=0.5)], 0) == (True, [(0, 8)])
    assert counters.take_all([count(b"a", 1, 10, 2, weight=0.5)], 0) == (True, [(5, 8)])
    assert counters.take_all([count(b"a", 1, 10, 2, weight=0.5)], 0) == (False, [(6, 8)])


def test_looking_takes_no_room(counters: Counters) -> None:
    table = Counters.create(slots=32)
    for number in range(100):
        assert table.take_all([count(b"%d" % number, 0)], 0) == (True, [(0, 0)])
    for number in range(32):
        table.add(b"%d" % number, 1, 1, FAR, 0)
    assert [table.read(b"%d" % number, 1)[0] for number in range(32)] == [1] * 32
    table.close()


def test_new_keys_of_one_call_do_not_take_each_others_place() -> None:
    table = Counters.create(slots=32)
    for number in range(31):
        table.add(b"%d" % number, 1, 1, expires=100 + number, now=0)
    table.take_all([count(b"0", 5), count(b"new"), count(b"newer"), count(b"newest")], 0)
    assert table.read(b"newest", 1) == (1, 0)
    assert sum(table.read(key, 1)[0] for key in (b"0", b"new", b"newer", b"newest")) >= 3
    table.close()


def test_no_two_processes_share_the_last_place_of_several_windows() -> None:
    table = Counters.create(slots=256)
    children = []
    for child in range(4):
        pid = os.fork()
        if pid == 0:
            own = Counters(table.descriptor, slots=256)
            keys = [b"w%d" % number for number in range(6)]
            taken = 0
            for _ in range(100):
                keys = keys[child + 1 :] + keys[: child + 1]  # any order: nobody waits for each other forever
                taken += own.take_all([count(key, limit=100) for key in keys], 0)[0]
            os._exit(taken)
        children.append(pid)
    assert sum(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children) == 100
    assert {table.read(b"w%d" % number, 1) for number in range(6)} == {(100, 0)}
    table.close()


# -- counts that nodes share ------------------------------------------------------------------------------------


def test_what_a_store_has_joins_what_is_counted_here(counters: Counters) -> None:
    counters.add(b"a", 1, 19, FAR, 0)
    counters.settle(b"a", 1, 19, (50, 7), FAR, 0)  # others counted 31
    assert counters.read(b"a", 1) == (50, 7)
    counters.add(b"a", 1, 5, FAR, 0)
    counters.settle(b"a", 1, 0, (60, 7), FAR, 0)  # 5 are not sent yet
    assert counters.read(b"a", 1) == (65, 7)
    counters.settle(b"a", 1, 5, (65, 7), FAR, 0)
    assert counters.read(b"a", 1) == (65, 7)


def test_a_late_answer_about_the_previous_window(counters: Counters) -> None:
    counters.add(b"a", 1, 4, FAR, 0)
    counters.add(b"a", 2, 3, FAR, 0)
    counters.settle(b"a", 1, 4, (40, 0), FAR, 0)
    assert counters.read(b"a", 2) == (3, 40)
    counters.settle(b"a", 0, 4, (400, 0), FAR, 0)
    assert counters.read(b"a", 2) == (3, 40)
    counters.settle(b"a", 3, 0, (1, 50), FAR, 0)
    assert counters.read(b"a", 3) == (1, 53), "3 of window 2 are not sent yet"


def test_a_key_that_was_forgotten_is_what_the_store_says(counters: Counters) -> None:
    counters.settle(b"a", 1, 19, (50, 0), FAR, 0)
    assert counters.read(b"a", 1) == (50, 0)


@given(st.data())
def test_in_whatever_order_answers_come_nothing_is_counted_twice(data: st.DataObject) -> None:
    """Two workers of a node send what they counted; a store adds it up with what others count."""
    table = Counters.create(slots=64, shared=False)
    store = own = 0.0
    waiting: list[tuple[float, float]] = []
    unsent = [0.0, 0.0]
    for step in data.draw(st.lists(st.sampled_from(["count", "send", "hear", "others"]), max_size=40)):
        worker = data.draw(st.integers(0, 1))
        if step == "count":
            table.add(b"a", 1, 3, FAR, 0)
            unsent[worker] += 3
            own += 3
        elif step == "send":
            store += unsent[worker]
            waiting.append((unsent[worker], store))
            unsent[worker] = 0.0
        elif step == "others":
            store += 10
        elif waiting:
            sent, total = waiting.pop(data.draw(st.integers(0, len(waiting) - 1)))
            table.settle(b"a", 1, sent, (total, 0), FAR, 0)
        assert own <= table.read(b"a", 1)[0] <= store + sum(unsent) + sum(sent for sent, _ in waiting)
    for sent, total in waiting:
        table.settle(b"a", 1, sent, (total, 0), FAR, 0)
    table.settle(b"a", 1, 0, (store, 0), FAR, 0)
    assert table.read(b"a", 1)[0] == store + sum(unsent)
    table.close()


def test_a_clock_that_is_set_back_blocks_nobody() -> None:
    counters = Counters.create(64, shared=False)
    for _ in range(5):
        counters.take(b"k", 1000, 1, 5, 60_000.0, 59_900.0)
    assert not counters.take(b"k", 1000, 1, 5, 60_000.0, 59_900.0)[0]
    assert not counters.take(b"k", 999, 1, 5, 60_000.0, 59_899.0)[0]  # a worker that is a moment behind
    assert counters.take(b"k", 940, 1, 5, 56_400.0, 56_300.0)[0]  # an hour back
    assert counters.read(b"k", 940) == (1, 0)


def test_a_clock_that_is_set_forward_starts_anew() -> None:
    counters = Counters.create(64, shared=False)
    counters.add(b"k", 1000, 5, 60_000.0, 59_900.0)
    assert counters.read(b"k", 5000) == (0, 0)
