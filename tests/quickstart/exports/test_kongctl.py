"""An AI Gateway for kongctl: fits what kongctl documents, and every name that is referred to is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from support.export_readers import fits, kongctl_document
from support.exported import a_source, edited
from support.golden import check_golden

from quickstart.exports._bundle import Bundle, Wish
from quickstart.exports.kongctl import export

Json = Any


def made(document: Json = None) -> tuple[Json, Bundle]:
    bundle = export(a_source(document), Wish())
    whole = kongctl_document(bundle.stream)
    fits("kongctl", whole)
    return whole["ai_gateways"][0], bundle


def test_every_model_of_setup_is_there_and_its_provider_too() -> None:
    gateway, _ = made()
    names = {row["name"] for row in gateway["model_providers"]}
    assert len(names) == len(gateway["model_providers"])
    chosen: list[str] = []
    for model in gateway["models"]:
        (target,) = model["targets"]
        assert target["provider"] in names
        chosen += model["config"]["route"]["model"]["values"]
    assert len(chosen) == len(set(chosen)), "a word means one model"
    assert {"openai", "gpt-6-luna", "cohere", "azure", "anthropic", "mistral-cloud", "gemini", "groq", "myhost"} <= set(
        chosen
    )
    assert {"mistral", "llama2", "lan", "local"} <= set(chosen)


def test_credentials_are_references_and_options_have_their_names_there() -> None:
    gateway, _ = made()
    providers = {row["name"]: row for row in gateway["model_providers"]}
    (header,) = providers["anthropic"]["config"]["auth"]["headers"]
    assert header == {"name": "x-api-key", "value": "{vault://env/anthropic-auth-header}"}
    assert providers["azure"]["config"]["instance"] == "myres"
    targets = {one["config"]["type"]: one for model in gateway["models"] for one in model["targets"]}
    assert targets["azure"]["config"]["deployment_id"] == "my-deployment"
    assert targets["anthropic"]["config"]["version"] == "2023-06-01"
    assert targets["llama2"]["config"]["format"] == "ollama"


def test_plugins_on_everything_become_global_policies_and_the_rest_is_told() -> None:
    gateway, bundle = made(edited())
    assert {row["type"]: row["global"] for row in gateway["policies"]} == {"prometheus": True, "rate-limiting": True}
    assert gateway["consumers"][0]["credentials"][0]["type"] == "api-key"
    assert "api_key" not in gateway["consumers"][0]["credentials"][0]
    told = " ".join(note.message for note in bundle.notes)
    for word in ("ai-prompt-guard", "ai-rate-limiting-advanced", "new keys", "data-plane.crt", "localhost:7999"):
        assert word in told


def test_two_keys_of_one_provider_are_two_providers() -> None:
    gateway, _ = made(edited())
    same = [model for model in gateway["models"] if model["targets"][0]["name"] == "gpt-6-luna"]
    assert len(same) == 2 and len({model["targets"][0]["provider"] for model in same}) == 2
    assert len({model["ref"] for model in gateway["models"]}) == len(gateway["models"])


SMALL = """
_format_version: "3.0"
services:
- name: openai-api
  url: https://api.openai.com/v1
  routes:
  - name: chat
    paths: [/openai/chat]
    plugins:
    - name: ai-proxy
      config:
        route_type: llm/v1/chat
        auth: {header_name: Authorization, header_value: "{vault://env/openai-auth-header}"}
        model: {provider: openai, name: gpt-6-luna, options: {max_tokens: 100}}
"""


def test_it_reads_as_people_write() -> None:
    _, bundle = made(yaml.safe_load(SMALL))
    check_golden(Path(__file__).parent / "golden" / "kongctl.yaml", bundle.stream)
