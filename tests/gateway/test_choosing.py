"""How peers are chosen, without health, clocks or requests."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.choosing import FRESHNESS, Peer, Record, by_hash, fastest, in_turns, least_busy, least_used

WEIGHTS = st.lists(st.integers(1, 20), min_size=1, max_size=5)


def peers(*weights: int) -> list[Peer[str]]:
    return [Peer(f"10.0.0.{index}:80", weight, Record(), "x") for index, weight in enumerate(weights)]


@given(WEIGHTS)
def test_turns_are_exact_over_a_round(weights: list[int]) -> None:
    made = peers(*weights)
    assert Counter(made.index(in_turns(made)) for _ in range(sum(weights))) == dict(enumerate(weights))


def test_the_heavier_are_spread_out() -> None:
    made = peers(2, 1)
    assert [made.index(in_turns(made)) for _ in range(6)] == [0, 1, 0, 0, 1, 0]


def test_the_least_busy_for_its_weight() -> None:
    made = peers(100, 50)
    made[0].record.in_flight = 2
    assert least_busy(made) is made[1]
    made[1].record.in_flight = 1
    assert least_busy(made) is made[0]


def test_the_least_used_for_its_weight() -> None:
    made = peers(100, 50)
    made[0].record.used, made[1].record.used = 100.0, 60.0
    assert least_used(made) is made[0]


def test_the_fastest_and_a_slow_one_is_asked_again_some_time() -> None:
    made = peers(1, 1)
    assert {fastest(made, 0.0).name for _ in range(2)} == {peer.name for peer in made}  # neither was measured
    made[0].record.measure(8.0, 0.0)
    assert fastest(made, 0.0) is made[1]
    made[1].record.measure(1.0, 0.0)
    assert fastest(made, 0.0) is made[1]
    made[1].record.measure(1.0, 5 * FRESHNESS)
    assert fastest(made, 5 * FRESHNESS) is made[0]


def test_what_is_under_way_counts_for_the_fastest() -> None:
    made = peers(1, 1)
    made[0].record.measure(1.0, 0.0)
    made[1].record.measure(1.5, 0.0)
    made[0].record.in_flight = 3
    assert fastest(made, 0.0) is made[1]


def test_measuring_leans_on_the_newest() -> None:
    record = Record()
    record.measure(1.0, 0.0)
    record.measure(2.0, 0.0)
    assert record.seconds == pytest.approx(1.3)


@given(WEIGHTS, st.binary())
def test_a_key_always_meets_the_same_and_others_stay_when_one_goes(weights: list[int], key: bytes) -> None:
    made = peers(*weights)
    chosen = by_hash(made, key)
    assert by_hash(list(reversed(made)), key) is chosen
    for gone in made:
        if gone is not chosen:
            assert by_hash([peer for peer in made if peer is not gone], key) is chosen


def test_keys_are_shared_out_by_weight() -> None:
    made = peers(100, 50)
    counts = Counter(made.index(by_hash(made, b"%d" % number)) for number in range(3000))
    assert 1850 < counts[0] < 2150
