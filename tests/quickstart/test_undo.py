"""Steps back are taken in reverse, all of them, whatever ends the block; none after commit."""

from __future__ import annotations

import os
import signal

import pytest

from quickstart.undo import Undo


def run(undo: Undo, done: list[str], error: BaseException | None, commit: bool = False) -> None:
    with undo:
        for name in ("one", "two", "three"):
            undo.push(name, lambda name=name: done.append(name))  # type: ignore[misc]
        if commit:
            undo.commit()
        if error is not None:
            raise error


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), SystemExit(1)])
def test_any_exception_takes_the_steps_back_in_reverse(error: BaseException) -> None:
    done: list[str] = []
    with pytest.raises(type(error)):
        run(Undo(lambda name, error: None), done, error)
    assert done == ["three", "two", "one"]


@pytest.mark.parametrize("error", [None, ValueError("x")])
def test_what_is_committed_stays(error: BaseException | None) -> None:
    done: list[str] = []
    try:
        run(Undo(lambda name, error: None), done, error, commit=True)
    except ValueError:
        pass
    assert done == []


def test_a_step_that_fails_is_told_and_the_others_are_taken() -> None:
    done: list[str] = []
    told: list[tuple[str, str]] = []

    def fail() -> None:
        raise OSError("no")

    with pytest.raises(ValueError, match="x"), Undo(lambda name, error: told.append((name, str(error)))) as undo:
        undo.push("first", lambda: done.append("first"))
        undo.push("second", fail)
        undo.push("third", lambda: done.append("third"))
        raise ValueError("x")
    assert done == ["third", "first"]
    assert told == [("second", "no")]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_being_told_to_end_takes_the_steps_back(number: int) -> None:
    before = signal.getsignal(number)
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt), Undo(lambda name, error: None) as undo:
        undo.push("one", lambda: done.append("one"))
        os.kill(os.getpid(), number)
        signal.pause()
    assert done == ["one"]
    assert signal.getsignal(number) is before


def test_nothing_interrupts_going_back() -> None:
    done: list[str] = []

    def interrupted() -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(os.getpid(), number)
        done.append("whole")

    with pytest.raises(ValueError, match="x"), Undo(lambda name, error: None) as undo:
        undo.push("one", interrupted)
        raise ValueError("x")
    assert done == ["whole"]
