"""Routes as people see them."""

from __future__ import annotations

import asyncio
import shlex
import time
from typing import Any

import pytest
from support.admin_api import Admin

from gateway.admin.overview import Overview, RouteView, curl, example_path, routes
from gateway.entities import Config

BASE = "http://127.0.0.1:8000"


def ai(provider: str, name: str | None = "m", **options: Any) -> dict[str, Any]:
    model = {"provider": provider, "name": name, "options": options or None}
    return {"name": "ai-proxy", "config": {"route_type": "llm/v1/chat", "model": model}}


def views(*given: dict[str, Any], **more: Any) -> list[RouteView]:
    service = {"name": "s", "url": "http://user:pw@h.test:81/base", "routes": list(given)}
    return routes(Config.from_declarative({"_format_version": "3.0", "services": [service], **more}))


def test_an_ai_route() -> None:
    (view,) = views(
        {"name": "r", "paths": ["~/openai/chat$"], "methods": ["POST"], "plugins": [ai("openai", "gpt-4o")]}
    )
    assert (view.provider, view.title, view.model, view.method) == ("openai", "OpenAI", "gpt-4o", "POST")
    assert view.path == "/openai/chat" and view.upstream == "https://api.openai.com/v1/chat/completions"
    words = shlex.split(curl(view, BASE).replace("\\\n", ""))
    assert words[:5] == ["curl", "-sS", "-X", "POST", BASE + "/openai/chat"]
    assert '{"messages":' in words[-1]


def test_a_plain_route() -> None:
    (view,) = views({"name": "r", "paths": ["/p"], "hosts": ["*.a.test"], "headers": {"x-env": ["prod"]}})
    assert view.upstream == "http://h.test:81/base" and view.provider == "" and view.body is None
    words = shlex.split(curl(view, BASE).replace("\\\n", ""))
    assert words == ["curl", "-sS", BASE + "/p", "-H", "Host: example.a.test", "-H", "x-env: prod"]


def test_an_upstream_url_is_shown_without_what_may_be_a_key() -> None:
    url = "https://name:pass@up.test/v1/chat?key=sk-canary"
    (view,) = views({"name": "r", "paths": ["/p"], "plugins": [ai("openai", upstream_url=url)]})
    assert view.upstream == "https://up.test/v1/chat"


def test_the_most_specific_plugin_is_the_one_that_runs() -> None:
    general, special = {**ai("openai", "general"), "service": "s"}, ai("openai", "special")
    found = views(
        {"name": "a", "paths": ["/a"], "plugins": [special]},
        {"name": "b", "paths": ["/b"]},
        {"name": "c", "paths": ["/c"], "plugins": [{**special, "enabled": False}]},
        plugins=[general, {"name": "key-auth", "config": {"key_names": ["x-key"]}}],
    )
    assert [view.model for view in found] == ["special", "general", "general"]
    assert all(view.key_header == "x-key" and view.plugins == ("key-auth",) for view in found)
    assert "-H 'x-key: YOUR_KEY'" in curl(found[0], BASE)


def test_routes_that_cannot_be_reached_are_left_out() -> None:
    config = Config.from_declarative(
        {
            "_format_version": "3.0",
            "services": [{"name": "s", "host": "h.test", "enabled": False, "routes": [{"name": "r", "paths": ["/r"]}]}],
            "routes": [{"name": "lonely", "paths": ["/l"]}],
        }
    )
    assert routes(config) == []


@pytest.mark.parametrize(
    ("path", "example"),
    [("/a", "/a"), ("~/a$", "/a"), ("~/a", "/a"), (r"~/a\.b$", "/a.b"), ("~/(a|b)$", ""), ("~/a+", "")],
)
def test_a_path_that_matches(path: str, example: str) -> None:
    assert example_path(path) == example


def test_nothing_escapes_the_quotes_of_the_command() -> None:
    (view,) = views({"name": "r", "paths": ["/p'; rm -rf /"]})
    assert shlex.split(curl(view, BASE).replace("\\\n", "")) == ["curl", "-sS", BASE + "/p'; rm -rf /"]


def advanced(*targets: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "ai-proxy-advanced", "config": {"targets": list(targets), **more}}


def target(provider: str, name: str | None, alias: str | None = None, kind: str = "llm/v1/chat") -> dict[str, Any]:
    return {"route_type": kind, "model": {"provider": provider, "name": name, "model_alias": alias}}


def test_several_models_behind_one_route() -> None:
    (view,) = views(
        {
            "name": "r",
            "paths": ["/v1/chat/completions"],
            "plugins": [advanced(target("openai", "gpt-4o", "fast"), target("cohere", "command-r"))],
        }
    )
    assert (view.ai, view.provider, view.title) == ("ai-proxy-advanced", "openai", "OpenAI, Cohere")
    assert view.model == "fast, command-r"
    assert view.body is not None and view.body["model"] == "fast", "the request must say which"


@pytest.mark.parametrize(
    ("kind", "member", "operation"),
    [
        ("llm/v1/chat", "messages", "chat"),
        ("llm/v1/completions", "prompt", "completions"),
        ("llm/v1/embeddings", "input", "embeddings"),
        ("llm/v1/responses", "input", "responses"),
    ],
)
def test_every_operation_has_a_request_of_its_own(kind: str, member: str, operation: str) -> None:
    plugin = {"name": "ai-proxy", "config": target("openai", "gpt-4o", kind=kind)}
    (view,) = views({"name": "r", "paths": ["/r"], "plugins": [plugin]})
    assert view.operation == operation and view.body is not None and member in view.body


def test_dialects_and_a_model_that_the_request_names() -> None:
    config = {**target("openai", None), "llm_format": "anthropic"}
    (view,) = views({"name": "r", "paths": ["/r"], "plugins": [{"name": "ai-proxy", "config": config}]})
    assert view.operation == "messages" and view.model == ""
    assert view.body is not None and view.body["max_tokens"] and view.body["model"] != "MODEL"
    preserve = {"name": "ai-proxy", "config": target("openai", "m1", kind="preserve")}
    (view,) = views({"name": "r", "paths": ["/r"], "plugins": [preserve]})
    assert view.operation == "" and view.body is None and view.provider == "openai"


def test_the_views_are_made_anew_only_when_the_configuration_changed() -> None:
    admin = Admin({"services": [{"name": "s", "url": "http://h", "routes": [{"name": "r", "paths": ["/r"]}]}]})
    overview = Overview(admin.store)
    first = asyncio.run(overview.views())
    assert [view.name for view in first.values()] == ["r"] and asyncio.run(overview.views()) is first
    admin.ask("PATCH", "/routes/r", {"name": "renamed"})
    assert [view.name for view in asyncio.run(overview.views()).values()] == ["renamed"]


def test_ten_thousand_routes_with_as_many_plugins_take_no_square_of_that() -> None:
    def made(count: int) -> float:
        given = [{"name": f"r{n}", "paths": [f"/r{n}"], "plugins": [ai("openai")]} for n in range(count)]
        config = Config.from_declarative(
            {"_format_version": "3.0", "services": [{"name": "s", "host": "h.test", "routes": given}]}
        )
        started = time.process_time()
        assert len(routes(config)) == count
        return time.process_time() - started

    made(100)
    largest = min(made(4000) for _ in range(3))  # what else the machine does must not count
    assert largest < 40 * max(made(400), 0.005), "ten times as many take about ten times as long"
