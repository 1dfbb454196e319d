"""A decK file, its own substitutions done: what Kong, `deck gateway dump` and our own export write. Not for: merging it
with what runs (quickstart.reconcile).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gateway.entities import KINDS, ConfigError, record_of
from gateway.entities import load as load_configuration
from quickstart import messages
from quickstart.errors import UsageError
from quickstart.exports._yaml import dump
from quickstart.imports.imported import Imported, Note

_SUBSTITUTION = re.compile(r"\$\{\{\s*env\s+\"([^\"]+)\"\s*\}\}")
_OF_DECK = ("_format_version", "_info", "_workspace", "_comment", "_transform", "_konnect", "_plugin_configs")
text_of = messages.text


def substituted(text: str, environment: Mapping[str, str]) -> str:
    """`${{ env "DECK_X" }}` -> its value, as decK does. Raises UsageError that names what is not set."""
    asked = set(_SUBSTITUTION.findall(text))
    if missing := sorted(name for name in asked if name not in environment):
        raise UsageError(
            text_of("imports.not_set", names=", ".join(missing)), text_of("imports.not_set_hint", name=missing[0])
        )
    return _SUBSTITUTION.sub(lambda match: environment[match[1]], text)


def read(document: dict[str, Any]) -> Imported:
    """Plugins that this gateway does not have, and kinds of entities, are left out and told. Raises UsageError with
    every other field that is wrong."""
    notes: list[Note] = []
    unknown = [name for name in document if name not in KINDS and name not in _OF_DECK]
    if unknown:
        notes.append(Note(text_of("imports.kinds", names=", ".join(unknown))))
    kept = {name: value for name, value in document.items() if name in KINDS or name in ("_format_version", "_info")}
    kept.setdefault("_format_version", "3.0")
    lost: list[str] = []
    kept = _without_unknown_plugins(kept, lost)
    if lost:
        notes.append(Note(text_of("imports.plugins", names=", ".join(dict.fromkeys(lost)))))
    text = dump(kept)
    try:
        load_configuration(text, deck=True)
    except ConfigError as error:
        raise UsageError(text_of("imports.wrong", error=error), text_of("imports.wrong_hint")) from None
    return Imported("deck", configuration=text, notes=tuple(notes))


def _without_unknown_plugins(value: Any, lost: list[str]) -> Any:
    """Plugins by name; whether their settings are right is said by loading them."""
    if isinstance(value, dict):
        out = {}
        for name, item in value.items():
            if name == "plugins" and isinstance(item, list):
                here = [row for row in item if not isinstance(row, dict) or _known(row.get("name"))]
                lost += [str(row.get("name")) for row in item if row not in here]
                item = here
            out[name] = item if name == "config" else _without_unknown_plugins(item, lost)
        return out
    if isinstance(value, list):
        return [_without_unknown_plugins(item, lost) for item in value]
    return value


def _known(name: Any) -> bool:
    """Whether the gateway has a plugin of this name."""
    return record_of("plugins", {"name": name}) is not KINDS["plugins"].record
