"""How text fits a terminal: cells, middle truncation, tables, cards, the glyphs an encoding can carry. Pure.

Not for: printing or colour (console.py). Rich's own layout wraps inside words at 80 columns, so widths are computed
here. East-Asian Ambiguous characters count two cells: many Japanese terminals draw them so, and too short beats broken.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

TOGETHER = "\u00a0"
MINIMUM_STRETCH = 18
"""Cells the stretching column needs before other columns are given up for it."""


class Glyphs(NamedTuple):
    ok: str
    warn: str
    bad: str
    choose: str


UNICODE = Glyphs("✓", "!", "✗", "»")
ASCII = Glyphs("[ok]", "[!]", "[x]", ">")


def glyphs(encoding: str) -> Glyphs:
    """The marks `encoding` can carry; tried, not guessed from its name."""
    try:
        "".join(UNICODE).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return UNICODE


def cells(text: str) -> int:
    """Columns `text` takes on a terminal, Ambiguous counted as two."""
    total = 0
    for character in text:
        if unicodedata.combining(character) or unicodedata.category(character) in {"Cf", "Mn", "Me", "Cc"}:
            continue
        total += 2 if unicodedata.east_asian_width(character) in "WFA" else 1
    return total


def head(text: str, width: int) -> str:
    """As much of the beginning of `text` as fits `width` cells."""
    used = 0
    for index, character in enumerate(text):
        used += cells(character)
        if used > width:
            return text[:index]
    return text


def truncate(text: str, width: int) -> str:
    """`text` in at most `width` cells, its middle replaced by `..`: both ends of a model's name tell something."""
    if cells(text) <= width:
        return text
    if width <= 4:
        return head(text, max(width, 0))
    front = head(text, (width - 2 + 1) // 2)
    back = head(text[::-1], width - 2 - cells(front))[::-1]
    return f"{front}..{back}"


def pad(text: str, width: int, right: bool = False) -> str:
    space = " " * max(0, width - cells(text))
    return space + text if right else text + space


_NEVER_FIRST = frozenset("、。，．,.:;!?)]}」』】）：；！？ー々ゃゅょっャュョッぁぃぅぇぉァィゥェォ%")
_NEVER_LAST = frozenset("「『【（([{")


def _pieces(word: str) -> list[str]:
    """Where a word may be broken: never in Latin text or in a foreign word in katakana, between other Japanese
    characters except before and after those that may not begin or end a line."""
    pieces: list[str] = []
    for character in word:
        wide = unicodedata.east_asian_width(character) in "WF"
        before = pieces[-1][-1] if pieces else ""
        joined = before and (
            character in _NEVER_FIRST
            or before in _NEVER_LAST
            or (_katakana(before) and _katakana(character))
            or not (wide or unicodedata.east_asian_width(before) in "WF")
        )
        if joined:
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def _katakana(character: str) -> bool:
    return "\u30a1" <= character <= "\u30ff"


def wrap(text: str, width: int, indent: str = "") -> list[str]:
    """`text` broken at spaces, and between Japanese characters, into lines of at most `width` cells; a longer word
    keeps its line, so URLs stay whole. A no-break space holds two words together, and is a plain one in the end."""
    lines: list[str] = []
    current = ""
    for word in re.split(r"[ \t\r\n\f\v]+", text.strip()):
        for number, piece in enumerate(_pieces(word)):
            longer = current + (" " if current and not number else "") + piece.replace(TOGETHER, " ")
            if current and cells(indent) + cells(longer) > width:
                lines.append(indent + current)
                current = piece.replace(TOGETHER, " ")
            else:
                current = longer
    if current:
        lines.append(indent + current)
    return lines


def beside(first: str, value: str, width: int) -> list[str]:
    """`value` in a column of its own behind `first`, or below it where a word of it does not fit there."""
    space = width - cells(first)
    folded = wrap(value, space) or [""]
    if any(cells(line) > space for line in folded):
        return [first.rstrip(), *wrap(value, width, "      ")]
    return [first + folded[0], *(" " * cells(first) + line for line in folded[1:])]


@dataclass(frozen=True, slots=True)
class Column:
    """`drop` > 0: may be left out where space is short, the highest first. One column stretches."""

    title: str
    right: bool = False
    drop: int = 0
    stretch: bool = False


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int, indent: str = "  ") -> list[str]:
    """Lines of a table without rules, at most `width` cells each, or [] where even the fewest columns do not fit."""
    kept = list(range(len(columns)))
    while True:
        widths = _widths(columns, rows, kept, width - cells(indent))
        if widths is not None:
            break
        droppable = [index for index in kept if columns[index].drop]
        if not droppable:
            return []
        kept.remove(max(droppable, key=lambda index: columns[index].drop))

    def line(texts: Callable[[int], str]) -> str:
        parts = [
            pad(truncate(texts(index), size), size, columns[index].right)
            for index, size in zip(kept, widths, strict=True)
        ]
        return (indent + "  ".join(parts)).rstrip()

    lines = [line(lambda index: columns[index].title)]
    lines += [line(lambda index, row=row: row[index]) for row in rows]  # type: ignore[misc]
    return lines


def _widths(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], kept: Sequence[int], space: int
) -> list[int] | None:
    natural = {index: max([cells(columns[index].title), *(cells(row[index]) for row in rows)]) for index in kept}
    total = sum(natural.values()) + 2 * (len(kept) - 1)
    if total > space:
        stretching = next((index for index in kept if columns[index].stretch), None)
        if stretching is None:
            return None
        left = natural[stretching] - (total - space)
        if left < min(MINIMUM_STRETCH, natural[stretching]):
            return None
        natural[stretching] = left
    return [natural[index] for index in kept]


def cards(rows: Iterable[tuple[str, Sequence[str]]], width: int, indent: str = "  ") -> list[str]:
    """Each row as a title line and indented lines under it, truncated to `width`: for very narrow terminals."""
    lines = []
    for title, under in rows:
        lines.append(indent + truncate(title, width - cells(indent)))
        lines += [indent + "  " + truncate(text, width - cells(indent) - 2) for text in under if text]
    return lines
