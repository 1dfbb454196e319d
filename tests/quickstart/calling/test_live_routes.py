"""The routes of a gateway that runs: what was added by others is there, and which one a word means."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator

import pytest
from support.gateway_process import free_ports
from support.mock_server import Answer, Asked, MockServer
from support.shell import Shell, talking

from quickstart.calling.live_routes import LiveRoute, ask, choose, live_routes, ways
from quickstart.errors import EnvironmentProblem, QuickstartError, UsageError
from quickstart.local_http import request


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    with talking(tmp_path_factory.mktemp("live")) as made:
        yield made


def a(name: str, path: str, operation: str = "chat") -> LiveRoute:
    return LiveRoute(name, name, path, operation, "openai", "OpenAI", "m", "http://h:1/v1", "", {})


ROUTES = [
    a("door", "/v1/chat/completions"), a("b", "/b/chat"), a("a", "/a/chat"), a("a-sdk", "/a/v1/chat/completions"),
]  # fmt: skip


def test_routes_are_those_that_serve_now(shell: Shell) -> None:
    route = {"name": "added", "paths": ["/added/chat"]}
    proxy = {"route_type": "llm/v1/chat", "model": {"provider": "openai", "name": "gpt-6-luna"}}

    def post(path: str, document: object) -> None:
        got = request("127.0.0.1", shell.plan.ports["admin"], "POST", path, json.dumps(document).encode())
        assert got.status == 201, got.body

    post("/services/mock-api/routes", route)
    post("/routes/added/plugins", {"name": "ai-proxy", "config": proxy})
    found = {live.path: live for live in live_routes(shell.plan, {})}
    assert {"/mock/chat", "/mock/v1/messages", "/v1/chat/completions", "/added/chat"} <= set(found)
    assert "/mock/v1/models" not in found, "no model answers there"
    assert found["/added/chat"].title == "OpenAI"
    assert request("127.0.0.1", shell.plan.ports["admin"], "DELETE", "/routes/added").status == 204
    assert "/added/chat" not in {live.path for live in live_routes(shell.plan, {})}


def test_ways_to_call_one_have_its_real_address(shell: Shell) -> None:
    route = choose(live_routes(shell.plan, {}), "mock")
    assert f"http://127.0.0.1:{shell.plan.ports['proxy']}/mock/chat" in ways(shell.plan, {}, route)["curl"]


@pytest.mark.parametrize(
    ("word", "tail", "first", "name"),
    [
        ("", "", (), "a"), ("", "", ("b", "a"), "b"), ("a", "", (), "a"), ("a", "/v1/chat/completions", (), "a-sdk"),
        ("/v1/chat/completions", "", (), "door"), ("front-door", "", (), "door"), ("a-sdk", "", (), "a-sdk"),
        ("b/chat", "", (), "b"), ("", "/v1/chat/completions", (), "a-sdk"),
    ],
)  # fmt: skip
def test_the_route_that_a_word_means(word: str, tail: str, first: tuple[str, ...], name: str) -> None:
    assert choose(ROUTES, word, tail, first).name == name


def test_a_word_that_means_none_is_told_which_there_are() -> None:
    with pytest.raises(UsageError) as caught:
        choose(ROUTES, "c")
    assert "front-door, b, a" in caught.value.hint
    with pytest.raises(UsageError, match="/v1/messages"):
        choose(ROUTES, "", "/v1/messages")


def test_a_gateway_that_does_not_run(shell: Shell) -> None:
    ports = {**shell.plan.ports, "manager": free_ports(1)[0]}
    with pytest.raises(EnvironmentProblem) as caught:
        live_routes(dataclasses.replace(shell.plan, ports=ports), {})
    assert "ai-gateway start" in caught.value.hint


class Listener(MockServer):
    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("kong-admin-token") != "t0k":
            return Answer(401)
        return Answer(200, b"<html>")


def test_a_token_is_sent_where_the_environment_has_one_and_asked_for_where_not(shell: Shell) -> None:
    with Listener() as server:
        plan = dataclasses.replace(shell.plan, ports={**shell.plan.ports, "manager": server.port})
        with pytest.raises(EnvironmentProblem) as caught:
            live_routes(plan, {})
        assert "KONG_ADMIN_TOKEN" in caught.value.hint
        assert ask(plan, {"KONG_ADMIN_TOKEN": "t0k"}, "manager", "/")[0] == 200
        with pytest.raises(QuickstartError, match="not understood"):
            live_routes(plan, {"KONG_ADMIN_TOKEN": "t0k"})


def test_as_health_wants_a_route() -> None:
    described = ROUTES[1].described()
    assert (described.public, described.shown_upstream, described.provider) == ("b", "h:1", "openai")
