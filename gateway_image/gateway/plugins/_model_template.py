"""`$(headers.x)`, `$(uri_captures.x)` and `$(query_params.x)` in a model's name and options, filled in per request.
Not for: prompt templates (ai-prompt-template). Source: Kong's documentation of ai-proxy.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from gateway.exchange import Exchange

_EXPRESSION = re.compile(r"\$\(([^)]*)\)")
_SOURCES = ("headers", "uri_captures", "query_params")


class TemplateError(Exception):
    """An expression that cannot be filled in for this request; `str()` is for the client."""


class Template:
    """A model name and options of which at least one string has an expression."""

    def __init__(self, name: str | None, options: dict[str, Any]) -> None:
        self.name = name
        self.options = options

    @classmethod
    def of(cls, name: str | None, options: dict[str, Any]) -> Template | None:
        """None when nothing is templated."""
        return cls(name, options) if _templated(name) or _templated(options) else None

    def fill(self, exchange: Exchange) -> tuple[str | None, dict[str, Any]]:
        """Raises TemplateError."""
        return _filled(self.name, exchange), _filled(self.options, exchange)


def _templated(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_templated(item) for item in value.values())
    return isinstance(value, str) and "$(" in value


def _filled(value: Any, exchange: Exchange) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item, exchange) for key, item in value.items()}
    if not isinstance(value, str) or "$(" not in value:
        return value

    def one(found: re.Match[str]) -> str:
        source, dot, key = found.group(1).partition(".")
        if not dot or not key:
            raise TemplateError(f"cannot parse expression for field '{value}'")
        if source not in _SOURCES:
            raise TemplateError(f"source '{source}' is not supported")
        given = _look_up(source, key, exchange)
        if given is None:
            raise TemplateError(f"{source} key {key} was not provided")
        return given

    filled, count = _EXPRESSION.subn(one, value)
    if not count:
        raise TemplateError(f"cannot parse expression for field '{value}'")
    return filled


def _look_up(source: str, key: str, exchange: Exchange) -> str | None:
    if source == "headers":
        raw = exchange.request.fields.get(key.lower().replace("_", "-").encode("latin-1", "replace"))
        return raw.decode("latin-1") if raw is not None else None
    if source == "uri_captures":
        assert exchange.match is not None
        captured = exchange.match.captures.get(key)
        return str(captured) if captured is not None else None
    query = exchange.request.target.partition(b"?")[2].decode("latin-1")
    values = parse_qs(query, keep_blank_values=True, max_num_fields=1000).get(key)
    return values[0] if values else None
