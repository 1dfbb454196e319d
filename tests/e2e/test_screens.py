"""What people see, whole: first run, a run that changes something, a run without questions, at three widths in both
languages. `GOLDEN=write pytest tests/e2e/test_screens.py` draws them anew; a person then reads the diff.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.golden import check_golden
from support.setup_parts import TEXT_WIDTHS
from support.stories import ANTHROPIC_KEY, OPENAI_KEY, Story
from support.typist import Typist

from quickstart import layout

pytestmark = [pytest.mark.timeout(300)]
GOLDEN = Path(__file__).parent / "golden"
LOOKS = [(language, columns) for language in ("en", "ja") for columns in TEXT_WIDTHS]


@pytest.fixture(params=LOOKS, ids=[f"{language}-{columns}" for language, columns in LOOKS])
def story(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Story]:
    with Story(tmp_path, *request.param) as told:
        yield told


def judge(story: Story, terminal: Typist, name: str) -> None:
    assert terminal.end() == 0, terminal.seen
    text = story.shown(terminal)
    too_wide = [line for line in text.splitlines() if layout.cells(line) > story.columns]
    if name != "yes":  # facts for programs are a line each, however long
        assert not too_wide and not terminal.screen.wrapped
    assert terminal.screen.cursor_shown
    assert OPENAI_KEY not in terminal.raw and ANTHROPIC_KEY not in terminal.raw
    check_golden(GOLDEN / f"{name}_{story.language}_{story.columns}.txt", text)


def test_the_first_run_and_a_change(story: Story) -> None:
    judge(story, story.first(), "first")
    story.edited()
    judge(story, story.again(), "again")


def test_without_questions(story: Story) -> None:
    judge(story, story.unattended(), "yes")
