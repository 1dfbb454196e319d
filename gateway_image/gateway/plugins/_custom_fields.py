"""custom_fields_by_lua of the log plugins: names and what stands there. Not for: Lua.

Kong runs Lua here. The forms that its documentation shows are understood, `return nil` (leaves a member out),
`return "text"`, a number, true or false, `return kong.request.get_header("x")` and `return
kong.request.get_query_arg("x")`; anything else is a configuration error that says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from gateway.errors import ConfigError
from gateway.plugins import _arguments
from gateway.schema import Map, String

if TYPE_CHECKING:
    from gateway.exchange import Exchange

Value = Callable[["Exchange"], Any]
_FORM = re.compile(
    r"""\s*return\s+(?:(?P<word>nil|true|false)|(?P<number>-?[0-9]{1,15}(?:\.[0-9]{1,15})?)
        |"(?P<double>[^"\\]*)"|'(?P<single>[^'\\]*)'
        |kong\.request\.(?P<call>get_header|get_query_arg)\(\s*["'](?P<name>[^"'\\]+)["']\s*\))\s*;?\s*""",
    re.VERBOSE,
)
_WORDS = {"nil": None, "true": True, "false": False}


def custom_fields_field() -> Map:
    return Map(
        "Members to add to an entry or to leave out, and what stands there: return nil, a text, a number, true, false,"
        ' kong.request.get_header("x") or kong.request.get_query_arg("x").',
        keys=String("A member; dots lead into objects.", len_min=1),
        values=String("What stands there.", len_min=1),
    )


class CustomFields:
    """The configured members, ready to be put into entries."""

    def __init__(self, config: Mapping[str, str] | None) -> None:
        """Raises ConfigError for a form that is not understood."""
        self._fields: list[tuple[list[str], Value]] = []
        errors: dict[str, str] = {}
        for name, code in (config or {}).items():
            found = _FORM.fullmatch(code)
            if found is None:
                errors[name] = (
                    "only return with nil, a text, a number, true, false, kong.request.get_header or"
                    " kong.request.get_query_arg is understood: Lua code is not run"
                )
            else:
                self._fields.append((name.split("."), _value(found)))
        if errors:
            raise ConfigError({"config": {"custom_fields_by_lua": errors}})

    def put(self, told: dict[str, Any], exchange: Exchange) -> None:
        for path, value in self._fields:
            here = told
            for name in path[:-1]:
                inner = here.get(name)
                # a copy, because parts of an entry are shared with others
                inner = here[name] = dict(inner) if isinstance(inner, dict) else {}
                here = inner
            made = value(exchange)
            if made is None:
                here.pop(path[-1], None)
            else:
                here[path[-1]] = made


def _value(found: re.Match[str]) -> Value:
    name = found["name"]
    if found["call"] == "get_header":
        key = name.lower().replace("_", "-").encode("latin-1", "replace")
        return lambda exchange: _decoded(exchange.request.fields.get(key))
    if found["call"] == "get_query_arg":
        return lambda exchange: next(
            (each.value or "" for each in _arguments.parsed(exchange.query()) if each.name == name), None
        )
    if found["number"] is not None:
        number = float(found["number"])
        constant: Any = int(number) if number.is_integer() else number
    elif found["word"] is not None:
        constant = _WORDS[found["word"]]
    else:
        constant = found["double"] if found["double"] is not None else found["single"]
    return lambda exchange: constant


def _decoded(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")
