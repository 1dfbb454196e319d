"""What is set up, in the formats of other tools: one file per format, found by folder; `helm_values.py` is
`ai-gateway export helm-values`.

A format has `export(source, wish) -> Bundle`, and `TITLE`, what it is in a few words. `_source.py` is what they are
made of. Not for: reading other tools' files (quickstart.imports), where the result goes (commands/export.py).
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol

from quickstart.exports._bundle import Bundle, Wish
from quickstart.exports._source import Source


class Format(Protocol):
    TITLE: str

    def export(self, source: Source, wish: Wish) -> Bundle: ...


__all__ = ["Bundle", "Format", "Source", "Wish", "format_of", "formats"]


@cache
def formats() -> tuple[str, ...]:
    """The formats' names as they are typed, in alphabetical order."""
    found = (module.name for module in iter_modules(__path__) if not module.name.startswith("_"))
    return tuple(sorted(name.replace("_", "-") for name in found))


def format_of(name: str) -> Format:
    """One format by its name. KeyError for a name that no file has."""
    if name not in formats():
        raise KeyError(name)
    return import_module(f"{__name__}.{name.replace('-', '_')}")
