"""decK files: what decK itself substitutes, what this gateway does not have, and that importing an export changes
nothing."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from support.exported import a_source, edited

from quickstart.errors import UsageError
from quickstart.exports import Wish, format_of
from quickstart.exports._source import source
from quickstart.imports.deck import read, substituted
from quickstart.imports.reading import read as read_any

Json = Any


def test_variables_are_put_in_as_deck_does() -> None:
    text = 'key: ${{ env "DECK_A" }}, ${{env "DECK_A"}}'
    assert substituted(text, {"DECK_A": "x"}) == "key: x, x"
    with pytest.raises(UsageError, match="DECK_A") as refused:
        substituted(text, {})
    assert "DECK_A=..." in refused.value.hint


def test_what_this_gateway_does_not_have_is_left_out_and_told() -> None:
    found = read(
        {
            "_format_version": "3.0", "_konnect": {"control_plane_name": "x"}, "licenses": [{"payload": "y"}],
            "services": [{"name": "a", "url": "http://h.test", "plugins": [{"name": "key-auth"}, {"name": "jq"}]}],
            "plugins": [{"name": "ai-sanitizer", "config": {"plugins": [1]}}],
        }
    )  # fmt: skip
    document = yaml.safe_load(found.configuration)
    assert [row["name"] for row in document["services"][0]["plugins"]] == ["key-auth"] and not document["plugins"]
    assert [note.message for note in found.notes if "licenses" in note.message]
    assert [note.message for note in found.notes if "ai-sanitizer" in note.message and "jq" in note.message]


def test_every_other_mistake_is_an_error_that_names_it() -> None:
    with pytest.raises(UsageError, match="hosst"):
        read({"_format_version": "3.0", "services": [{"name": "a", "hosst": "h"}]})


def twice(document: Json, keys: dict[str, str]) -> tuple[str, str]:
    """The export of a configuration, and the export of that export imported."""
    first = format_of("deck").export(a_source(document), Wish()).stream
    again = source(read_any(first, "kong.yaml", keys).configuration, {})
    return first, format_of("deck").export(again, Wish()).stream


def test_import_then_export_is_a_fixed_point() -> None:
    first, second = twice(edited(), {"DECK_ALICE_KEY": "a", "DECK_BOB_SECRET": "b", "DECK_BOB_CLIENT_SECRET": "c"})
    assert first == second


NAMES = st.text("abcdefgh-_.", min_size=1, max_size=8)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=12)
PLUGINS = st.sampled_from(
    [
        {"name": "prometheus", "config": {"ai_metrics": True}},
        {"name": "rate-limiting", "config": {"minute": 5, "policy": "redis", "redis": {"host": "r.test"}}},
        {"name": "cors", "config": {"origins": ["https://a.test"], "max_age": 5}},
        {"name": "ai-prompt-guard", "config": {"deny_patterns": ["${x}", "%{y}", "{{z}}"]}},
        {"name": "acl", "config": {"allow": ["dev"]}, "enabled": False, "tags": ["one"]},
    ]
)


@st.composite
def documents(draw: st.DrawFn) -> Json:
    services = []
    for name in draw(st.lists(NAMES, unique=True, max_size=3)):
        text = "gpt-" + draw(TEXTS)
        header = draw(st.sampled_from(["{vault://env/a-key}", "Bearer in-clear-" + name]))
        model = {"provider": "openai", "name": text, "options": {"max_tokens": draw(st.integers(1, 9))}}
        auth = {"header_name": "Authorization", "header_value": header}
        config = {"route_type": "llm/v1/chat", "auth": auth, "model": model}
        rows = draw(st.lists(PLUGINS, max_size=2, unique_by=lambda row: row["name"]))
        route = {
            "name": f"r-{name}", "paths": [f"/p-{len(services)}"], "strip_path": draw(st.booleans()),
            "plugins": [{"name": "ai-proxy", "config": config}, *rows],
        }  # fmt: skip
        services.append(
            {
                "name": f"s-{name}",
                "url": f"http://{draw(st.sampled_from(['h.test', 'localhost']))}:8080/v1",
                "routes": [route],
            }
        )
    rows = draw(st.lists(PLUGINS, max_size=3, unique_by=lambda row: row["name"]))
    consumers = [
        {"username": name, "custom_id": f"id-{name}", "acls": [{"group": "dev"}]}
        for name in draw(st.lists(NAMES, unique=True, max_size=2))
    ]
    whole = {"_format_version": "3.0", "services": services, "plugins": rows, "consumers": consumers}
    return {name: value for name, value in whole.items() if value}


@settings(max_examples=60)
@given(documents())
def test_whatever_the_configuration_is(document: Json) -> None:
    first, second = twice(document, {})
    assert first == second
