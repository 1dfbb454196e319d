"""What would be in force, and what is told of edits and conflicts."""

from __future__ import annotations

import pytest
from support.reconciling import RENDERED, SMALL, edited, row_called, small, without

from quickstart.errors import QuickstartError
from quickstart.reconcile import deck_file
from quickstart.reconcile.generations import Entry, Generation
from quickstart.reconcile.proposal import Wish, propose, told
from quickstart.reconcile.rows import Rows, read
from quickstart.reconcile.situation import Situation
from quickstart.reconcile.three_way import keep_ours


def now(running: Rows | None) -> Situation:
    last = Generation(1, "2026-11-22T09:12:03+00:00", Entry("setup", SMALL, SMALL))
    return Situation(running, True, last=last, base=small())


def test_first_everything_is_as_it_was_rendered() -> None:
    found = propose(Situation(), SMALL)
    assert (found.before, found.text, found.rows) == (None, SMALL, small())
    assert found.changes and not found.nothing


def test_nothing_new_keeps_edits_and_says_which() -> None:
    running = edited(small(), "services", "openai-api", retries=2)
    found = propose(now(running), SMALL)
    assert found.nothing and not found.changes and found.rows == running
    assert [edit.text for edit in found.kept] == ["service openai-api: retries 5 -> 2"]
    assert found.unified() == [] and found.differences() == ()


def test_the_text_is_the_rendered_one_unless_edits_are_in_it() -> None:
    wanted = SMALL.replace("gpt-a", "gpt-b")
    assert propose(now(small()), wanted).text is wanted
    found = propose(now(edited(small(), "services", "openai-api", retries=2)), wanted)
    assert "retries: 2" in found.text and "gpt-b" in found.text
    assert read(found.text, "proposed") == found.rows
    assert any(line == "+          name: gpt-b" for line in found.unified())


def test_overwriting_drops_and_tells() -> None:
    found = propose(now(edited(small(), "services", "openai-api", retries=2)), SMALL, Wish(overwrite=True))
    assert found.rows == small() and found.changes
    assert len(found.dropped) == 1 and not found.kept


def test_conflicts_are_told_in_words() -> None:
    running = edited(small(), "plugins", "ai-proxy", config__model__name="gpt-c")
    found = propose(now(running), SMALL.replace("gpt-a", "gpt-b"))
    [(conflict, side)] = found.conflicts
    assert side == "theirs" and len(found.kept) == 1
    assert told(running, conflict) == ("ai-proxy on /openai/chat: config.model.name", "gpt-b", "gpt-c")
    chosen = propose(now(running), SMALL.replace("gpt-a", "gpt-b"), Wish(choose=keep_ours))
    assert row_called(chosen.rows, "plugins", "ai-proxy")["config"]["model"]["name"] == "gpt-b"
    assert len(chosen.dropped) == 1


def test_a_removal_that_meets_an_edit_is_told_in_words() -> None:
    running = edited(small(), "plugins", "ai-proxy", config__model__options={"max_tokens": 256})
    wanted = deck_file.text(without(small(), "services", "openai-api"))
    [(conflict, _)] = propose(now(running), wanted).conflicts
    assert told(running, conflict) == ("service openai-api", "removed", "changed")


def test_what_does_not_go_together_is_refused_with_the_way_out() -> None:
    """A limit's sizes are changed on one side, its amounts on the other: each is right, both are not."""
    limit = "plugins:\n- name: ai-rate-limiting-advanced\n  config:\n    llm_providers:\n"
    one = SMALL + limit + "    - {name: openai, limit: [1, 2], window_size: [60, 90]}\n"
    two = SMALL + limit + "    - {name: openai, limit: [1], window_size: [60]}\n"
    three = SMALL + limit + "    - {name: openai, limit: [1, 2], window_size: [60, 99]}\n"
    situation = Situation(read(three, "running"), True, base=read(one, "base"))
    with pytest.raises(QuickstartError, match="do not go together") as refused:
        propose(situation, two)
    assert "--overwrite" in refused.value.hint


def test_everything_rendered_goes_through() -> None:
    rows = read(RENDERED, "rendered")
    situation = Situation(rows, True, base=rows)
    assert propose(situation, RENDERED).nothing
