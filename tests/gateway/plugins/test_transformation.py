"""What both transformers do to headers, and how a JSON member grows."""

import pytest

from gateway.headers import Changes
from gateway.plugins._transformation import HeaderTable, append_value, rules

GIVEN = [(b"X-A", b"1"), (b"X-B", b"2"), (b"x-a", b"3")]


def written(table: HeaderTable) -> Changes:
    changes: Changes = {}
    table.write(changes)
    return changes


def test_only_what_was_touched_is_written() -> None:
    table = HeaderTable(GIVEN)
    table.remove(b"x-nope")
    table.replace(b"x-nope", b"9")
    table.add(b"X-a", b"9")
    table.rename(b"x-nope", b"x-b")
    assert written(table) == {}


def test_each_step() -> None:
    table = HeaderTable(GIVEN)
    table.rename(b"x-a", b"X-C")
    table.replace(b"X-b", b"two")
    table.add(b"X-New", b"n")
    table.append(b"x-new", b"m")
    assert written(table) == {
        b"x-a": b"",
        b"x-c": b"X-C: 1\r\nX-C: 3\r\n",
        b"x-b": b"X-B: two\r\n",
        b"x-new": b"X-New: n\r\nx-new: m\r\n",
    }


def test_replacing_leaves_one_line() -> None:
    table = HeaderTable(GIVEN)
    table.replace(b"x-a", b"9")
    assert written(table) == {b"x-a": b"X-A: 9\r\n"}


def test_removing_by_value() -> None:
    table = HeaderTable(GIVEN)
    table.remove_value(b"x-a", b"3")
    table.remove_value(b"x-b", b"3")
    assert written(table) == {b"x-a": b"X-A: 1\r\n"}


def test_a_removed_header_may_be_added_again() -> None:
    table = HeaderTable(GIVEN)
    table.remove(b"x-a")
    assert b"X-A" not in table
    table.add(b"X-A", b"new")
    assert written(table) == {b"x-a": b"X-A: new\r\n"}


def test_a_value_cannot_end_its_line() -> None:
    table = HeaderTable(GIVEN)
    table.add(b"X-C", b"a\r\nX-Evil: 1")
    assert written(table) == {b"x-c": b"X-C: a%0D%0AX-Evil: 1\r\n"}


@pytest.mark.parametrize(
    ("old", "new"), [(None, ["v"]), ("a", ["a", "v"]), (1, [1, "v"]), (["a"], ["a", "v"]), ({}, [{}, "v"])]
)
def test_a_member_grows(old: object, new: list[object]) -> None:
    assert append_value(old, "v") == new


def test_rules_are_cut_at_the_first_colon() -> None:
    config = {"add": {"headers": ["a:b:c", "d", "e:"]}}
    assert rules(config, "add", "headers") == [("a", "b:c"), ("d", ""), ("e", "")]
    assert rules(config, "add", "json") == []
