"""What is different between two configurations: field by field in people's words, and as a unified diff. Pure.

Not for: deciding what becomes of it. What comes here holds references only, so nothing shown is a secret.
"""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from typing import Any, Literal

from quickstart.reconcile import deck_file
from quickstart.reconcile.rows import Key, Rows, keys, label, parents
from quickstart.reconcile.three_way import MISSING

Mark = Literal["+", "~", "-"]
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Difference:
    """One field, or a whole row with everything below it. `old` and `new` as people read them."""

    mark: Mark
    key: Key
    name: str  # "route openai-api_openai-chat"
    field: str = ""  # "config.model.options.max_tokens", "" for the row itself
    old: str = ""
    new: str = ""

    @property
    def text(self) -> str:
        """`ai-proxy on openai-api_openai-chat: config.model.name gpt-a -> gpt-b`"""
        if self.mark != "~":
            return self.name
        if not self.old:
            return f"{self.name}: {self.field} = {self.new}"
        return f"{self.name}: {self.field} {self.old} -> {self.new or '(not set)'}"

    def as_document(self) -> dict[str, str]:
        word = {"+": "added", "-": "removed", "~": "changed"}[self.mark]
        return {"change": word, "what": self.name, "field": self.field, "old": self.old, "new": self.new}


def differences(old: Rows, new: Rows) -> tuple[Difference, ...]:
    """Everything; what hangs on a row that came or went is not told again."""
    found: list[Difference] = []
    whole: set[Key] = set()
    for key in keys(new, old):
        kind, id = key
        before, after = old[kind].get(id), new[kind].get(id)
        if before is None or after is None:
            row, rows = (after, new) if after is not None else (before, old)
            if row is None:
                continue
            whole.add(key)
            if not any(parent in whole for parent in parents(kind, row)):
                found.append(Difference("-" if after is None else "+", key, label(rows, key)))
        elif before != after:
            name = label(new, key)
            found += [
                Difference("~", key, name, ".".join(path), shown(was), shown(now))
                for path, was, now in _fields(before, after, ())
            ]
    return tuple(found)


def _fields(old: Any, new: Any, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        found = []
        for name in dict.fromkeys((*new, *old)):
            before, after = old.get(name, MISSING), new.get(name, MISSING)
            if before != after:
                found += _fields(before, after, (*path, str(name)))
        return found
    if isinstance(new, dict) and new and old in (None, MISSING):
        return _fields({}, new, path)
    return [(path, old, new)]


def shown(value: Any) -> str:
    """A value on one short line; nothing for nothing."""
    if value is MISSING or value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def unified(old: Rows, new: Rows, old_name: str = "kong.yml (now)", new_name: str = "kong.yml (new)") -> list[str]:
    """A unified diff of both as decK files."""
    before, after = (deck_file.text(rows).splitlines() for rows in (old, new))
    return list(difflib.unified_diff(before, after, old_name, new_name, lineterm=""))
