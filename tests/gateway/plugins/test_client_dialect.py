"""Clients of other dialects than OpenAI's chat, from their request to what goes up."""

import json
from typing import Any

import pytest
from support.exchange import Answer, Gateway, Told

from gateway.errors import ConfigError

HI = {"max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
ANTHROPIC = {
    "model": {"provider": "anthropic", "name": "claude-haiku-5-5", "options": {"anthropic_version": "2023-06-01"}},
    "auth": {"header_name": "x-api-key", "header_value": "sk-ours"},
}
ELSEWHERE = {"model": {"options": {"upstream_url": "http://up.test/v1/chat/completions"}}}


def gateway(**changes: Any) -> Gateway:
    model = {"provider": "openai", "name": "gpt-6-luna", "model_alias": "mine", **changes.pop("model", {})}
    config = {
        "route_type": "llm/v1/chat",
        "model": model,
        "auth": {"header_name": "Authorization", "header_value": "Bearer sk-ours"},
        **changes,
    }
    route = {"name": "r", "paths": ["/"], "plugins": [{"name": "ai-proxy", "config": config}]}
    return Gateway({"services": [{"name": "s", "url": "http://unused.test", "routes": [route]}]})


def ask(made: Gateway, body: Any, headers: Any = (), target: str = "/", answer: Any = None) -> Told:
    return made.ask("POST", target, headers, body, answer=answer or Answer(500, {}, b"{}"))


def responses(**changes: Any) -> Gateway:
    return gateway(route_type="llm/v1/responses", **changes)


# -- translated -----------------------------------------------------------------------------------------------------


def test_messages_go_up_as_a_chat() -> None:
    sent = ask(gateway(llm_format="anthropic"), {**HI, "model": "mine", "system": "Be short."}).sent
    assert sent.path == "/v1/chat/completions"
    assert sent.json == {
        "messages": [{"role": "system", "content": "Be short."}, *HI["messages"]],  # type: ignore[misc]
        "max_completion_tokens": 9,
        "model": "gpt-6-luna",
        "stream": False,
    }


def test_messages_go_up_in_a_third_dialect() -> None:
    auth = {"header_name": "x-goog-api-key", "header_value": "k"}
    made = gateway(llm_format="anthropic", model={"provider": "gemini", "name": "gemini-3.8-flash"}, auth=auth)
    sent = ask(made, HI).sent
    assert sent.json["contents"] == [{"role": "user", "parts": [{"text": "Hi"}]}]
    assert sent.json["generationConfig"]["maxOutputTokens"] == 9


def test_responses_go_up_as_a_chat_where_the_upstream_has_none() -> None:
    sent = ask(responses(**ELSEWHERE), {"input": "Hi", "instructions": "Be short.", "max_output_tokens": 9}).sent
    assert sent.path == "/v1/chat/completions"
    assert [message["role"] for message in sent.json["messages"]] == ["system", "user"]
    sent = ask(responses(**ANTHROPIC), {"input": "Hi"}).sent
    assert sent.path == "/v1/messages"
    assert sent.json["messages"] == [{"role": "user", "content": "Hi"}]


def test_a_streams_usage_is_always_asked_for() -> None:
    sent = ask(gateway(llm_format="anthropic"), {**HI, "stream": True}).sent
    assert sent.json["stream_options"] == {"include_usage": True}
    mistral = {"provider": "mistral", "name": "mistral-small-latest", "options": {"mistral_format": "openai"}}
    sent = ask(gateway(llm_format="anthropic", model=mistral), {**HI, "stream": True}).sent
    assert "stream_options" not in sent.json  # which it refuses; it tells its usage unasked
    assert sent.json["max_tokens"] == 9


def test_a_query_for_the_dialects_own_server_stays_here() -> None:
    assert ask(gateway(llm_format="anthropic"), HI, target="/?beta=true").sent.path == "/v1/chat/completions"


def test_the_clients_key_stays_here() -> None:
    sent = ask(gateway(llm_format="anthropic"), HI, {"X-Api-Key": "mine"}).sent
    assert (sent.header("authorization"), sent.header("x-api-key")) == ("Bearer sk-ours", None)


def test_configured_options_win() -> None:
    made = gateway(llm_format="anthropic", model={"options": {"max_tokens": 3, "temperature": 0.1}})
    sent = ask(made, {**HI, "temperature": 1}).sent.json
    assert (sent["max_completion_tokens"], sent["temperature"]) == (3, 0.1)
    sent = ask(gateway(llm_format="anthropic", **ANTHROPIC), {**HI, "temperature": 1}).sent.json
    assert sent["max_tokens"] == 9


# -- native ---------------------------------------------------------------------------------------------------------


def test_messages_for_anthropic_keep_every_byte() -> None:
    raw = (
        b'{ "model":"claude-haiku-5-5", "max_tokens":9,"messages":[{"role":"user","content":"\\u00e9"}],"x_new":[1.0]}'
    )
    headers = {"Content-Type": "application/json", "anthropic-version": "2026-10-21", "anthropic-beta": "a,b"}
    sent = ask(gateway(llm_format="anthropic", **ANTHROPIC), raw, headers, "/v1/messages?beta=true").sent
    assert sent.body == raw
    assert sent.path == "/v1/messages?beta=true"
    assert (sent.header("anthropic-version"), sent.header("anthropic-beta")) == ("2026-10-21", "a,b")
    assert sent.header("x-api-key") == "sk-ours"


def test_a_client_without_a_version_gets_the_configured_one() -> None:
    sent = ask(gateway(llm_format="anthropic", **ANTHROPIC), HI, {"Authorization": "Bearer mine"}).sent
    assert sent.header("anthropic-version") == "2023-06-01"
    assert sent.header("authorization") is None
    assert sent.json == {**HI, "model": "claude-haiku-5-5"}


def test_messages_for_anthropic_are_tuned() -> None:
    model = {**ANTHROPIC["model"], "options": {"anthropic_version": "2023-06-01", "max_tokens": 3}}  # type: ignore[dict-item]
    sent = ask(gateway(llm_format="anthropic", **{**ANTHROPIC, "model": model}), HI).sent
    assert sent.json == {**HI, "model": "claude-haiku-5-5", "max_tokens": 3}


def test_responses_for_openai_keep_every_byte() -> None:
    raw = b'{ "model":"gpt-6-luna","input":[{"type":"item_reference","id":"x"}],"previous_response_id":"resp_1"}'
    sent = ask(responses(), raw, {"Content-Type": "application/json"}).sent
    assert (sent.path, sent.body) == ("/v1/responses", raw)
    assert ask(responses(), {"input": "Hi", "model": "mine"}).sent.json == {"model": "gpt-6-luna", "input": "Hi"}


def test_responses_can_be_forced_to_stream() -> None:
    assert ask(responses(response_streaming="always"), {"input": "Hi"}).sent.json["stream"] is True
    alias = ask(responses(response_streaming="always"), {"input": "Hi", "model": "mine"}).sent.json
    assert alias == {"input": "Hi", "model": "gpt-6-luna", "stream": True}


def test_embeddings_pass() -> None:
    made = gateway(route_type="llm/v1/embeddings", model={"name": None, "model_alias": None})
    sent = ask(made, {"input": ["a", "b"], "model": "text-embedding-3-small", "encoding_format": "base64"}).sent
    assert sent.path == "/v1/embeddings"
    assert sent.json == {"input": ["a", "b"], "model": "text-embedding-3-small", "encoding_format": "base64"}
    shorter = {"name": "text-embedding-3-small", "options": {"embeddings_dimensions": 8}}
    sent = ask(gateway(route_type="llm/v1/embeddings", model=shorter), {"input": "a", "model": "mine"}).sent
    assert sent.json == {"input": "a", "model": "text-embedding-3-small", "dimensions": 8}


def test_embeddings_of_a_provider_that_must_be_translated_are_refused() -> None:
    auth = {"header_name": "Authorization", "header_value": "Bearer k"}
    for provider in ("cohere", "gemini"):
        made = gateway(route_type="llm/v1/embeddings", model={"provider": provider, "name": "m"}, auth=auth)
        told = ask(made, {"input": "a"})
        assert told.status == 400
        assert told.json["error"]["message"] == f"no transformer for {provider}://llm/v1/embeddings"


# -- refused --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "request body doesn't contain valid prompts"),
        ({"messages": []}, "request body doesn't contain valid prompts"),
        (b"[", "request body doesn't contain valid prompts"),
        ({**HI, "model": "other"}, "cannot use own model - must be one of: mine, gpt-6-luna"),
        ({**HI, "stream": "yes"}, "'stream' must be true or false"),
        ({**HI, "mcp_servers": [{}]}, "'mcp_servers' are called by Anthropic itself"),
    ],
)
def test_refusals_are_said_in_the_clients_dialect(body: Any, message: str) -> None:
    told = ask(gateway(llm_format="anthropic"), body)
    assert told.status == 400
    assert told.json["type"] == "error"
    assert told.json["error"]["type"] == "invalid_request_error"
    assert told.json["error"]["message"].startswith(message)
    assert told.json["request_id"].startswith("req_")


