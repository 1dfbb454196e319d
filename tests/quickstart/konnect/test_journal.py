from __future__ import annotations

import dataclasses
import stat
from pathlib import Path

import pytest
from support.konnect_parts import PLAN
from support.setups import places_in

from quickstart.errors import EnvironmentProblem
from quickstart.konnect import journal
from quickstart.konnect.journal import Entry, Journal

ENTRY = Entry("gateway", "eu", "ai-gateway", "1", True, "a.example", "b.example:444", "c1")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    places = places_in(tmp_path)
    made = Journal("0123456789abcdef", (ENTRY,))
    journal.save(places, made)
    assert journal.load(places) == made
    assert stat.S_IMODE(journal.path(places).stat().st_mode) == 0o600


def test_a_new_installation_has_a_name_of_its_own(tmp_path: Path) -> None:
    assert journal.load(places_in(tmp_path), lambda size: "ab" * size) == Journal("ab" * 8)
    assert not journal.path(places_in(tmp_path)).exists()


def test_an_entry_is_of_one_control_plane() -> None:
    other = dataclasses.replace(PLAN, region="us")
    made = Journal("i", (ENTRY,))
    assert made.entry(PLAN) == ENTRY and made.entry(other) is None
    newer = dataclasses.replace(ENTRY, certificate="c2")
    there = Entry("gateway", "us", "ai-gateway", "2")
    assert made.with_entry(newer).with_entry(there).entries == (newer, there)
    assert made.with_entry(there).without(ENTRY).entries == (there,)


@pytest.mark.parametrize("text", ["", "[]", '{"version":2}', '{"version":1,"installation":"i","entries":[{"a":1}]}'])
def test_a_damaged_one_is_not_guessed(tmp_path: Path, text: str) -> None:
    places = places_in(tmp_path)
    journal.save(places, Journal("i"))
    journal.path(places).write_text(text)
    with pytest.raises(EnvironmentProblem) as refused:
        journal.load(places)
    assert str(journal.path(places)) in refused.value.message and "mv " in refused.value.hint
