"""The routes for SDKs: a path under every public name, one door for all, and what stands behind each."""

from __future__ import annotations

import json

import pytest
import yaml
from support.example_answers import EVERYTHING, LOCALS
from support.exchange import Gateway
from support.rendered import original_routes, routes, sdk_routes, targets

from quickstart.answers import Answers
from quickstart.plan import Plan
from quickstart.planning import make_plan
from quickstart.render import render
from quickstart.sdk_routes import front_door, model_list, provider_routes

SECRETS = {
    f"{name}_AUTH_HEADER": "k"
    for name in ("OPENAI", "COHERE", "AZURE", "ANTHROPIC", "MISTRAL", "GEMINI", "GROQ", "MYHOST")
}


def plan_of(answers: Answers) -> Plan:
    return make_plan(answers, lambda: False, lambda port: False, "Linux")


EVERY = plan_of(EVERYTHING)
TEXT = render(EVERY).kong_yml
BY_PATH = {route["paths"][0].strip("~$"): route for _, route in routes(TEXT)}


@pytest.mark.parametrize(
    ("public", "operations"),
    [
        ("openai", "chat/completions completions embeddings responses messages models"),
        ("anthropic", "chat/completions responses messages models"),
        ("cohere", "chat/completions responses messages models"),
        ("azure", "chat/completions completions responses messages models"),
        ("mistral-cloud", "chat/completions embeddings responses messages models"),
        ("groq", "chat/completions responses messages models"),
        ("myhost", "chat/completions embeddings responses messages models"),
        ("mistral", "chat/completions embeddings responses messages models"),
        ("llama2", "chat/completions responses messages models"),  # which its own paths serve
        ("local", "chat/completions embeddings responses messages models"),
    ],
)
def test_every_public_name_has_sdk_paths(public: str, operations: str) -> None:
    found = {path.removeprefix(f"/{public}/v1/") for path in BY_PATH if path.startswith(f"/{public}/v1/")}
    assert found == set(operations.split())


def test_the_originals_are_untouched_and_come_first() -> None:
    names = [route["name"] for _, route in original_routes(TEXT)]
    assert names == [route.name for route in EVERY.routes]
    for service, route in sdk_routes(TEXT):
        assert route["name"].startswith((f"{service['name']}_", "front-door_"))


def test_a_route_for_an_sdk_is_the_original_by_another_path() -> None:
    for service, original in original_routes(TEXT):
        public = service["name"].removesuffix("-api")
        config = original["plugins"][0]["config"]
        if config["route_type"] != "llm/v1/chat":
            continue
        for path in ("chat/completions", "responses", "messages"):
            (target,) = targets(BY_PATH[f"/{public}/v1/{path}"])
            assert target["model"] == {**config["model"], "model_alias": public}
            assert target.get("auth") == config.get("auth")
            assert target["logging"] == config["logging"]


def test_route_types_and_dialects() -> None:
    said = {
        path: {(target["route_type"], target.get("llm_format")) for target in targets(BY_PATH[f"/openai/v1/{path}"])}
        for path in ("chat/completions", "completions", "embeddings", "responses", "messages")
    }
    assert said == {
        "chat/completions": {("llm/v1/chat", None)},
        "completions": {("llm/v1/completions", None)},
        "embeddings": {("llm/v1/embeddings", None)},
        "responses": {("llm/v1/responses", None)},
        "messages": {("llm/v1/chat", "anthropic")},
    }


def test_embeddings_take_the_clients_model_at_the_same_server() -> None:
    (target,) = targets(BY_PATH["/myhost/v1/embeddings"])
    assert "name" not in target["model"]
    assert target["model"]["options"]["upstream_url"] == "https://llm.example.com:443/v1/embeddings"
    (target,) = targets(BY_PATH["/openai/v1/embeddings"])
    assert "options" not in target["model"]


