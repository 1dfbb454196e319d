"""The text of a declarative file: YAML or JSON to plain values, and what decK adds to Kong's format.

Not for: what the values mean (declarative.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

from gateway.errors import ConfigError

try:
    from yaml import CSafeLoader as _Base
except ImportError:  # PyYAML without libyaml: the same language, slower
    from yaml import SafeLoader as _Base  # type: ignore[assignment]

MOST_VALUES = 5_000_000  # a file that unfolds to more (aliases of aliases) is refused
_DECK_DEFAULTS = {"service": "services", "route": "routes", "upstream": "upstreams", "target": "targets"}


class _Loader(_Base):
    """Dates stay text: `anthropic_version: 2023-06-01` is what people write."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Base.yaml_implicit_resolvers.items()
}


def read_document(text: str) -> dict[str, Any]:
    """The mapping that a YAML or JSON text is. Raises ConfigError with line and column."""
    if text.lstrip()[:1] == "{":
        try:
            found = json.loads(text, parse_constant=_no_number)
        except (ValueError, RecursionError):
            found = _yaml(text)  # YAML's own braces; its errors name the line
    else:
        found = _yaml(text)
    if not isinstance(found, dict):
        raise _unreadable("expected an object")
    return found


def _yaml(text: str) -> Any:
    try:
        found = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader with one rule less
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark is not None else ""
        raise _unreadable(f"{error.problem or error.context}{where}") from None
    except yaml.YAMLError as error:
        raise _unreadable(" ".join(str(error).split())) from None
    except ValueError as error:
        raise _unreadable(f"a value that cannot be read: {error}") from None
    except RecursionError:
        raise _unreadable("nested too deeply") from None
    if "&" in text and "*" in text:
        _refuse_bombs(found)
    return found


def _refuse_bombs(found: Any) -> None:
    waiting, seen = [found], 0
    while waiting:
        value = waiting.pop()
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        seen += 1 + len(inner)
        if seen > MOST_VALUES:
            raise _unreadable(f"its aliases unfold to more than {MOST_VALUES:,} values")
        waiting += inner


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is not a number")


def _unreadable(why: str) -> ConfigError:
    text = f"failed parsing declarative configuration: {why}"
    return ConfigError({"error": text}, text)


def without_deck(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document as `deck` would have sent it: what stands in `_info` applied, `_info` and `_workspace` gone.

    `_info.select_tags` are tags of every entity, `_info.defaults` are values for what services, routes, upstreams and
    targets leave out.
    """
    out = {name: value for name, value in document.items() if name not in ("_info", "_workspace")}
    info = document.get("_info")
    if not isinstance(info, Mapping):
        return out
    tags = [tag for tag in info.get("select_tags") or () if isinstance(tag, str)]
    given = info.get("defaults")
    defaults = {
        kind: given[word]
        for word, kind in _DECK_DEFAULTS.items()
        if isinstance(given, Mapping) and isinstance(given.get(word), Mapping)
    }
    if tags or defaults:
        out = {name: _dressed(name, value, tags, defaults) for name, value in out.items()}
    return out


def _dressed(kind: str, value: Any, tags: list[str], defaults: Mapping[str, Any]) -> Any:
    """A collection with tags and defaults, nested collections too (a nested list of mappings is one)."""
    if kind.startswith("_") or not isinstance(value, list):
        return value
    return [_dressed_row(kind, row, tags, defaults) if isinstance(row, dict) else row for row in value]


def _dressed_row(kind: str, row: dict[str, Any], tags: list[str], defaults: Mapping[str, Any]) -> dict[str, Any]:
    out = {**defaults.get(kind, {}), **row}
    for name, value in row.items():
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            out[name] = _dressed(name, value, tags, defaults)
    if tags:
        own = row.get("tags") or []
        out["tags"] = [*own, *(tag for tag in tags if tag not in own)] if isinstance(own, list) else own
    return out
