"""The OpenAPI document of the live routes."""

from __future__ import annotations

from typing import Any

from gateway.admin.openapi import document
from gateway.admin.overview import routes
from gateway.entities import Config

ROUTES = [
    {
        "name": "chat",
        "paths": ["~/openai/chat$"],
        "methods": ["POST"],
        "plugins": [
            {
                "name": "ai-proxy",
                "config": {"route_type": "llm/v1/chat", "model": {"provider": "openai", "name": "gpt-4o"}},
            },
            {"name": "key-auth"},
        ],
    },
    {"name": "plain", "paths": ["/p{x}"], "methods": ["GET", "PROPFIND", "DELETE"], "headers": {"x-env": ["prod"]}},
    {"name": "pattern", "paths": ["~/(a|b)+$"]},
]


def made() -> dict[str, Any]:
    services = [{"name": "s", "host": "h.test", "routes": ROUTES}]
    config = Config.from_declarative({"_format_version": "3.0", "services": services})
    return document(routes(config), "http://127.0.0.1:8000")


def test_an_ai_route() -> None:
    made_of = made()
    assert made_of["openapi"] == "3.1.0" and made_of["servers"] == [{"url": "http://127.0.0.1:8000"}]
    operation = made_of["paths"]["/openai/chat"]["post"]
    assert operation["summary"] == "OpenAI, gpt-4o" and operation["security"] == [{"key-apikey": []}]
    assert operation["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Chat"}
    assert "text/event-stream" in operation["responses"]["200"]["content"]
    assert made_of["components"]["securitySchemes"]["key-apikey"]["name"] == "apikey"


def test_other_routes() -> None:
    paths = made()["paths"]
    assert set(paths) == {"/openai/chat", "/p%7Bx%7D"}
    assert set(paths["/p%7Bx%7D"]) == {"get", "delete"}
    assert paths["/p%7Bx%7D"]["get"]["parameters"][0]["name"] == "x-env"


def test_every_reference_leads_somewhere_and_operations_have_ids_of_their_own() -> None:
    made_of = made()
    known = {f"#/components/schemas/{name}" for name in made_of["components"]["schemas"]}
    assert set(references(made_of)) <= known
    ids = [operation["operationId"] for path in made_of["paths"].values() for operation in path.values()]
    assert len(ids) == len(set(ids)) == 3


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        inner = [found for item in value.values() for found in references(item)]
        return [*inner, value["$ref"]] if "$ref" in value else inner
    return [found for item in value for found in references(item)] if isinstance(value, list) else []
