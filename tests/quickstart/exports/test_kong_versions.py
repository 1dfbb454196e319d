"""A configuration in the words of an older Kong: judged by the schemas that a real Kong 3.9.1 showed of itself."""

from __future__ import annotations

from typing import Any

import pytest
from support.exported import a_source, edited
from support.kong_schemas import FOLDER, kong_schema

from quickstart.exports._kong_versions import MOST_NAMED, NEWEST, OSS, _facts, fitted, listed
from quickstart.exports._source import plugins

Json = dict[str, Any]


def shape(field: Json) -> Any:
    """What kong_oss_3_9.json says of a field of Kong's schema."""
    if field["type"] == "record" and field.get("fields") is not None:
        own = {name: shape(inner) for entry in field["fields"] for name, inner in entry.items()}
        old = {name: shape(inner) for entry in field.get("shorthand_fields") or () for name, inner in entry.items()}
        return {**old, **own}
    if field["type"] in ("array", "set") and isinstance(field.get("elements"), dict):
        return {"[]": shape(field["elements"])}
    if field["type"] == "map" and isinstance(field.get("values"), dict):
        return {"{}": shape(field["values"])}
    return field.get("one_of") or 0


def recorded() -> dict[str, Any]:
    names = sorted(path.stem.removeprefix("plugin-") for path in FOLDER.glob("plugin-*.json"))
    found = {}
    for name in names:
        fields = kong_schema(f"plugin-{name}")["fields"]
        found[name] = shape(next(entry["config"] for entry in fields if "config" in entry))
    return found


def test_the_facts_are_those_of_a_real_kong() -> None:
    assert recorded().items() >= _facts().items() and len(_facts()) >= 19


def strange(value: Any, facts: Any, path: str) -> list[str]:
    """What in a plugin's settings a Kong of these facts would refuse."""
    if isinstance(facts, list):
        return [] if value is None or value in facts else [f"{path} = {value}"]
    if isinstance(facts, dict) and isinstance(value, dict):
        if "{}" in facts:
            return [text for name, item in value.items() for text in strange(item, facts["{}"], f"{path}.{name}")]
        unknown = [f"{path}.{name}" for name in value if name not in facts]
        return unknown + [t for n in value if n in facts for t in strange(value[n], facts[n], f"{path}.{n}")]
    if isinstance(facts, dict) and isinstance(value, list):
        return [text for item in value for text in strange(item, facts["[]"], path)]
    return []


def test_a_kong_3_9_would_take_every_plugin_that_is_left() -> None:
    document, notes = fitted(a_source(edited()).document, OSS)
    left = [row for row, _ in plugins(document)]
    assert {"ai-proxy", "prometheus", "rate-limiting", "ai-prompt-guard"} <= {row["name"] for row in left}
    facts = recorded()
    assert not [text for row in left for text in strange(row.get("config", {}), facts[row["name"]], row["name"])]
    assert notes


def test_no_route_is_left_that_would_go_upstream_without_its_plugin() -> None:
    document, _ = fitted(a_source(edited()).document, OSS)
    for service in document["services"]:
        assert service["routes"]
        for route in service["routes"]:
            assert {row["name"] for row in route["plugins"]} & {"ai-proxy", "request-termination"}


def test_the_newest_kong_takes_what_setup_makes_as_it_is() -> None:
    source = a_source(edited())
    assert fitted(source.document, NEWEST) == (source.document, [])


def advanced(*targets: Json) -> Json:
    row = {"name": "ai-proxy-advanced", "config": {"targets": list(targets), "balancer": {"algorithm": "round-robin"}}}
    return {"services": [{"name": "s", "host": "h", "routes": [{"name": "r", "paths": ["/r"], "plugins": [row]}]}]}


def target(provider: str = "openai", **more: Any) -> Json:
    return {"route_type": "llm/v1/chat", "model": {"provider": provider, "name": "m"}, "weight": 50, **more}


def test_one_target_needs_no_advanced_plugin() -> None:
    document, notes = fitted(advanced(target()), OSS)
    (row,) = document["services"][0]["routes"][0]["plugins"]
    assert row == {
        "name": "ai-proxy",
        "config": {"route_type": "llm/v1/chat", "model": {"provider": "openai", "name": "m"}},
    }
    assert "became ai-proxy" in notes[0].message


def test_several_targets_take_their_route_with_them() -> None:
    document, notes = fitted(advanced(target(), target()), OSS)
    assert document == {}
    assert [note.message.split(":")[0] for note in notes] == ["Left out", "Left out with it"]
    assert "2 models" in notes[0].message and "route r" in notes[1].message


@pytest.mark.parametrize(("provider", "url"), [("xai", "https://api.x.ai/"), ("deepseek", "https://api.deepseek.com/")])
def test_a_newer_provider_is_said_by_its_dialect_and_address(provider: str, url: str) -> None:
    document, notes = fitted(advanced(target(provider)), OSS)
    model = document["services"][0]["routes"][0]["plugins"][0]["config"]["model"]
    assert model["provider"] == "openai" and model["options"]["upstream_url"].startswith(url)
    assert any(provider in note.message for note in notes)
    assert fitted(advanced(target(provider)), NEWEST)[0] == advanced(target(provider))


def test_one_note_for_many_places() -> None:
    assert listed(list("abc")) == "a, b, c"
    assert listed(list("abcdefg")) == f"a, b, c, d and {7 - MOST_NAMED} more"


def test_changes_in_a_route_that_is_left_out_are_not_told() -> None:
    _, notes = fitted(advanced(target(llm_format="anthropic") | {"model": {"provider": "xai", "name": "m"}}), OSS)
    assert [note.message.split(".")[0] for note in notes] == [
        "Left out: ai-proxy-advanced on route r",
        "Left out with it: route r, service s",
    ]
