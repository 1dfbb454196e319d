"""Mistral: OpenAI's dialect without what it refuses, and behind Ollama."""

from __future__ import annotations

from typing import Any

import pytest
from support.kong_cases import asked, covers, sent, told
from support.provider_checks import CALLED, RESULTS, USER, answered, call, request, streamed
from support.streams import lines, text_of

from gateway.providers import get
from gateway.providers._base import COMPLETIONS, ProviderError

ANSWER = {
    "model": "llama2", "created_at": "2024-01-15T08:13:38.876196Z", "done": True, "prompt_eval_count": 26,
    "message": {"role": "assistant", "content": "The capital is Paris."}, "eval_count": 7,
}  # fmt: skip
OLLAMA: dict[str, Any] = {"mistral_format": "ollama", "upstream_url": "http://127.0.0.1:8911/ollama/api/chat"}


def test_behind_ollama_as_kong_sends_and_answers() -> None:
    made = call("mistral-tiny", **OLLAMA)
    assert not get("mistral").passes(made)
    assert request("mistral", asked("mistralollama chat"), made) == sent("mistralollama chat")
    assert covers(answered("mistral", ANSWER, made), told("mistralollama chat"))
    found, _ = streamed("mistral", lines(ANSWER), call("mistral-tiny", stream=True, **OLLAMA))
    assert text_of(found) == "The capital is Paris."


def test_its_own_api_passes_with_its_own_names() -> None:
    made = call("mistral-small-latest", stream=True, mistral_format="openai", temperature=0.2)
    body = {
        "messages": [USER], "max_completion_tokens": 5, "seed": 3, "top_k": 4, "user": "u", "safe_prompt": True,
        "stream_options": {"include_usage": True},
    }  # fmt: skip
    assert get("mistral").passes(made)
    assert request("mistral", body, made) == {
        "model": "mistral-small-latest", "messages": [USER], "stream": True, "max_tokens": 5, "random_seed": 3,
        "safe_prompt": True, "temperature": 0.2,
    }  # fmt: skip


def test_ids_of_other_providers_become_its_own_and_still_match() -> None:
    made = request("mistral", {"messages": [USER, CALLED, *RESULTS]}, call(mistral_format="openai"))
    ids = [one["id"] for one in made["messages"][1]["tool_calls"]]
    assert all(len(one) == 9 and one.isalnum() for one in ids) and len(set(ids)) == 2
    assert [one["tool_call_id"] for one in made["messages"][2:]] == ids
    assert made["messages"][0] == USER
    own = {"role": "tool", "tool_call_id": "FI5qQGzDE", "content": "x"}
    assert request("mistral", {"messages": [own]}, call())["messages"] == [own]


def test_bytes_are_kept_only_where_nothing_is_renamed() -> None:
    provider = get("mistral")
    assert provider.splices({"messages": [USER], "max_tokens": 3})
    for body in ({"seed": 1}, {"max_completion_tokens": 1}, {"top_k": 1}, {"user": "u"}, {"messages": [CALLED]}):
        assert not provider.splices(body)
    assert not provider.asks_usage(call(stream=True))


def test_there_are_no_completions() -> None:
    with pytest.raises(ProviderError, match="no transformer for mistral://llm/v1/completions"):
        get("mistral").url(call(route_type=COMPLETIONS))


def test_models_that_chat() -> None:
    listed = [
        {"id": "mistral-small-latest", "capabilities": {"completion_chat": True}},
        {"id": "mistral-embed", "capabilities": {"completion_chat": False}},
        {"id": "unsaid"},
    ]
    assert get("mistral").models({"data": listed}) == ["mistral-small-latest", "unsaid"]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, b'{"detail":"Unauthorized"}', "invalid_key"),
        (400, b'{"message":"Invalid model: x","type":"invalid_model","code":"1500"}', "model_not_found"),
        (422, b'{"detail":[{"type":"extra_forbidden","loc":["body","x"],"msg":"Extra inputs"}]}', "bad_request"),
        (429, b'{"message":"Requests rate limit exceeded"}', "rate_limited"),
    ],
)  # fmt: skip
def test_refusals(status: int, body: bytes, kind: str) -> None:
    found = get("mistral").diagnose(status, body)
    assert found.kind == kind
    if status == 422:
        assert "Extra inputs" in found.message
