"""The text of a declarative file: YAML or JSON to plain values. Not for: what the values mean (declarative.py)."""

from __future__ import annotations

import json
from typing import Any

import yaml

from gateway.errors import ConfigError

try:
    from yaml import CSafeLoader as _Base
except ImportError:  # PyYAML without libyaml: the same language, slower
    from yaml import SafeLoader as _Base  # type: ignore[assignment]

MOST_VALUES = 5_000_000  # a file that unfolds to more (aliases of aliases) is refused
DEEPEST = 100  # levels of nesting; libyaml's constructor would crash at some depth instead of raising


class _Loader(_Base):
    """Dates stay text: `anthropic_version: 2023-06-01` is what people write."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Base.yaml_implicit_resolvers.items()
}


def read_document(text: str) -> dict[str, Any]:
    """The mapping that a YAML or JSON text is. Raises ConfigError with line and column."""
    found = _json(text) if text.lstrip()[:1] == "{" else None
    if found is None:
        found = _yaml(text)
    if not isinstance(found, dict):
        raise _unreadable("expected an object")
    return found


def _json(text: str) -> Any:
    """None for what is no JSON: it may be YAML in braces, and YAML's errors name the line."""
    try:
        found = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None
    _refuse_excess(found)
    return found


def _yaml(text: str) -> Any:
    try:
        _refuse_depth(text)
        found = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader with one rule less
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark is not None else ""
        raise _unreadable(f"{error.problem or error.context}{where}") from None
    except yaml.YAMLError as error:
        raise _unreadable(" ".join(str(error).split())) from None
    except ValueError as error:
        raise _unreadable(f"a value that cannot be read: {error}") from None
    if "&" in text and "*" in text:
        _refuse_excess(found)
    return found


def _refuse_depth(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                where = f" (line {event.start_mark.line + 1})" if event.start_mark is not None else ""
                raise _unreadable(f"nested too deeply{where}: {DEEPEST} levels are read")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _refuse_excess(found: Any) -> None:
    level, seen, depth = [found], 0, 0
    while level:
        seen += len(level)
        depth += 1
        if seen > MOST_VALUES:
            raise _unreadable(f"its aliases unfold to more than {MOST_VALUES:,} values")
        if depth > DEEPEST + 1:
            raise _unreadable(f"nested too deeply: {DEEPEST} levels are read")
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below += value.values()
            elif isinstance(value, list):
                below += value
            if len(below) > MOST_VALUES:
                raise _unreadable(f"its aliases unfold to more than {MOST_VALUES:,} values")
        level = below


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is not a number")


def _unreadable(why: str) -> ConfigError:
    text = f"failed parsing declarative configuration: {why}"
    return ConfigError({"error": text}, text)
