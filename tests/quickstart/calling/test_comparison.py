"""Answers beside each other: no line too wide, no text lost, East-Asian text too."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quickstart import layout
from quickstart.calling.comparison import compared, folded

BLOCKS = [
    ("/openai/chat  gpt-6-luna", "Kong is a gateway.\n\nIt is fast.", "17 in, 8 out, 1.9 s"),
    ("/mistral/chat  mistral-7b", "東京は日本の首都です。" * 4, "9 in, 40 out, 0.4 s"),
]


@given(st.text(), st.integers(2, 80))
def test_folding_loses_nothing_but_spaces_and_stays_in_its_width(text: str, width: int) -> None:
    lines = folded(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(layout.cells(line) <= width for line in lines)


@pytest.mark.parametrize("width", [59, 99, 160])
def test_wide_terminals_show_columns(width: int) -> None:
    lines = compared(BLOCKS, width)
    assert "/openai/chat" in lines[0] and "/mistral/chat" in lines[0]
    assert "1.9 s" in lines[-1] and "0.4 s" in lines[-1]
    assert all(layout.cells(line) <= width for line in lines)


@pytest.mark.parametrize("width", [30, 44, 58])
def test_narrow_ones_show_one_after_the_other(width: int) -> None:
    lines = compared(BLOCKS, width)
    assert "/mistral/chat" not in lines[0]
    assert lines.index("17 in, 8 out, 1.9 s") < next(i for i, line in enumerate(lines) if "/mistral" in line)
    assert all(layout.cells(line) <= width for line in lines)


def test_one_answer_has_the_whole_width() -> None:
    assert compared(BLOCKS[:1], 200)[2] == "Kong is a gateway."
