"""No line may be wider than the terminal, whatever the text, with Ambiguous characters counted as two."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quickstart import layout
from quickstart.layout import Column

COLUMNS = [
    Column("Route"),
    Column("Model", stretch=True),
    Column("Upstream", drop=2),
    Column("Health"),
    Column("Time", right=True, drop=1),
]
ROWS = [
    ("/openai/chat", "gpt-6-luna", "api.openai.com", "ok", "612 ms"),
    ("/mistral/chat", "mistral-7b-instruct-v0.1.Q4_K_M.gguf", "localhost:7999", "ok", "1.9 s"),
    ("/ollama/chat", "日本語モデル-テスト-とても長い名前-Q4", "localhost:11434", "down", "-"),
]


@pytest.mark.parametrize(
    ("text", "cells"), [("abc", 3), ("日本", 4), ("…", 2), ("→", 2), ("✓", 1), ("é", 1), ("", 0), ("\u200b", 0)]
)
def test_cells_count_wide_and_ambiguous_as_two(text: str, cells: int) -> None:
    assert layout.cells(unicodedata.normalize("NFD", text)) == cells


def test_the_middle_is_what_goes() -> None:
    assert layout.truncate("mistral-7b-instruct.Q4_K_M", 18) == "mistral-..t.Q4_K_M"
    assert layout.truncate("short", 18) == "short"


@given(st.text(max_size=60), st.integers(0, 40))
def test_truncated_text_fits(text: str, width: int) -> None:
    assert layout.cells(layout.truncate(text, width)) <= width


@given(
    st.lists(st.tuples(*[st.text(st.characters(categories=("L", "N", "P")), max_size=50)] * 5), min_size=1, max_size=5),
    st.integers(20, 200),
)
def test_no_table_is_wider_than_the_terminal(rows: list[tuple[str, ...]], width: int) -> None:
    assert all(layout.cells(line) <= width for line in layout.table(COLUMNS, rows, width))
    assert all(layout.cells(line) <= width for line in layout.cards([(r[0], r[1:]) for r in rows], width))


def test_columns_go_before_the_stretching_one_gets_unreadable() -> None:
    wide = layout.table(COLUMNS, ROWS, 120)
    assert wide[0].split() == ["Route", "Model", "Upstream", "Health", "Time"]
    assert layout.table(COLUMNS, ROWS, 62)[0].split() == ["Route", "Model", "Health", "Time"]
    assert layout.table(COLUMNS, ROWS, 40) == []


def test_east_asian_columns_line_up() -> None:
    lines = layout.table(COLUMNS, ROWS, 120)
    starts = {
        layout.cells(line[: line.index(word)]) for line, word in zip(lines[1:], ("ok", "ok", "down"), strict=True)
    }
    assert len(starts) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf8"])
def test_glyphs_where_the_encoding_carries_them(encoding: str) -> None:
    assert layout.glyphs(encoding) is layout.UNICODE


@pytest.mark.parametrize("encoding", ["ascii", "euc_jp", "cp932", "latin-1", "", "no-such"])
def test_ascii_marks_elsewhere(encoding: str) -> None:
    assert layout.glyphs(encoding) is layout.ASCII


def test_wrapping_keeps_a_url_whole() -> None:
    url = "https://example.com/" + "a" * 60
    lines = layout.wrap(f"Look at {url} now", 30, "  ")
    assert f"  {url}" in lines
    assert layout.wrap("", 30) == []


JAPANESE = "キーはこのマシンの、あなただけが読めるファイルに保存されます。API キーの送信先は「OpenAI」だけです。"


@given(st.integers(20, 120))
def test_japanese_is_broken_where_japanese_may_be(width: int) -> None:
    lines = layout.wrap(JAPANESE, width)
    assert all(layout.cells(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == JAPANESE.replace(" ", "")
    assert not any(line[0] in "、。ー」" or line[-1] == "「" for line in lines)
    assert all(word in "\n".join(lines) for word in ("マシン", "ファイル", "OpenAI"))


@given(st.text(alphabet="aB1 日本語カナ、。「」", max_size=80), st.integers(16, 60))
def test_wrapping_loses_no_letter(text: str, width: int) -> None:
    assert "".join("".join(layout.wrap(text, width)).split()) == "".join(text.split())


def test_a_value_stands_beside_or_below() -> None:
    assert layout.beside("  name  ", "one two three", 17) == ["  name  one two", "        three"]
    assert layout.beside("  name  ", "/a/rather/long/path", 20) == ["  name", "      /a/rather/long/path"]
    assert layout.beside("  name  ", "", 20) == ["  name  "]


def test_a_no_break_space_holds_together() -> None:
    assert layout.wrap("8000\u00a0proxy, 8001\u00a0admin", 16) == ["8000 proxy,", "8001 admin"]
