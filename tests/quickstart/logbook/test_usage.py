"""Sums of the log: the last day only, medians of what went well."""

from __future__ import annotations

import pytest
from support.log_lines import NOON, a_line

from quickstart.logbook.usage import DAY, Usage, count, usage


def test_a_day_by_path() -> None:
    lines = [
        a_line(time=NOON - DAY - 1, prompt_tokens=1000, completion_tokens=0),
        a_line(time=NOON - DAY, ms=100.0, prompt_tokens=1, completion_tokens=2),
        a_line(ms=300.0, prompt_tokens=3, completion_tokens=4),
        a_line(ms=900.0),
        a_line(ms=1.0, status=502),
        a_line(path="/other", status=429),
        "the gateway said something else",
    ]
    assert usage(lines, NOON) == {"/mistral/chat": Usage(4, 1, 10, 300.0), "/other": Usage(1, 1, 0, None)}


@pytest.mark.parametrize(("number", "shown"), [(0, "0"), (9999, "9999"), (12345, "12.3k"), (4_500_000, "4.5M")])
def test_counts_fit_a_column(number: int, shown: str) -> None:
    assert count(number) == shown
