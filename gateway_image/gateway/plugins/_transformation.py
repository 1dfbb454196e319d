"""What the two transformers share: the steps and their order, `name:value` rules, and what is done to headers and to
JSON objects. Not for: templates (_expressions.py), where headers and bodies come from and go to.

The order is Kong's: remove, rename, replace, add, append.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gateway.headers import Changes, line_error, one_line
from gateway.schema import Array, Field, Record, String

STEPS = ("remove", "rename", "replace", "add", "append")
_HELP = {
    "remove": "What is taken out.",
    "rename": "What gets another name, keeping its value: old:new.",
    "replace": "What gets another value where it is there.",
    "add": "What is added where it is not there.",
    "append": "What is added beside what is there.",
}
_PAIR = "^[^:]+:.*$"
Line = tuple[bytes, bytes]


def rules_field(help: str, checked: bool) -> Array:
    """`name:value` rules, or names alone; `checked` where Kong's schema insists on the colon."""
    element = (
        String("name:value", match=_PAIR, check=line_error)
        if checked
        else String("A name, or name:value.", check=line_error)
    )
    return Array(help, elements=element, default=[], required=True)


def step_record(step: str, fields: Mapping[str, Field]) -> Record:
    return Record(_HELP[step], required=True, fields=fields)


def rules(config: Mapping[str, Any], step: str, part: str) -> list[tuple[str, str]]:
    """The rules of one step for one part as pairs; a rule without a colon has an empty value."""
    pairs = (rule.partition(":") for rule in config[step].get(part) or ())
    return [(name, value) for name, _, value in pairs]


class HeaderTable:
    """Headers by lower-case name; what is put is remembered, so that only that is written back."""

    __slots__ = ("_lines", "_touched")

    def __init__(self, headers: Iterable[Line]) -> None:
        self._lines: dict[bytes, list[Line]] = {}
        self._touched: set[bytes] = set()
        for name, value in headers:
            self._lines.setdefault(name.lower(), []).append((name, value))

    def __contains__(self, name: bytes) -> bool:
        return bool(self._lines.get(name.lower()))

    def remove(self, name: bytes) -> None:
        if name in self:
            self._put(name.lower(), [])

    def remove_value(self, name: bytes, value: bytes) -> None:
        """Lines of that name with exactly this value."""
        self._keep(name.lower(), lambda found: found != value)

    def remove_matching(self, name: bytes, pattern: Any) -> None:
        """Lines of that name in whose value a compiled expression is found."""
        self._keep(name.lower(), lambda found: pattern.search(found) is None)

    def _keep(self, lower: bytes, wanted: Callable[[bytes], bool]) -> None:
        lines = self._lines.get(lower, [])
        kept = [line for line in lines if wanted(line[1])]
        if len(kept) < len(lines):
            self._put(lower, kept)

    def rename(self, old: bytes, new: bytes) -> None:
        lines = self._lines.get(old.lower())
        if lines:
            self._put(old.lower(), [])
            self._put(new.lower(), [(new, value) for _, value in lines])

    def replace(self, name: bytes, value: bytes) -> None:
        lines = self._lines.get(name.lower())
        if lines:
            self._put(name.lower(), [(lines[0][0], value)])

    def add(self, name: bytes, value: bytes) -> None:
        if name not in self:
            self._put(name.lower(), [(name, value)])

    def append(self, name: bytes, value: bytes) -> None:
        self._put(name.lower(), [*self._lines.get(name.lower(), []), (name, value)])

    def _put(self, lower: bytes, lines: list[Line]) -> None:
        self._lines[lower] = lines
        self._touched.add(lower)

    def write(self, changes: Changes) -> None:
        """Puts what became of the touched names into an exchange's changes."""
        for lower in self._touched:
            changes[lower] = b"".join(name + b": " + one_line(value) + b"\r\n" for name, value in self._lines[lower])


def append_value(old: Any, value: Any) -> list[Any]:
    """A JSON member with one more value: what was a single value becomes the first of a list."""
    if old is None:
        return [value]
    return [*old, value] if isinstance(old, list) else [old, value]
