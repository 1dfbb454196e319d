"""One catalogue: every key that is used exists, every key that exists is used, its values fit, in every language."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

import quickstart
from quickstart import messages
from quickstart.answers import questions

ROOMS = sorted(Path(quickstart.__file__).parent.rglob("*.py"))
FAMILIES = ("check.", "machine.", "section.")
"""Keys put together from a word at run time."""
TEXTS = messages.catalogue()


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    messages.choose("en")


def used() -> set[str]:
    """Every string constant of the quickstart that is a key of the catalogue."""
    found = {question.prompt for question in questions().values()}
    for room in ROOMS:
        for node in ast.walk(ast.parse(room.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


def test_no_text_is_left_over() -> None:
    unused = set(TEXTS) - used()
    assert not {key for key in unused if not key.startswith(FAMILIES)}


def test_every_call_names_a_text() -> None:
    for room in ROOMS:
        for node in ast.walk(ast.parse(room.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("text", "messages.text") and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    assert first.value in TEXTS, f"{room.name}: {first.value}"
                    given = {keyword.arg for keyword in node.keywords}
                    if None not in given:
                        wanted = fields(TEXTS[first.value]["en"])
                        assert given == wanted, f"{room.name}: {first.value} is given {given}"


def fields(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_texts_need_no_emoji_and_no_boxes(key: str) -> None:
    assert TEXTS[key]["en"].isascii()


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_a_translation_has_the_fields_of_the_original(key: str) -> None:
    for language, text in TEXTS[key].items():
        assert language in messages.LANGUAGES
        assert fields(text) == fields(TEXTS[key]["en"]), f"{key} in {language}"


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        messages.text("look.server", title="x")


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja_JP.eucJP", "LC_ALL": "C"}, "en"),
        ({"LANG": "C.UTF-8", "LC_MESSAGES": "ja"}, "ja"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
    ],
)
def test_the_language_follows_the_locale(environment: dict[str, str], language: str) -> None:
    assert messages.language_of(environment) == language


def test_only_languages_we_have_can_be_chosen() -> None:
    messages.choose("ja")
    with pytest.raises(ValueError, match="fr"):
        messages.choose("fr")
