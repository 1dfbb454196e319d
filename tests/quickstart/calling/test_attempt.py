"""What people are told after a question: what it used, what limits leave, and why there is no answer."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator

import pytest
from support.gateway_process import free_ports
from support.launched import CANARY
from support.shell import Shell, talking

from quickstart.calling.attempt import Attempt
from quickstart.calling.live_routes import choose, live_routes
from quickstart.local_http import request


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    with talking(tmp_path_factory.mktemp("attempt")) as made:
        yield made


def asked(shell: Shell, word: str, prompt: str = "Hi", **environ: str) -> Attempt:
    made = Attempt(shell.plan, choose(live_routes(shell.plan, {}), word), prompt, environ)
    made.run()
    return made


def admin(shell: Shell, method: str, path: str, document: object = None) -> int:
    body = json.dumps(document).encode() if document is not None else b""
    return request("127.0.0.1", shell.plan.ports["admin"], method, path, body).status


def test_an_answer_and_what_it_used(shell: Shell) -> None:
    made = asked(shell, "mock")
    assert made.ok and made.told.text == "You said: Hi"
    assert made.summary().startswith("11 in, 7 out, ")
    assert made.title == "/mock/chat  gpt-6-luna"
    document = made.as_document()
    assert (document["ok"], document["prompt_tokens"], document["error"]) == (True, 11, "")


@pytest.mark.parametrize(("strategy", "left", "window"), [("total_tokens", 82, 100), ("completion_tokens", 93, 200)])
def test_a_limit_of_the_gateway_is_told_as_it_is_after_the_answer(
    shell: Shell, strategy: str, left: int, window: int
) -> None:
    """A stream's headers left before it was counted: they say 100 of 100."""
    config = {
        "identifier": "ip", "tokens_count_strategy": strategy,
        "llm_providers": [{"name": "openai", "limit": 100, "window_size": window}],
    }  # fmt: skip
    plugin = {"name": "ai-rate-limiting-advanced", "config": config}
    assert admin(shell, "PUT", "/services/mock-api/plugins/00000000-0000-4000-8000-00000000000a", plugin) == 200
    try:
        made = asked(shell, "mock")
        assert made.told.headers[f"x-ai-ratelimit-remaining-{window}-openai"] == "100"
        assert made.summary().endswith(f"s, {left} of 100 left")
        assert made.limit_lines() == [f"gateway: {left} of 100 tokens left per {window} s"]
        while asked(shell, "mock").ok:
            pass
        message, hint = asked(shell, "mock").problem()
        assert "the gateway's own limit" in message and "ai-gateway limit mock off" in hint
    finally:
        assert admin(shell, "DELETE", "/plugins/00000000-0000-4000-8000-00000000000a") == 204


def test_a_providers_refusal_is_told_in_its_meaning(shell: Shell) -> None:
    made = asked(shell, "sour")
    message, hint = made.problem()
    assert not made.ok
    assert message.startswith("/sour/chat: ") and "credit" in message
    assert f"ai-gateway logs {made.told.request_id[-8:]}" in hint


def test_a_route_that_asks_for_a_key(shell: Shell) -> None:
    plugin = {"name": "key-auth", "config": {}}
    assert admin(shell, "PUT", "/services/mock-api/plugins/00000000-0000-4000-8000-00000000000b", plugin) == 200
    admin(shell, "PUT", "/consumers/ada", {"username": "ada"})
    admin(shell, "POST", "/consumers/ada/key-auth", {"key": "client-key"})
    try:
        _, hint = asked(shell, "mock").problem()
        assert "AI_GATEWAY_CLIENT_KEY" in hint
        assert asked(shell, "mock", AI_GATEWAY_CLIENT_KEY="client-key").ok
    finally:
        assert admin(shell, "DELETE", "/plugins/00000000-0000-4000-8000-00000000000b") == 204


def test_without_a_gateway(shell: Shell) -> None:
    route = choose(live_routes(shell.plan, {}), "mock")
    plan = dataclasses.replace(shell.plan, ports={**shell.plan.ports, "proxy": free_ports(1)[0]})
    made = Attempt(plan, route, "Hi", {})
    made.run()
    message, hint = made.problem()
    assert "does not answer" in message and "ai-gateway start" in hint


def test_an_answer_moves_no_cursor_and_shows_no_key(shell: Shell) -> None:
    made = asked(shell, "mock", "a\x1b[2Jb\nc\td")
    shown = "".join(Attempt(shell.plan, made.route, "a\x1b[2Jb\nc\td", {}).pieces())
    assert shown == "You said: a[2Jb\nc\td"
    assert CANARY not in repr(made) + str(made.as_document())
