"""Live model lists: who is asked and how, and that no key is ever told."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from gateway.admin.models import live_models, models_url
from gateway.errors import VaultError
from gateway.providers import get, providers
from gateway.providers._base import ProviderError
from gateway.values import Fetch, Fetched, UpstreamError

KEY = "sk-canary-81aa"


def config(provider: str, url: str = "", **more: Any) -> dict[str, Any]:
    options = more.pop("options", {}) | ({"upstream_url": url} if url else {})
    auth = {"header_name": "Authorization", "header_value": "{vault://env/key}"}
    return {
        "route_type": "llm/v1/chat",
        "auth": auth,
        "model": {"provider": provider, "name": None, "options": options},
        **more,
    }


def resolve(reference: str) -> str:
    if reference != "{vault://env/key}":
        raise VaultError(f"{reference} has no value")
    return f"Bearer {KEY}"


def ask(
    given: dict[str, Any], status: int = 200, body: bytes = b"{}", error: UpstreamError | None = None
) -> tuple[dict[str, Any], list[Fetch]]:
    asked: list[Fetch] = []

    async def answer(fetch: Fetch) -> Fetched:
        asked.append(fetch)
        return Fetched(0 if error else status, [], b"" if error else body, error)

    return asyncio.run(live_models(given, resolve, answer)), asked


@pytest.mark.parametrize(
    ("provider", "url", "wanted"),
    [
        ("openai", "", "https://api.openai.com/v1/models"),
        ("openai", "http://localhost:7999/v1/chat/completions", "http://localhost:7999/v1/models"),
        ("openai", "http://localhost:7999", "http://localhost:7999/v1/models"),
        ("openai", "https://host.test/prefix/v1/chat/completions", "https://host.test/prefix/v1/models"),
        ("mistral", "http://127.0.0.1:7999/v1/chat/completions", "http://127.0.0.1:7999/v1/models"),
        ("ollama", "http://localhost:11434/api/chat", "http://localhost:11434/api/tags"),
        ("llamacpp", "http://localhost:8080", "http://localhost:8080/v1/models"),
        ("openai", "https://user:secret@host.test/v1/chat/completions", "https://host.test/v1/models"),
    ],
)
def test_models_are_listed_beside_the_place_that_is_called(provider: str, url: str, wanted: str) -> None:
    assert models_url(get(provider), config(provider, url)) == wanted


@pytest.mark.parametrize("name", sorted(providers()))
def test_every_provider_is_asked_or_says_why_not(name: str) -> None:
    told, asked = ask(config(name))
    assert told["models"] == [] and told["problem"]
    for fetch in asked:
        assert fetch.head.startswith(b"GET /") and fetch.head.endswith(b"\r\n\r\n")


def test_the_key_goes_to_the_provider_and_to_nobody_else() -> None:
    body = json.dumps({"data": [{"id": "gpt-6-luna"}]}).encode()
    told, (fetch,) = ask(config("openai"), body=body)
    assert told == {"models": ["gpt-6-luna"], "url": "https://api.openai.com/v1/models", "problem": ""}
    assert f"Authorization: Bearer {KEY}\r\n".encode() in fetch.head
    assert (fetch.origin.scheme, fetch.origin.host, fetch.origin.port) == ("https", "api.openai.com", 443)


def test_a_key_in_the_query_stays_out_of_what_is_told() -> None:
    given = config("gemini")
    given["auth"] = {"param_name": "key", "param_value": "{vault://env/key}", "param_location": "query"}
    told, (fetch,) = ask(given, 403, b'{"error": {"message": "no"}}')
    assert b"key=Bearer%20sk-canary" in fetch.head.split(b"\r\n")[0]
    assert KEY not in str(told)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, json.dumps({"error": {"message": f"Incorrect API key {KEY}", "code": "invalid_api_key"}}).encode()),
        (200, b"<html>"),
        (200, b'{"data": 1}'),
        (200, b'{"data": []}'),
        (500, b""),
    ],
)
def test_what_goes_wrong_is_told_without_the_key(status: int, body: bytes) -> None:
    told, _ = ask(config("openai"), status, body)
    assert told["problem"] and told["models"] == []
    assert KEY not in str(told)


def test_nobody_there() -> None:
    told, _ = ask(config("openai", "http://localhost:1"), error=UpstreamError("refused", "localhost:1: refused", False))
    assert told["problem"] == "localhost:1: refused"


@pytest.mark.parametrize("value", ["{vault://env/other}", "Bearer a\r\nX: y", "Bearer 日"])
def test_a_credential_that_cannot_be_used(value: str) -> None:
    given = config("openai")
    given["auth"]["header_value"] = value
    told, asked = ask(given)
    assert told["problem"] and not asked and "X: y" not in told["problem"]


def test_what_is_no_configuration() -> None:
    for given in ({}, {"model": "x"}, {"model": {"provider": "nobody"}}):
        told, asked = ask(given)
        assert "choose a provider" in told["problem"] and not asked
    told, asked = ask(config("openai", "ftp://x"))
    assert told["problem"] and not asked
    with pytest.raises(ProviderError, match="no list of models"):
        models_url(get("bedrock"), config("bedrock"))
