"""OpenAI: what it is recorded to get through Kong, and what is its own."""

from __future__ import annotations

import json

import pytest
from support.kong_cases import asked, path, sent
from support.provider_checks import USER, call

from gateway.codec import decode, encode, splice
from gateway.providers import get
from gateway.providers._base import COMPLETIONS, Call

MODEL = "gpt-4o-mini"


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("chat ok", call(MODEL)),
        ("chat ok, body has model same", call(MODEL)),
        ("stream", call(MODEL, stream=True)),
        ("stream with include_usage", call(MODEL, stream=True)),
        ("no auth configured", call(MODEL)),
        ("template on completions", None),
    ],
)
def test_as_kong_sends(name: str, made: Call | None) -> None:
    if made is None:
        completion = call("gpt-3.5-turbo-instruct", COMPLETIONS, upstream_url="http://127.0.0.1:8911/v1/completions")
        assert get("openai").request({"prompt": "Continue: once"}, completion) == sent(name)
        assert get("openai").url(completion).endswith(path(name))
        return
    assert get("openai").passes(made)
    assert get("openai").request(asked(name), made) == sent(name)


def test_a_spliced_body_is_the_same_request() -> None:
    raw = encode(asked("chat ok"))
    spliced = splice(raw, decode(raw), {"model": MODEL, "stream": False})
    assert spliced is not None
    assert decode(spliced) == sent("chat ok")


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-4o-mini", "max_tokens"),
        ("gpt-4.1", "max_tokens"),
        ("gpt-6-luna", "max_completion_tokens"),
        ("gpt-5.4-mini", "max_completion_tokens"),
        ("gpt-10", "max_completion_tokens"),
        ("o3", "max_completion_tokens"),
        ("openrouter/x", "max_tokens"),
    ],
)
def test_a_configured_limit_has_the_name_the_model_takes(model: str, name: str) -> None:
    made = get("openai").request({"messages": [USER]}, call(model, max_tokens=5))
    assert {"max_tokens", "max_completion_tokens"} & set(made) == {name}
    assert made[name] == 5


def test_a_clients_own_limit_is_its_own() -> None:
    assert get("openai").request({"messages": [USER], "max_tokens": 3}, call("gpt-6-luna"))["max_tokens"] == 3


def test_models_that_chat() -> None:
    listed = {"object": "list", "data": [{"id": "gpt-6-luna"}, {"id": "whisper-1"}, {"id": "text-embedding-3-small"}]}
    assert get("openai").models(listed) == ["gpt-6-luna"]


def test_the_first_proposal_is_cheap_and_alive() -> None:
    assert get("openai").catalogue[0] == "gpt-6-luna"
    assert "gpt-3.5-turbo" in get("openai").retired


def test_a_rejected_key() -> None:
    error = {
        "message": "Incorrect API key provided: sk-bad.",
        "type": "invalid_request_error",
        "code": "invalid_api_key",
    }
    assert get("openai").diagnose(401, json.dumps({"error": error}).encode()).kind == "invalid_key"
