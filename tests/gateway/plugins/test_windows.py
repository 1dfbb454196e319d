"""Arithmetic of windows: what is used, what is left, how long to wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.plugins._windows import Window, number, window_name


@pytest.mark.parametrize(
    ("size", "name"), [(1, "second"), (60, "minute"), (3600, "hour"), (86400, "day"), (100, "100"), (0.5, "0.5")]
)
def test_standard_sizes_have_names(size: float, name: str) -> None:
    assert window_name(size) == name


def test_a_sliding_window_weighs_the_previous_one() -> None:
    window = Window(100, 100, sliding=True)
    assert window.used(10, 40, now=1025) == 10 + 40 * 0.75
    assert window.left(10, 40, now=1025) == 60
    assert window.left(99, 40, now=1025) == 0


def test_a_fixed_window_forgets_at_its_end() -> None:
    window = Window(100, 100, sliding=False)
    assert window.used(10, 40, now=1025) == 10
    assert window.wait(100, 0, now=1025) == 75


@given(
    limit=st.integers(1, 1000),
    size=st.integers(1, 3600),
    current=st.integers(0, 5000),
    previous=st.integers(0, 5000),
    now=st.integers(10_000, 99_999),
)
def test_after_the_wait_a_request_is_let_through_and_just_before_it_is_not(
    limit: int, size: int, current: int, previous: int, now: int
) -> None:
    window = Window(limit, size, sliding=True)
    if window.used(current, previous, now) < limit:
        return
    wait = window.wait(current, previous, now)

    def used(at: float) -> float:
        ahead = window.index(at) - window.index(now)
        counts = {0: (current, previous), 1: (0.0, float(current))}.get(ahead, (0.0, 0.0))
        return window.used(*counts, at)

    assert used(now + wait) <= limit + 1e-6
    if wait > 1:
        assert used(now + wait - 1) >= limit - 1e-6


@pytest.mark.parametrize(
    ("value", "text"), [(81.0, b"81"), (0.9999937, b"0.9999937"), (0.0, b"0"), (1e-7, b"0.0000001")]
)
def test_numbers_are_short_and_exact(value: float, text: bytes) -> None:
    assert number(value) == text
