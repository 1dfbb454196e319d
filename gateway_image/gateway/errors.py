"""The exceptions of the gateway, and Kong's way of writing nested field errors as one line.

Not for: errors of a request on the wire (providers and exchange have their own), or HTTP answers (admin makes those).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

FieldErrors = dict[str, Any]
"""Nested like the input: field -> text | FieldErrors | [None | text | FieldErrors]; rules over several fields stand in
a list under "@entity"."""

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LUA_WORDS = frozenset(
    ["and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil"]
) | {"not", "or", "repeat", "return", "then", "true", "until", "while"}


class GatewayError(Exception):
    """Anything the gateway refuses to do. `str()` is for people and never holds a secret."""


class ConfigError(GatewayError):
    """A configuration that cannot be used. `fields` says where, in Kong's nested shape."""

    def __init__(
        self,
        fields: FieldErrors,
        message: str = "",
        flatten: Callable[[], list[dict[str, Any]]] | None = None,
    ) -> None:
        self.fields = fields
        self.message = message or explain(fields)
        self._flatten = flatten
        super().__init__(self.message)

    def flattened(self) -> list[dict[str, Any]]:
        """The errors one entity at a time, as Kong's `flattened_errors`; empty when no entity is to blame."""
        return self._flatten() if self._flatten is not None else []

    def declarative(self) -> dict[str, Any]:
        """Kong's answer to a declarative configuration that it refuses (code 14)."""
        return {
            "code": 14,
            "name": "invalid declarative configuration",
            "message": f"declarative config is invalid: {lua_table(self.fields)}" if self.fields else self.message,
            "fields": self.fields,
        }


class VaultError(GatewayError):
    """A vault reference without a value. Names the reference, never a value."""


class SettingsError(GatewayError):
    """An environment variable (KONG_*) that the gateway cannot follow."""


def explain(fields: FieldErrors, source: Any = None) -> str:
    """One readable text that names every wrong field with its path. Where `source`, the document that was refused,
    names an entity, the path does too: services[1] (llm).routes[2] (chat).paths[1]."""
    found = list(_explained(fields, "", source))
    if len(found) == 1:
        return found[0]
    return f"{len(found)} errors:\n" + "\n".join(f"  {line}" for line in found)


def _explained(fields: Any, path: str, source: Any) -> Iterator[str]:
    if isinstance(fields, dict):
        for name, inner in fields.items():
            if name == "@entity":
                for text in inner if isinstance(inner, list) else [inner]:
                    yield f"{path}: {text}" if path else str(text)
            else:
                within = source.get(name) if isinstance(source, dict) else None
                yield from _explained(inner, f"{path}.{name}" if path else str(name), within)
    elif isinstance(fields, list):
        for number, inner in enumerate(fields, 1):
            within = source[number - 1] if isinstance(source, list) and number <= len(source) else None
            yield from _explained(inner, f"{path}[{number}]{_called(within)}", within)
    elif fields is not None:
        yield f"{path}: {fields}" if path else str(fields)


def _called(row: Any) -> str:
    name = (row.get("name") or row.get("username")) if isinstance(row, dict) else None
    return f" ({name})" if isinstance(name, str) else ""


def lua_table(value: Any) -> str:
    """Nested errors as Kong prints them: a Lua table without blanks, keys sorted, array holes as [n]=."""
    if isinstance(value, dict):
        parts = [f"{_lua_key(str(key))}={lua_table(value[key])}" for key in sorted(value, key=str)]
        return "{" + ",".join(parts) + "}"
    if isinstance(value, list):
        whole = None not in value
        parts = [
            lua_table(item) if whole else f"[{number}]={lua_table(item)}"
            for number, item in enumerate(value, 1)
            if item is not None
        ]
        return "{" + ",".join(parts) + "}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        if "\n" in value:
            return f"[[{value}]]"
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)


def _lua_key(key: str) -> str:
    if _WORD.fullmatch(key) and key not in _LUA_WORDS:
        return key
    return f'["{key}"]'


def violations(fields: FieldErrors) -> str:
    """The message of Kong's Admin API for a refused entity: "2 schema violations (host: ...; name: ...)"."""
    entity = fields.get("@entity")
    texts = [str(text) for text in entity] if isinstance(entity, list) else []
    for name in sorted(name for name in fields if name != "@entity"):
        texts += _violation(fields[name], name)
    if len(texts) == 1:
        return f"schema violation ({texts[0]})"
    return f"{len(texts)} schema violations ({'; '.join(texts)})"


def _violation(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for text in value.get("@entity", ()):
            yield f"{path}: {text}"
        for name in sorted(name for name in value if name != "@entity"):
            yield from _violation(value[name], f"{path}.{name}")
    elif isinstance(value, list):
        for number, inner in enumerate(value, 1):
            if inner is not None:
                yield from _violation(inner, f"{path}.{number}")
    elif value is not None:
        yield f"{path}: {value}"
