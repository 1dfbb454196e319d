"""When it was last changed, by what, and how long it runs: in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

import pytest

from quickstart import messages
from quickstart.reconcile.generations import EDITED, Entry, Generation
from quickstart.standing import duration, line


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    yield
    messages.choose("en")


def generation(by: str) -> Generation:
    return Generation(7, "2026-11-20T14:03:59+00:00", Entry(by, "", ""))


@pytest.mark.parametrize(
    ("by", "uptime", "said"),
    [
        ("limit openai", 180000.4, "Last changed 2026-11-20 14:03 by limit openai, running for 2 d 2 h"),
        (EDITED, None, "Last changed 2026-11-20 14:03 in the Manager, through the Admin API or with deck"),
    ],
)
def test_one_line(by: str, uptime: float | None, said: str) -> None:
    assert line(generation(by), uptime, UTC) == said


def test_in_japanese() -> None:
    messages.choose("ja")
    assert line(generation("setup"), 60, UTC) == "最終変更 2026-11-20 14:03 (setup)、稼働 1 min"


def test_what_is_not_known_is_not_said() -> None:
    assert line(None, None) == ""
    assert line(None, 3) == "Running for 3 s"


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3725, "1 h 2 min"), (90061, "1 d 1 h")]
)
def test_durations_have_two_units(seconds: int, shown: str) -> None:
    assert duration(seconds) == shown
