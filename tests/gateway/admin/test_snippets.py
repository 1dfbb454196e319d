"""Ways to call a route: they hold the real address, parse, and hold no secret."""

from __future__ import annotations

import ast
import shlex
import tomllib
from itertools import pairwise
from typing import Any

import pytest
import yaml

from gateway.admin.overview import routes
from gateway.admin.snippets import deck, snippets
from gateway.entities import Config

BASE = "http://127.0.0.1:8010"
CANARY = "sk-canary-3c3c"


MEMBERS = {"llm/v1/chat": "messages", "llm/v1/completions": "prompt", "llm/v1/embeddings": "input"}


def config(path: str = "~/openai/chat$", **more: Any) -> Config:
    auth = {"header_name": "Authorization", "header_value": more.pop("secret", "{vault://env/openai}")}
    route = {
        "name": "chat",
        "paths": [path],
        "methods": ["POST"],
        **more.pop("route", {}),
        "plugins": [
            {
                "name": "ai-proxy",
                "config": {
                    "route_type": more.pop("route_type", "llm/v1/chat"),
                    "auth": auth,
                    "llm_format": more.pop("llm_format", "openai"),
                    "model": {"provider": "openai", "name": "gpt-6-luna"},
                },
            },
            *more.pop("plugins", []),
        ],
    }
    service = {"name": "openai", "url": "https://api.openai.com", "routes": [route]}
    return Config.from_declarative({"_format_version": "3.0", "services": [service]})


def of(given: Config) -> dict[str, str]:
    view = routes(given)[0]
    return {**snippets(view, BASE), "decK": deck(view, given)}


@pytest.mark.parametrize("route_type", [*MEMBERS, "llm/v1/responses"])
@pytest.mark.parametrize("path", ["~/openai/chat$", "/v1/chat/completions", "/v1/completions", "/v1/embeddings"])
def test_python_parses_and_calls_the_real_address(path: str, route_type: str) -> None:
    text = of(config(path, route_type=route_type))["Python"]
    ast.parse(text)
    assert BASE in text and MEMBERS.get(route_type, "input") in text


def test_openai_clients_get_a_base_url_where_the_path_is_theirs() -> None:
    found = of(config("/openai/v1/chat/completions"))
    assert f'base_url="{BASE}/openai/v1"' in found["Python"]
    assert f'baseURL: "{BASE}/openai/v1"' in found["Node"]
    plain = of(config())
    assert "urllib.request" in plain["Python"] and f'fetch("{BASE}/openai/chat"' in plain["Node"]


def test_what_a_route_asks_for_is_in_every_snippet() -> None:
    found = of(config(route={"headers": {"x-team": ["red"]}}, plugins=[{"name": "key-auth"}]))
    for name in ("curl", "Python", "Node"):
        assert "x-team" in found[name] and "YOUR_KEY" in found[name], name
    words = shlex.split(found["curl"].replace("\\\n", ""))
    assert words[:2] == ["curl", "-sS"] and "apikey: YOUR_KEY" in words


def test_claude_code_where_the_route_is_a_messages_endpoint() -> None:
    assert "Claude Code" not in of(config())
    found = of(config("/anthropic/v1/messages", llm_format="anthropic"))
    text = found["Claude Code"]
    assert f"ANTHROPIC_BASE_URL={BASE}/anthropic\n" in text and "--model gpt-6-luna" in text
    ast.parse(found["Python"])
    assert "from anthropic import Anthropic" in found["Python"] and "@anthropic-ai/sdk" in found["Node"]


def test_claude_code_asks_the_routes_model_for_small_tasks_too() -> None:
    text = of(config("/anthropic/v1/messages", llm_format="anthropic"))["Claude Code"]
    assert "export ANTHROPIC_DEFAULT_HAIKU_MODEL=gpt-6-luna\n" in text


@pytest.mark.parametrize("key", [False, True])
def test_codex_where_the_route_is_a_responses_endpoint(key: bool) -> None:
    assert "Codex" not in of(config("/openai/v1/chat/completions"))
    plugins = [{"name": "key-auth"}] if key else []
    text = of(config("/openai/v1/responses", route_type="llm/v1/responses", plugins=plugins))["Codex"]
    command = text.partition("export AI_GATEWAY_CLIENT_KEY=YOUR_KEY\n")[2] if key else text
    words = shlex.split(command.replace("\\\n", ""))
    assert words[:3] == ["codex", "-m", "gpt-6-luna"]
    settings = tomllib.loads("\n".join(value for flag, value in pairwise(words) if flag == "-c"))
    provider = settings["model_providers"][settings["model_provider"]]
    assert (provider["base_url"], provider["wire_api"]) == (f"{BASE}/openai/v1", "responses")
    assert provider.get("env_http_headers") == ({"apikey": "AI_GATEWAY_CLIENT_KEY"} if key else None)


def test_langchain_where_openais_clients_fit() -> None:
    assert "LangChain" not in of(config())
    text = of(config("/openai/v1/chat/completions"))["LangChain"]
    ast.parse(text)
    assert f'base_url="{BASE}/openai/v1"' in text and 'model="gpt-6-luna"' in text


def test_the_deck_file_makes_the_same_route_again() -> None:
    given = config()
    document = yaml.safe_load(of(given)["decK"])
    again = Config.from_declarative(document)
    (route,), (plugin,) = again.collections["routes"].values(), again.collections["plugins"].values()
    (wanted,) = given.collections["plugins"].values()
    assert (route["name"], route["paths"]) == ("chat", ["~/openai/chat$"])
    assert plugin["config"] == wanted["config"]


def test_a_plain_secret_is_not_shown_anywhere() -> None:
    found = of(config(secret=f"Bearer {CANARY}"))
    assert CANARY not in str(found) and "YOUR_SECRET" in found["decK"]
    assert "{vault://env/openai}" in of(config())["decK"]


def test_a_route_without_a_model_is_called_with_curl() -> None:
    given = Config.from_declarative(
        {
            "_format_version": "3.0",
            "services": [{"name": "s", "url": "http://h", "routes": [{"name": "r", "paths": ["/r"]}]}],
        }
    )
    assert sorted(of(given)) == ["curl", "decK"]
