"""Turns by weight."""

from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.plugins._balancer import Balancer, Member


def members(*weights: int) -> list[Member]:
    proxy = cast(Any, SimpleNamespace())
    return [Member(position, proxy, weight) for position, weight in enumerate(weights)]


def turns(made: list[Member], count: int) -> list[int]:
    balancer = Balancer({"algorithm": "round-robin"}, made)
    return [balancer.choose(made, cast(Any, None)).position for _ in range(count)]


def test_the_heavier_are_spread() -> None:
    assert turns(members(3, 1), 8) == [0, 0, 1, 0, 0, 0, 1, 0]
    assert turns(members(100, 100, 100), 6) == [0, 1, 2, 0, 1, 2]


@given(st.lists(st.integers(1, 20), min_size=1, max_size=5))
def test_shares_are_exact_over_a_round(weights: list[int]) -> None:
    assert Counter(turns(members(*weights), sum(weights))) == dict(enumerate(weights))


@pytest.mark.parametrize("position", [0, 1, 2])
def test_the_only_candidate_is_chosen_and_owes_nothing(position: int) -> None:
    made = members(5, 5, 5)
    balancer = Balancer({}, made)
    assert balancer.choose([made[position]], cast(Any, None)).position == position
    assert [member.record.credit for member in made] == [0, 0, 0]


def test_null_is_as_good_as_nothing() -> None:
    names = (
        *("algorithm", "retries", "failover_criteria", "max_fails", "fail_timeout", "hash_on_header"),
        *("latency_strategy", "tokens_count_strategy", "connect_timeout", "write_timeout", "read_timeout"),
    )
    balancer, usual = Balancer(dict.fromkeys(names), members(1, 1)), Balancer({"slots": 10}, members(1, 1))
    told = {name: value for name, value in vars(balancer).items() if name != "members"}
    assert told == {name: value for name, value in vars(usual).items() if name != "members"}
    assert balancer.timeouts == (60, 60, 60) and balancer.fail_seconds == 10
