from __future__ import annotations

import dataclasses
from pathlib import Path

from support.konnect_parts import konnect_plan

from quickstart.konnect import models
from quickstart.konnect.product import MARK
from quickstart.plan import Plan


def plan() -> Plan:
    made = konnect_plan(Path("/srv"), "ai-gateway", "openai", "azure", "groq")
    azure = dataclasses.replace(
        made.routes[1], provider="azure",
        options={"azure_instance": "res", "azure_deployment_id": "dep", "azure_api_version": "2026-01-01"},
    )  # fmt: skip
    return dataclasses.replace(
        made, routes=(made.routes[0], azure, dataclasses.replace(made.routes[2], provider="groq"))
    )


def test_providers_come_first_then_models_under_their_path_and_by_name() -> None:
    made = models.wanted(plan())
    assert [(entity.collection, entity.name) for entity in made] == [
        *(("model-providers", name) for name in ("openai", "azure", "groq")),
        *(("models", name) for name in ("openai", "azure", "groq")),
        *(("models", f"{name}-by-name") for name in ("openai", "azure", "groq")),
    ]
    provider, own, door = made[0].body, made[3].body, made[6].body
    assert provider["config"]["auth"]["headers"] == [
        {"name": "Authorization", "value": "{vault://env/openai-auth-header}"}
    ]
    assert own["config"]["route"] == {"paths": ["/openai"]} and own["config"]["model"] == {}
    assert door["config"]["route"] == {"paths": ["/v1"]}
    assert door["config"]["model"] == {
        "body_param": "model", "values": ["openai", "mock-model", "openai/mock-model"],
    }  # fmt: skip
    assert own["targets"][0]["config"] == {"type": "openai", "upstream_url": "http://127.0.0.1:9/v1/chat/completions"}


def test_azure_says_its_instance_and_deployment() -> None:
    made = models.wanted(plan())
    assert made[1].body["type"] == "azure" and made[1].body["config"]["instance"] == "res"
    target = made[4].body["targets"][0]["config"]
    assert target == {"type": "azure", "deployment_id": "dep", "api_version": "2026-01-01"}


def test_who_speaks_openais_dialect_is_of_that_type() -> None:
    assert models.wanted(plan())[2].body["type"] == "openai"


def test_owners_are_in_the_label() -> None:
    item = {"name": "openai", "labels": {MARK: "aa", "team": "x"}}
    found = models.existing("models", item)
    assert found.owners == {"aa"} and found.id == "openai"
    assert models.existing("models", {"name": "openai"}).owners == frozenset()
    assert models.marked(models.wanted(plan())[0], found, "bb")["labels"] == {MARK: "bb", "team": "x"}
