"""One catalogue: every key that is used exists, every key that exists is used, its values fit, in every language."""

from __future__ import annotations

import ast
import re
import string
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

import quickstart
from quickstart import messages
from quickstart.answers import questions

ROOMS = sorted(Path(quickstart.__file__).parent.rglob("*.py"))
FAMILIES = (
    "command.",
    "running.state.",
    "check.",
    "diagnosis.",
    "done.",
    "konnect.doctor.",
    "konnect.node.",
    "konnect.refusal.",
    "doctor.",
    "health.",
    "machine.",
    "section.",
)
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
            if (
                isinstance(node, ast.Call)
                and ast.unparse(node.func) in ("text", "text_of", "messages.text")
                and node.args
            ):
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
def test_every_text_is_in_every_language(key: str) -> None:
    assert set(TEXTS[key]) == set(messages.LANGUAGES)
    for language, text in TEXTS[key].items():
        assert text.strip(), f"{key} in {language}"
        assert fields(text) == fields(TEXTS[key]["en"]), f"{key} in {language}"


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_texts_need_no_emoji_and_no_boxes(key: str) -> None:
    assert TEXTS[key]["en"].isascii()
    for encoding in ("utf-8", "euc_jp", "cp932"):  # what Japanese terminals speak; none of them has an emoji of ours
        TEXTS[key]["ja"].encode(encoding)
    assert not {"EMOJI", "BOX DRAWINGS"} & {unicodedata.name(c, "").partition(" LIGHT")[0] for c in TEXTS[key]["ja"]}


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_a_translation_keeps_what_must_be_typed(key: str) -> None:
    """Commands, flags, variables and addresses are the same in any language."""
    typed = re.compile(r"ai-gateway (?!hit)[a-z]+|(?<![\w-])--[a-z-]+|[A-Z]+(?:_[A-Z]+)+|https?://[\w./{}]+")
    assert set(typed.findall(TEXTS[key]["ja"])) == set(typed.findall(TEXTS[key]["en"]))


def test_japanese_is_shown_only_where_it_can_be() -> None:
    assert messages.shown("ja", ["utf-8", "euc_jp"]) == "ja"
    assert messages.shown("ja", ["cp932"]) == "ja"
    for encoding in ("ascii", "latin-1", "no-such", ""):
        assert messages.shown("ja", ["utf-8", encoding]) == "en"
    assert messages.shown("en", ["ascii"]) == "en"


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
        ({"LC_ALL": "en_GB.UTF-8", "AI_GATEWAY_LANG": "ja"}, "ja"),
        ({"LC_ALL": "ja_JP.UTF-8", "AI_GATEWAY_LANG": "en"}, "en"),
    ],
)
def test_the_language_follows_the_locale(environment: dict[str, str], language: str) -> None:
    assert messages.language_of(environment) == language


def test_only_languages_we_have_can_be_chosen() -> None:
    messages.choose("ja")
    with pytest.raises(ValueError, match="fr"):
        messages.choose("fr")
