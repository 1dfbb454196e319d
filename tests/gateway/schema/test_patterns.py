from __future__ import annotations

import pytest

from gateway.schema.patterns import lua_pattern


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("^%u+$", ["GET", "A"], ["get", "G ET", "", "GET\n", "É"]),
        ("^[^:]+:.*$", ["a:b", "a:", "a:b:c"], [":b", "ab", ""]),
        ("^[a-z][a-z%d-]-[a-z%d]+$", ["env", "my-env", "a1"], ["a", "MyEnv", "-ab", "ab-"]),
        ("^[%a_-][%a%d_-]*$", ["_x", "MY_", "kv-"], ["1x", "a b", ""]),
        ("^[^*]*%*?[^*]*$", ["a", "*.a", "a.*"], ["*.*"]),
        ("^%*%.", ["*.a"], ["a.*", "x*.a"]),
        ("%.%*$", ["a.*"], ["*.a", "a.*x"]),
        ("//", ["a//b"], ["a/b"]),
        ("^[Hh][Oo][Ss][Tt]$", ["host", "HoSt"], ["hosts", "xhost"]),
        ("a.c", ["abc", "a\nc"], ["ac"]),
        ("[%]%-]", ["]", "-"], ["["]),
        ("x-y", ["y", "xxy"], ["x"]),
    ],
)
def test_lua_patterns_match_as_in_lua(pattern: str, matching: list[str], others: list[str]) -> None:
    for text in matching:
        assert lua_pattern(pattern).search(text), text
    for text in others:
        assert not lua_pattern(pattern).search(text), text


@pytest.mark.parametrize("pattern", ["(a)", "%b()", "%f[a]"])
def test_what_is_not_translated_says_so(pattern: str) -> None:
    with pytest.raises(ValueError, match="not translated"):
        lua_pattern(pattern)
