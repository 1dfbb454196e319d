"""Faults are told by kind and place, without values."""

from __future__ import annotations

from gateway.transport.faults import describe


def broken(secret: str) -> None:
    raise ValueError(f"cannot use {secret}")


def caught() -> Exception:
    try:
        broken("sk-canary")
    except ValueError as error:
        return error
    raise AssertionError


def test_kind_and_places_and_no_value() -> None:
    text = describe(caught())
    assert text.startswith("ValueError in test_faults.py:9 (broken), called from test_faults.py:")
    assert "sk-canary" not in text
    assert "cannot use" not in text


def test_an_error_that_was_never_raised() -> None:
    assert describe(KeyError("x")) == "KeyError"
