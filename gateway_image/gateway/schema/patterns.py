"""Lua patterns, the notation in which Kong's schemas state `match`, run by Python's `re`.

Only patterns written in this code base are translated, never a user's: so `re` (which may backtrack) is fine here.
Not for: regexes from configuration; those go to the linear-time engine.
"""

from __future__ import annotations

import re
from functools import cache

_CLASSES = {
    "a": "A-Za-z",
    "d": "0-9",
    "l": "a-z",
    "u": "A-Z",
    "w": "A-Za-z0-9",
    "s": r"\s",
    "x": "0-9A-Fa-f",
}
_QUANTIFIERS = {"*": "*", "+": "+", "?": "?", "-": "*?"}  # Lua's "-" is the lazy "*"


@cache
def lua_pattern(pattern: str) -> re.Pattern[str]:
    """The compiled equivalent of a Lua pattern; use `.search`. Raises ValueError for what Lua has and this has not
    (%b, %f, captures)."""
    parts: list[str] = []
    at = 0
    end = len(pattern)
    if pattern.startswith("^"):
        parts.append(r"\A")
        at = 1
    while at < end:
        char = pattern[at]
        if char == "$" and at == end - 1:
            parts.append(r"\Z")
            break
        if char == "%":
            item, at = _escape(pattern, at)
            parts.append(f"[{item}]")
        elif char == "[":
            item, at = _set(pattern, at)
            parts.append(item)
        elif char in "()":
            raise ValueError(f"captures are not translated: {pattern}")
        elif char == ".":
            parts.append(r"[\s\S]")
            at += 1
        else:
            parts.append(re.escape(char))
            at += 1
        if at < end and pattern[at] in _QUANTIFIERS:
            parts.append(_QUANTIFIERS[pattern[at]])
            at += 1
    return re.compile("".join(parts))


def _escape(pattern: str, at: int) -> tuple[str, int]:
    letter = pattern[at + 1]
    if letter in _CLASSES:
        return _CLASSES[letter], at + 2
    if letter.isalnum():
        raise ValueError(f"%{letter} is not translated: {pattern}")
    return re.escape(letter), at + 2


def _set(pattern: str, at: int) -> tuple[str, int]:
    out = ["["]
    at += 1
    if pattern[at] == "^":
        out.append("^")
        at += 1
    while pattern[at] != "]":
        if pattern[at] == "%":
            item, at = _escape(pattern, at)
            out.append(item)
        elif pattern[at] == "-" and out[-1] not in ("[", "^") and pattern[at + 1] != "]":
            out.append("-")
            at += 1
        else:
            out.append(re.escape(pattern[at]))
            at += 1
    return "".join(out) + "]", at + 1
