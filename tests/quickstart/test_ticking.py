"""Ticks come while something lasts, counted from one, and never after its end, however it ended."""

from __future__ import annotations

import threading

import pytest

from quickstart.ticking import Ticking


def test_it_ticks_until_the_end() -> None:
    seen: list[int] = []
    third = threading.Event()

    def show(tick: int) -> None:
        seen.append(tick)
        if tick == 3:
            third.set()

    clock = Ticking(show, 0.001)
    with clock:
        assert third.wait(30)
    assert seen[:3] == [1, 2, 3]
    assert not clock._thread.is_alive()


def test_an_exception_ends_it_too() -> None:
    seen: list[int] = []
    clock = Ticking(seen.append, 3600)
    with pytest.raises(ValueError, match="x"), clock:
        raise ValueError("x")
    assert seen == []
    assert not clock._thread.is_alive()
