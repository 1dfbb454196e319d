"""Marks that processes share."""

from __future__ import annotations

import os

import pytest

from gateway.health_marks import HealthMarks


def test_a_mark_is_found_again_by_its_names() -> None:
    marks = HealthMarks.create(64)
    marks.mark("u", "a:80").set(True)
    assert marks.mark("u", "a:80").ill and marks.ill("u", "a:80")
    assert not marks.ill("u", "b:80") and not marks.ill("v", "a:80") and not marks.mark("u", "b:80").ill


def test_another_view_sees_and_counts_the_same() -> None:
    marks = HealthMarks.create()
    theirs = HealthMarks(os.dup(marks.descriptor))
    one, other = marks.mark("u", "a:80"), theirs.mark("u", "a:80")
    one.failed("http", 3)
    other.failed("http", 3)
    assert not one.ill
    one.failed("http", 3)
    assert one.ill and other.ill
    other.succeeded(2)
    one.succeeded(2)
    assert not one.ill and not other.ill


def test_processes_lose_no_count() -> None:
    marks = HealthMarks.create()
    mark = marks.mark("u", "a:80")
    children = []
    for _ in range(3):
        child = os.fork()
        if child == 0:  # pragma: no cover - runs in a process of its own
            own = HealthMarks(os.dup(marks.descriptor)).mark("u", "a:80")
            for _ in range(70):
                own.failed("http", 211)
            os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    assert not mark.ill
    mark.failed("http", 211)
    assert mark.ill


@pytest.mark.parametrize("what", ["http", "tcp", "timeouts"])
def test_counts_stop_at_what_a_byte_holds(what: str) -> None:
    mark = HealthMarks.create(64, shared=False).mark("u", "a:80")
    for _ in range(300):
        mark.failed(what, 0)
    assert not mark.ill
    mark.failed(what, 255)
    assert mark.ill


def test_what_is_set_by_hand_starts_the_counts_anew() -> None:
    mark = HealthMarks.create(64, shared=False).mark("u", "a:80")
    mark.failed("tcp", 2)
    mark.set(False)
    mark.failed("tcp", 2)
    assert not mark.ill


def test_targets_that_are_gone_are_forgotten_and_their_old_marks_do_no_harm() -> None:
    marks = HealthMarks.create(32, shared=False)
    old = marks.mark("u", "a:80")
    old.set(True)
    marks.mark("u", "b:80").set(True)
    marks.keep([("u", "b:80")])
    assert not marks.ill("u", "a:80") and marks.ill("u", "b:80")
    new = marks.mark("u", "c:80")  # it may have the place now
    old.failed("tcp", 1)
    assert not new.ill


def test_more_than_fit_are_marked_by_everybody_alone() -> None:
    marks = HealthMarks.create(32, shared=False)
    made = [marks.mark("u", f"a:{number}") for number in range(40)]
    made[-1].failed("tcp", 1)
    assert [mark.ill for mark in made] == [False] * 39 + [True]
    assert not marks.ill("u", "a:39")  # nobody else knows


def test_the_table_is_small() -> None:
    assert HealthMarks.SLOTS * HealthMarks.SLOT.size < 1 << 20
