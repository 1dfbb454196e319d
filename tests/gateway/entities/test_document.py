from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.entities import document
from gateway.entities.document import read_document
from gateway.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('_format_version: "3.0"\nservices: []\n', {"_format_version": "3.0", "services": []}),
        ('{"a": [1, 2.5, true, null]}', {"a": [1, 2.5, True, None]}),
        ('  {"a": 12345678901234567}', {"a": 12345678901234567}),
        ("{a: b, c: [d]}", {"a": "b", "c": ["d"]}),
        ("anthropic_version: 2023-06-01\n", {"anthropic_version": "2023-06-01"}),
        ("a: &x {b: 1}\nc: *x\n", {"a": {"b": 1}, "c": {"b": 1}}),
        ("base: &b {x: 1}\nmore: {<<: *b, y: 2}\n", {"base": {"x": 1}, "more": {"x": 1, "y": 2}}),
        ("a: on\nb: 'on'\n", {"a": True, "b": "on"}),
    ],
)
def test_yaml_and_json(text: str, found: dict[str, Any]) -> None:
    assert read_document(text) == found


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a: [1\nb: 2\n", "(line 2, column "),
        ("services:\n- name: x\n  host: y\n port: 5\n", "(line 4, column 2)"),
        ("a: b\n\tc: d\n", "(line 2, column 1)"),
        ("", "expected an object"),
        ("- a\n", "expected an object"),
        ("just words", "expected an object"),
        ("[1]", "expected an object"),
        ('{"a": ', "(line 2, column 1)"),
        ("a: !!python/object/apply:os.system [x]\n", "could not determine a constructor"),
        ("a: 1\n---\nb: 2\n", "(line 2, column 1)"),
        ("a: \x00\n", "control characters are not allowed"),
        ("a: *nowhere\n", "undefined alias"),
    ],
)
def test_what_cannot_be_read_is_said_with_line_and_column(text: str, part: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_document(text)
    assert part in caught.value.message
    assert caught.value.fields == {"error": caught.value.message}
    assert caught.value.message.startswith("failed parsing declarative configuration: ")


def test_aliases_of_aliases_do_not_eat_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MOST_VALUES", 10_000)
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]" for n in range(1, 9)]
    with pytest.raises(ConfigError, match="unfold to more than 10,000 values"):
        read_document("\n".join(lines))


def nested(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


@pytest.mark.parametrize(
    "text",
    [
        nested(101),
        nested(900),
        nested(100_000),
        "[" * 100_000 + "]" * 100_000,
        "a: " + "{b: " * 50_000 + "}" * 50_000,
        "- " * 50_000 + "x",
        "\n".join(" " * level + "a:" for level in range(5_000)),
        "a: &a {b: *a}\n",
    ],
    ids=["json-101", "json-900", "json-100000", "lists", "mappings", "dashes", "indented", "endless"],
)
def test_depth_is_refused_and_not_crashed_on(text: str) -> None:
    with pytest.raises(ConfigError, match="nested too deeply"):
        read_document(text)


def test_ordinary_depth_is_read() -> None:
    assert read_document(nested(100))
    assert read_document("x: " + nested(99))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_every_json_object_is_read_back(value: dict[str, Any]) -> None:
    assert read_document(json.dumps(value)) == value


@given(st.text(max_size=60))
def test_no_text_fails_otherwise(text: str) -> None:
    try:
        assert isinstance(read_document(text), dict)
    except ConfigError:
        pass
