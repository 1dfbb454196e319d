"""Requests as people read them: the line of the manual, in any width and zone, and nothing that moves a cursor."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.log_lines import ID, LINE, NOON, a_line

from quickstart import layout
from quickstart.logbook.entries import Entry, entry
from quickstart.logbook.lines import details, line

TOKYO = timezone(timedelta(hours=9))
WHOLE = "12:03:11 200 /mistral/chat mistral-7b 1.9 s 17+205 tok  req 8027b728"


def of(text: str) -> Entry:
    found = entry(text)
    assert found is not None
    return found


def test_the_line_of_the_manual() -> None:
    assert line(of(LINE), NOON + 60, UTC) == [WHOLE]
    assert line(of(LINE), NOON + 60, TOKYO)[0].startswith("21:03:11 200 ")


def test_what_is_not_of_today_has_its_date() -> None:
    assert line(of(LINE), NOON + 86_400, UTC)[0].startswith("2026-11-22 12:03:11 200 ")
    assert line(of(LINE), NOON + 4 * 3600, TOKYO)[0].startswith("2026-11-22 21:03:11 200 ")


@pytest.mark.parametrize(("more", "shown"), [
    ({"model": "m", "prompt_tokens": 3, "completion_tokens": 4, "estimated": True}, "~3+4 tok"),
    ({"ms": 12.3}, " 12 ms  req"),
    ({"status": 0, "aborted": True}, " --- /mistral/chat"),
])  # fmt: skip
def test_marks(more: dict[str, object], shown: str) -> None:
    assert shown in line(of(a_line(**more)), NOON, UTC)[0]


def test_why_a_request_failed_stands_below_it() -> None:
    shown = line(of(a_line(status=502, upstream_error="refused: Connection refused")), NOON, UTC)
    assert shown[1] == "           refused: Connection refused"
    assert "went away" in line(of(a_line(aborted=True)), NOON, UTC)[1]


@given(st.text(), st.integers(30, 120))
def test_no_line_is_wider_than_the_terminal(name: str, width: int) -> None:
    for path, model in ((name, "m" * 40), ("/v1/chat/completions", name)):
        found = of(a_line(path=path, model=model, prompt_tokens=1, completion_tokens=2))
        assert layout.cells(line(found, NOON, UTC, width)[0]) <= width


def test_a_narrow_terminal_shortens_the_model_first() -> None:
    found = of(a_line(model="smollm2-135m-instruct-with-a-long-name", prompt_tokens=16, completion_tokens=8))
    shown = line(found, NOON, UTC, 72)[0]
    assert shown.startswith("12:03:11 200 /mistral/chat smoll") and ".." in shown and shown.endswith("req 8027b728")
    assert "smollm2" not in line(found, NOON, UTC, 60)[0]


def test_what_a_client_sent_moves_no_cursor() -> None:
    found = of(a_line(path="/x\x1b[2J\r", status=502, error="a\x1b]0;b"))
    shown = "\n".join([*line(found, NOON, UTC), *details(found, UTC)])
    assert "\x1b" not in shown and "\r" not in shown


def test_all_that_is_known_of_one_request() -> None:
    shown = details(of(LINE), UTC)
    assert shown[0].split() == ["request", ID]
    assert shown[1] == "ended              2026-11-22 12:03:11.000+00:00"
    assert "completion_tokens  205" in shown
