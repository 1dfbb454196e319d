"""The README tells of every command, and the Japanese one keeps step with it: the same sections in the same order, the
same things to type."""

from __future__ import annotations

import re

import pytest
from support.house import ROOT

from quickstart.commands import modules

ENGLISH, JAPANESE = ((ROOT / name).read_text("utf-8") for name in ("README.md", "README.ja.md"))
BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
TRANSLATED = re.compile(r"(?P<title>.+) <!-- (?P<original>.+) -->")


def test_the_sections_are_the_same() -> None:
    """A Japanese heading names the one it translates, unseen: so a section that is new or renamed is noticed."""
    english = HEADING.findall(BLOCK.sub("", ENGLISH))
    found = [(level, TRANSLATED.fullmatch(title)) for level, title in HEADING.findall(BLOCK.sub("", JAPANESE))]
    assert [(level, match and match["original"]) for level, match in found] == english


def test_what_is_typed_is_the_same() -> None:
    assert BLOCK.findall(JAPANESE) == BLOCK.findall(ENGLISH)


def test_the_commands_and_paths_of_the_tables_are_the_same() -> None:
    def first_cells(text: str) -> list[str]:
        return re.findall(r"^\| (`.+?`.*?|\d[\d, ]*) \|", BLOCK.sub("", text), re.MULTILINE)

    assert first_cells(JAPANESE) == first_cells(ENGLISH)


@pytest.mark.parametrize("name", sorted({*modules(), "setup"}))
def test_every_command_is_in_the_table(name: str) -> None:
    cells = " ".join(re.findall(r"^\| (`ai-gateway .+?) \|", ENGLISH, re.MULTILINE))
    assert re.search(rf"[` ]{name}\b", cells), f"the table Commands does not tell of {name}"


def test_each_leads_to_the_other_and_both_to_files_that_exist() -> None:
    assert "](README.ja.md)" in ENGLISH and "](README.md)" in JAPANESE
    for text in (ENGLISH, JAPANESE):
        for target in re.findall(r"\]\(([^)#:]+)\)", text):
            assert (ROOT / target).exists(), target
