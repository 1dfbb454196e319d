"""One catalogue: every key that is used exists, every key that exists is used, and its values fit."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import pytest

import quickstart
from quickstart import messages
from quickstart.answers import questions

ROOMS = sorted(Path(quickstart.__file__).parent.glob("*.py"))
FAMILIES = ("check.", "machine.", "section.")
"""Keys put together from a word at run time."""


def used() -> set[str]:
    """Every string constant of the quickstart that is a key of the catalogue."""
    found = {question.prompt for question in questions().values()}
    for room in ROOMS:
        if room.name != "messages.py":
            for node in ast.walk(ast.parse(room.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.add(node.value)
    return found


def test_no_text_is_left_over() -> None:
    unused = set(messages.ENGLISH) - used()
    assert not {key for key in unused if not key.startswith(FAMILIES)}


def test_every_call_names_a_text() -> None:
    for room in ROOMS:
        for node in ast.walk(ast.parse(room.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("text", "messages.text") and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    assert first.value in messages.ENGLISH, f"{room.name}: {first.value}"
                    given = {keyword.arg for keyword in node.keywords}
                    if None not in given:
                        assert given == fields(first.value), f"{room.name}: {first.value} is given {given}"


def fields(key: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(messages.ENGLISH[key]) if name is not None}


@pytest.mark.parametrize("key", sorted(messages.ENGLISH))
def test_texts_need_no_emoji_and_no_boxes(key: str) -> None:
    assert messages.ENGLISH[key].isascii()


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        messages.text("look.server", title="x")
