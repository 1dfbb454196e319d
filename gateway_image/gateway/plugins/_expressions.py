"""`$(headers.x)` in a transformer's values: a small language, compiled once, that reads the request and nothing else.

    $(headers.x)  $(headers["x-y"])  $(query_params["user"] or "nobody")  $(uri_captures.id)  $("$(as it stands)")

Not for: Lua, which Kong runs there: an expression beyond these forms is a configuration error that says so; a model's
name in ai-proxy (_model_template.py). Source: Kong's documentation of request-transformer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from gateway.headers import changed, find
from gateway.plugins import _arguments

if TYPE_CHECKING:
    from gateway.exchange import Exchange

SUPPORTED = (
    'write headers.NAME, query_params.NAME or uri_captures.NAME (or with ["NAME"]), a text in quotes, and "or" between'
    " them; Lua code is not run"
)
_TERM = re.compile(
    r"""\s*(?:(?P<source>headers|query_params|uri_captures)
        (?:\.(?P<plain>[A-Za-z0-9_]+)|\[\s*(?:"(?P<double>[^"\\]*)"|'(?P<single>[^'\\]*)')\s*\])
        |"(?P<text>[^"\\]*)"|'(?P<quoted>[^'\\]*)')\s*""",
    re.VERBOSE,
)
_OR = re.compile(r"or(?=[\s\"'])")


class ExpressionError(ValueError):
    """A template that is not of the supported forms. `str()` says which part, and what to write."""


class Environment:
    """What expressions can read of one request, looked up when it is asked for."""

    __slots__ = ("_exchange", "_headers", "_query")

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._headers = changed(exchange.request.headers, exchange.request_changes)
        self._query: Mapping[str, str] | None = None

    def headers(self, name: str) -> str | None:
        value = find(self._headers, name.lower().replace("_", "-").encode("latin-1", "replace"))
        if value is None:
            value = find(self._headers, name.lower().encode("latin-1", "replace"))
        return value.decode("latin-1") if value is not None else None

    def query_params(self, name: str) -> str | None:
        if self._query is None:
            self._query = {each.name: each.value or "" for each in reversed(_arguments.parsed(self._exchange.query()))}
        return self._query.get(name)

    def uri_captures(self, name: str) -> str | None:
        match = self._exchange.match
        return match.captures.get(name) if match is not None else None


Term = Callable[[Environment], str | None]


class Expression:
    """A value with its expressions; `render` gives the text. A source that is not there gives nothing."""

    __slots__ = ("pieces",)

    def __init__(self, pieces: tuple[str | tuple[Term, ...], ...]) -> None:
        self.pieces = pieces

    def render(self, environment: Environment, clean: Callable[[str], str] = str) -> str:
        """`clean` is applied to what came from the request."""
        return "".join(piece if isinstance(piece, str) else clean(_first(piece, environment)) for piece in self.pieces)

    @property
    def constant(self) -> bool:
        return all(isinstance(piece, str) for piece in self.pieces)


def compiled(text: str) -> Expression:
    """Raises ExpressionError."""
    pieces: list[str | tuple[Term, ...]] = []
    at = 0
    while True:
        start = text.find("$(", at)
        if start < 0:
            pieces.append(text[at:])
            return Expression(tuple(piece for piece in pieces if piece != ""))
        pieces.append(text[at:start])
        terms, at = _terms(text, start)
        pieces.append(terms)


def _terms(text: str, start: int) -> tuple[tuple[Term, ...], int]:
    """The terms of the expression that opens at `start`, and where it is over."""
    terms: list[Term] = []
    at = start + 2
    while True:
        found = _TERM.match(text, at)
        if found is None:
            raise _unsupported(text, start)
        terms.append(_term(found))
        at = found.end()
        if text.startswith(")", at):
            return tuple(terms), at + 1
        again = _OR.match(text, at)
        if again is None:
            raise _unsupported(text, start)
        at = again.end()


def _term(found: re.Match[str]) -> Term:
    source = found["source"]
    if source is None:
        text = found["text"] if found["text"] is not None else found["quoted"]
        return lambda environment: text
    name = next(found[group] for group in ("plain", "double", "single") if found[group] is not None)
    if source == "headers":
        return lambda environment: environment.headers(name)
    if source == "query_params":
        return lambda environment: environment.query_params(name)
    return lambda environment: environment.uri_captures(name)


def _first(terms: tuple[Term, ...], environment: Environment) -> str:
    for term in terms:
        value = term(environment)
        if value is not None:
            return value
    return ""


def _unsupported(text: str, start: int) -> ExpressionError:
    return ExpressionError(f"the expression at character {start + 1} of '{text}' is not supported: {SUPPORTED}")
