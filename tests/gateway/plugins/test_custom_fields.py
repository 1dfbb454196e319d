"""The forms of custom_fields_by_lua that are understood, and the word for the others."""

import time
from typing import Any

import pytest
from support.exchange import Gateway, proxied

from gateway.errors import ConfigError
from gateway.plugins._custom_fields import CustomFields


def put(fields: dict[str, str], told: dict[str, Any] | None = None, target: str = "/?q=a%20b&e") -> dict[str, Any]:
    exchange = Gateway(proxied()).exchange("GET", target, {"X-Name": "Ada"})
    told = {} if told is None else told
    CustomFields(fields).put(told, exchange)
    return told


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("return 'text'", "text"),
        ('return "text"', "text"),
        ("  return  7 ;", 7),
        ("return -1.5", -1.5),
        ("return true", True),
        ("return false", False),
        ("return kong.request.get_header('x-name')", "Ada"),
        ('return kong.request.get_header("X_Name")', "Ada"),
        ("return kong.request.get_query_arg('q')", "a b"),
        ("return kong.request.get_query_arg('e')", ""),
    ],
)
def test_understood(code: str, value: Any) -> None:
    assert put({"field": code}) == {"field": value}


@pytest.mark.parametrize("code", ["return nil", "return kong.request.get_header('absent')"])
def test_nothing_leaves_the_member_out(code: str) -> None:
    assert put({"field": code, "other": code}, {"field": 1, "kept": 2}) == {"kept": 2}


def test_dots_lead_into_objects() -> None:
    assert put({"a.b.c": "return 1", "a.d": "return nil"}, {"a": {"d": 2, "e": 3}}) == {"a": {"b": {"c": 1}, "e": 3}}
    assert put({"a.b": "return 1"}, {"a": "text"}) == {"a": {"b": 1}}


@pytest.mark.parametrize(
    "code",
    [
        "os.execute('x')",
        "return os.getenv('HOME')",
        "local x = 1 return x",
        "return 'a' .. 'b'",
        "return kong.request.get_body()",
        "return",
        "return 1 return 2",
    ],
)
def test_lua_is_refused(code: str) -> None:
    with pytest.raises(ConfigError) as refused:
        CustomFields({"fine": "return 1", "bad": code})
    assert list(refused.value.fields["config"]["custom_fields_by_lua"]) == ["bad"]
    assert "Lua code is not run" in str(refused.value)


def test_long_code_is_refused_quickly() -> None:
    started = time.process_time()
    with pytest.raises(ConfigError):
        CustomFields({"a": "return " + " " * 100_000 + "x", "b": "return '" + "a" * 100_000})
    assert time.process_time() - started < 3