def test_the_front_door_leads_everywhere() -> None:
    chats = [route for route in EVERY.routes if route.operation == "chat"]
    for path in ("chat/completions", "responses", "messages"):
        found = targets(BY_PATH[f"/v1/{path}"])
        assert [target["model"]["model_alias"] for target in found] == [route.public for route in chats]
        assert [target["model"]["name"] for target in found] == [route.model for route in chats]
    assert [target["model"]["model_alias"] for target in targets(BY_PATH["/v1/completions"])] == ["openai", "azure"]
    assert BY_PATH["/v1/messages"]["plugins"][0]["config"]["llm_format"] == "anthropic"


def test_a_single_model_has_a_front_door_too() -> None:
    doors = front_door(plan_of(Answers(local=LOCALS[:1], runtime="process")))
    assert [door.path for door in doors] == [
        "/v1/chat/completions", "/v1/embeddings", "/v1/responses", "/v1/messages", "/v1/models",
    ]  # fmt: skip


def test_no_chat_no_sdk_routes() -> None:
    assert provider_routes("s", ()) == []


def test_the_list_of_models_is_read_by_openais_and_by_anthropics_clients() -> None:
    told = json.loads(model_list([("openai", "OpenAI"), ("local", "local")]))
    assert told["object"] == "list" and told["has_more"] is False
    assert (told["first_id"], told["last_id"]) == ("openai", "local")
    for entry in told["data"]:
        assert {"id", "object", "created", "owned_by"} <= entry.keys()
        assert entry["type"] == "model" and entry["display_name"] and entry["created_at"]
    assert json.loads(model_list([]))["data"] == []


# -- what is rendered, at work --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def gateway() -> Gateway:
    return Gateway(yaml.safe_load(TEXT), environment=SECRETS)


HI = {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 9}


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
@pytest.mark.parametrize(
    ("model", "host"),
    [
        (None, "api.openai.com"),
        ("openai", "api.openai.com"),
        ("gpt-6-luna", "api.openai.com"),
        ("anthropic/claude-haiku-5-5", "api.anthropic.com"),
        ("claude-haiku-5-5", "api.anthropic.com"),
        ("groq/openai/gpt-oss-20b", "api.groq.com"),
        ("mistral", "localhost"),
        ("mistral-cloud", "api.mistral.ai"),
        ("gemini", "generativelanguage.googleapis.com"),
    ],
)
def test_the_model_chooses(gateway: Gateway, path: str, model: str | None, host: str) -> None:
    told = gateway.ask("POST", path, (), {**HI, "model": model})
    assert told.sent.origin.host == host


@pytest.mark.parametrize(
    ("path", "valid"),
    [("/openai/v1/chat/completions", "openai, gpt-6-luna"), ("/v1/chat/completions", "openai, cohere, azure, ")],
)
def test_an_unknown_model_is_a_400_with_the_names(gateway: Gateway, path: str, valid: str) -> None:
    told = gateway.ask("POST", path, (), {**HI, "model": "gpt-2"})
    assert told.status == 400
    assert told.json["error"]["message"].startswith(f"cannot use own model - must be one of: {valid}")


def test_models_are_listed(gateway: Gateway) -> None:
    told = gateway.ask("GET", "/v1/models")
    assert (told.status, told.header("content-type")) == (200, "application/json")
    names = [entry["id"] for entry in told.json["data"]]
    assert names[:2] == ["openai", "cohere"] and "local" in names
    named = gateway.ask("GET", "/openai/v1/models").json
    assert [entry["id"] for entry in named["data"]] == ["gpt-6-luna", "openai"]


def test_embeddings_name_their_provider(gateway: Gateway) -> None:
    body = {"input": "x", "model": "mistral-cloud/mistral-embed"}
    sent = gateway.ask("POST", "/v1/embeddings", (), body).sent
    assert (sent.origin.host, sent.path, sent.json["model"]) == ("api.mistral.ai", "/v1/embeddings", "mistral-embed")
    told = gateway.ask("POST", "/v1/embeddings", (), {"input": "x", "model": "text-embedding-3-small"})
    assert told.status == 400
    assert "openai/MODEL" in told.json["error"]["message"]
