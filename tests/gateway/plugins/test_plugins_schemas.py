"""Every plugin that Kong 3.9.1 has too: the same fields, types, defaults, bounds and rules, but for what is listed."""

import json
from typing import Any

import pytest
from support.kong_schemas import FOLDER, checks, flat, kong_schema

from gateway.entities.plugins import plugin_schema
from gateway.plugins import registry

SHARED = sorted(name for name in registry() if (FOLDER / f"plugin-{name}.json").exists())
OURS = [name for name in SHARED if name not in ("ai-proxy", "ai-request-transformer", "ai-response-transformer")]

# plugin -> path of a field -> its attributes that differ on purpose
FORMATS = {"config.llm_format": {"one_of": ["openai", "bedrock", "gemini", "cohere", "huggingface", "anthropic"]}}
LONG_CONTENT = {
    f"config.prompts.{side}[elements].content": {"len_max": 100_000} for side in ("prepend", "append")
}  # as in newer versions
DEVIATIONS: dict[str, dict[str, dict[str, Any]]] = {
    "ai-prompt-guard": FORMATS,
    "ai-prompt-decorator": FORMATS | LONG_CONTENT,
}


@pytest.mark.parametrize("name", OURS)
def test_fields_are_kongs(name: str) -> None:
    kong, ours = flat(kong_schema(f"plugin-{name}")), flat(plugin_schema(registry()[name]))
    for path, attributes in DEVIATIONS.get(name, {}).items():
        assert kong[path] != {**kong[path], **attributes}, f"{path} is no deviation"
        kong[path] = {**kong[path], **attributes}
    assert ours == kong


@pytest.mark.parametrize("name", OURS)
def test_rules_are_kongs(name: str) -> None:
    assert checks(plugin_schema(registry()[name])) == checks(kong_schema(f"plugin-{name}"))


@pytest.mark.parametrize("name", sorted(registry()))
def test_every_field_has_a_help_text(name: str) -> None:
    silent: list[str] = []

    def look(field: dict[str, Any], path: str) -> None:
        if not field.get("description"):
            silent.append(path)
        for entry in field.get("fields", ()):
            for inner, described in entry.items():
                look(described, f"{path}.{inner}")
        for inner in ("elements", "values"):
            elements = field.get(inner)
            for element in elements.get("fields", ()) if isinstance(elements, dict) else ():
                for inside, described in element.items():
                    look(described, f"{path}[].{inside}")

    for entry in plugin_schema(registry()[name])["fields"]:
        if "config" in entry:
            look(entry["config"], "config")
    assert not silent


@pytest.mark.parametrize("name", sorted(registry()))
def test_a_schema_is_json(name: str) -> None:
    assert json.loads(json.dumps(plugin_schema(registry()[name])))