def test_the_body_limit_is_told_in_the_clients_dialect() -> None:
    told = ask(gateway(llm_format="anthropic", max_request_body_size=10), HI)
    assert (told.status, told.json["error"]["type"]) == (413, "request_too_large")


def test_responses_refusals_have_openais_shape() -> None:
    told = ask(responses(**ELSEWHERE), {"input": "Hi", "previous_response_id": "resp_1"})
    assert told.status == 400
    assert told.json["error"]["type"] == "invalid_request_error"
    assert "'previous_response_id'" in told.json["error"]["message"]
    told = ask(responses(response_streaming="deny"), {"input": "Hi", "stream": True})
    assert told.json["error"]["message"] == "response streaming is not enabled for this LLM"


@pytest.mark.parametrize("route_type", ["llm/v1/completions", "llm/v1/responses", "preserve"])
def test_messages_are_chats(route_type: str) -> None:
    with pytest.raises(ConfigError, match="llm_format 'anthropic' can only be used"):
        gateway(llm_format="anthropic", route_type=route_type)


def test_a_prompt_that_another_plugin_changed_goes_up_changed() -> None:
    config = {"route_type": "llm/v1/chat", "llm_format": "anthropic", **ANTHROPIC}
    decorator = {
        "name": "ai-prompt-decorator",
        "config": {"prompts": {"append": [{"role": "user", "content": "Be kind."}]}},
    }
    route = {"name": "r", "paths": ["/"], "plugins": [{"name": "ai-proxy", "config": config}, decorator]}
    made = Gateway({"services": [{"name": "s", "url": "http://unused.test", "routes": [route]}]})
    sent = ask(made, HI).sent
    assert json.loads(sent.body)["messages"][-1] == {"role": "user", "content": "Be kind."}
