"""The reference page: every environment variable, entity, plugin and provider, read from where each is declared.

`python -m gateway reference` prints it and REFERENCE.md is its output. Not for: schemas as JSON (schemas.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from gateway.entities import KINDS
from gateway.plugins import registry
from gateway.providers import providers
from gateway.schema import UNSET, Array, Field, Foreign, Map, Record
from gateway.settings import VARIABLES

_FIELD_HEAD = "| Field | Type | Default | What it is for |\n|---|---|---|---|"


def reference() -> str:
    """The whole page, Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Reference"
    yield ""
    yield "Made by `python -m gateway reference` from the declarations in the code; do not edit."
    yield from _variables()
    yield from _entities()
    yield from _plugins()
    yield from _providers()


def _variables() -> Iterator[str]:
    yield "\n## Environment variables\n"
    yield "| Variable | Default | What it is for |\n|---|---|---|"
    for variable in VARIABLES:
        yield f"| `{variable.name}` | {_code(variable.default)} | {_cell(variable.help)} |"


def _entities() -> Iterator[str]:
    yield "\n## Entities"
    for kind in sorted(KINDS.values(), key=lambda kind: kind.name):
        yield f"\n### {kind.name}\n"
        yield f"{kind.record.help}\n"
        yield _FIELD_HEAD
        yield from _rows(kind.record, "")


def _plugins() -> Iterator[str]:
    yield "\n## Plugins"
    for name, plugin in registry().items():
        yield f"\n### {name}\n"
        yield f"{plugin.fields.help} Priority {plugin.priority}.\n".lstrip()
        yield _FIELD_HEAD
        yield from _rows(plugin.fields, "config.")


def _providers() -> Iterator[str]:
    yield "\n## Providers\n"
    yield "| `model.provider` | Name | Address | Variables of the key | Keys are made at |\n|---|---|---|---|---|"
    for name, provider in providers().items():
        variables = ", ".join(f"`{word}`" for word in provider.environment)
        yield (
            f"| `{name}` | {_cell(provider.title)} | {provider.origin or 'yours'} | {variables} | "
            f"{provider.key_url or ''} |"
        )


def _rows(record: Record, prefix: str) -> Iterator[str]:
    for name, field in record.fields.items():
        yield f"| `{prefix}{name}` | {_cell(_type(field))} | {_default(field)} | {_cell(field.help)} |"
        inner = field.elements if isinstance(field, Array) else field.values if isinstance(field, Map) else field
        if isinstance(inner, Record):
            mark = "[]" if isinstance(field, Array) else ".*" if isinstance(field, Map) else ""
            yield from _rows(inner, f"{prefix}{name}{mark}.")


def _type(field: Field) -> str:
    words = [field.kind]
    if isinstance(field, Array):
        words = [f"{field.kind} of {field.elements.kind}"]
    elif isinstance(field, Map):
        words = [f"map of {field.values.kind}"]
    elif isinstance(field, Foreign):
        words = [f"one of {field.reference}"]
    allowed = field.one_of if not isinstance(field, Array) else field.elements.one_of
    if allowed:
        words.append("one of " + ", ".join(f"`{value}`" for value in allowed))
    between = getattr(field, "between", None)
    if between is not None:
        words.append(f"{between[0]} to {between[1]}")
    if field.required and field.default is UNSET:
        words.append("required")
    if field.referenceable:
        words.append("may be a vault reference")
    return ", ".join(words)


def _default(field: Field) -> str:
    if field.default is UNSET or field.default is None or isinstance(field, Record):
        return ""
    return _code(_text(field.default))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|") if text else ""


def _cell(text: str) -> str:
    """Text inside a table: one line, no column marks."""
    return " ".join(text.split()).replace("|", "\\|")
