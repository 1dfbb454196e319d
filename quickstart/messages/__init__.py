"""Every text a person reads, by key: one catalogue. A theme is a TOML file beside this one, found by folder; a key is a
table with the text in each language (`en`, `ja`).

Short plain sentences, no idioms, no emoji; marks and colours are the console's. Not for: texts of a provider (its own
file), errors that only a programmer sees.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("en", "ja")
VARIABLE = "AI_GATEWAY_LANG"
"""Chooses for this program alone; the locale's variables speak for all programs."""

_chosen = "en"


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """All themes as one: key -> language -> text. ValueError for a key that two themes have."""
    found: dict[str, dict[str, str]] = {}
    for theme in sorted(files(__package__).iterdir(), key=lambda entry: entry.name):
        if theme.name.endswith(".toml"):
            texts = tomllib.loads(theme.read_text("utf-8"))
            if twice := found.keys() & texts.keys():
                raise ValueError(f"{theme.name} repeats {sorted(twice)}")
            found |= texts
    return found


def language_of(environment: Mapping[str, str]) -> str:
    """The language that our own variable or POSIX' ask for, `en` where we do not have it."""
    for name in (VARIABLE, "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(name):
            code = value[:2].lower()
            return code if code in LANGUAGES else "en"
    return "en"


def shown(language: str, encodings: Iterable[str]) -> str:
    """`language` where all these encodings can carry its texts, else `en`: question marks help nobody. Tried with the
    texts themselves, not guessed from an encoding's name."""
    letters = "".join(sorted({letter for texts in catalogue().values() for letter in texts.get(language, "")}))
    try:
        for encoding in encodings:
            letters.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return "en"
    return language


def choose(language: str) -> None:
    """From now on texts are in this language: one of LANGUAGES. ValueError for another."""
    global _chosen
    if language not in LANGUAGES:
        raise ValueError(f"{language!r} is none of {', '.join(LANGUAGES)}")
    _chosen = language


def text(key: str, **values: Any) -> str:
    """The text of `key` with its values filled in. KeyError for a key or value that is missing: that is a bug."""
    texts = catalogue()[key]
    return texts.get(_chosen, texts["en"]).format(**values)
