"""A second worker is judged by what the machine allows."""

from __future__ import annotations

import os

import pytest
from bench import scaling
from bench.scaling import Carried, bound, told

ONE = Carried(rate=20_000, system=0.8, load=0.6, others=0.0)


def test_the_bound_is_what_the_cores_give_to_requests_as_cheap_as_before() -> None:
    assert bound(ONE, Carried(28_000, 1.1, 0.85, others=0.0), cores=2) == pytest.approx(2 / 1.4)
    assert bound(ONE, Carried(20_000, 0.8, 0.6, others=0.6), cores=2) == pytest.approx(1.0)
    assert bound(ONE, Carried(39_000, 1.6, 1.2, others=0.0), cores=8) == 2.0, "two workers are two at most"


@pytest.mark.parametrize(
    ("rate", "cores", "verdict"),
    [
        (26_000, 2, "1.30 x (1.8 or nine tenths of this machine's 1.43 wanted: holds)"),
        (25_000, 2, "1.25 x (1.8 or nine tenths of this machine's 1.43 wanted: missed)"),
        (36_000, 8, "1.80 x (1.8 or nine tenths of this machine's 2.00 wanted: holds)"),
        (35_000, 8, "1.75 x (1.8 or nine tenths of this machine's 2.00 wanted: missed)"),
    ],
)
def test_a_second_worker_holds_at_its_target_or_near_the_bound(rate: float, cores: int, verdict: str) -> None:
    line, _ = told("gateway", ONE, Carried(rate, 1.1, 0.8, others=0.0), cores)
    assert line.endswith(verdict)


def test_what_a_request_costs_and_who_had_the_cores_is_told() -> None:
    _, line = told("gateway", ONE, Carried(25_000, 1.05, 0.75, others=0.1), 2)
    assert line == (
        "  - a request costs it 40.0 us with one, 42.0 us with two; of 2 cores two workers had 1.05, "
        "load and provider 0.75, others 0.10, nobody 0.10"
    )


def test_the_cores_that_are_counted_are_those_that_may_be_used() -> None:
    cores = os.sched_getaffinity(0)
    one = {min(cores)}
    assert 0 < scaling._busy_seconds(one) <= scaling._busy_seconds(cores)
    assert scaling._busy_seconds(set()) == 0
