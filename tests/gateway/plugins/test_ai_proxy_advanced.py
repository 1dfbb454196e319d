"""ai-proxy-advanced from the client's request to the client's answer, the upstreams played by the test."""

import json
from typing import Any

import pytest
from support.exchange import Answer, Gateway, Told

from gateway.errors import ConfigError

HI = {"messages": [{"role": "user", "content": "Hi"}]}
CHAT = {
    "id": "c",
    "model": "m",
    "choices": [{"message": {"role": "assistant", "content": "Yes."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
}
MESSAGE = {"content": [{"type": "text", "text": "Yes."}], "usage": {"input_tokens": 4, "output_tokens": 1}}


def target(public: str, provider: str, name: str | None, **more: Any) -> dict[str, Any]:
    model = {"provider": provider, "name": name, "model_alias": public, "options": more.pop("options", None)}
    auth = {"header_name": "Authorization", "header_value": f"Bearer {public}"}
    return {"route_type": "llm/v1/chat", "model": model, "auth": auth, **more}


TARGETS = [
    target("openai", "openai", "gpt-6-luna", logging={"log_statistics": True}),
    target("groq", "openai", "gpt-oss", options={"upstream_url": "https://api.groq.com/openai/v1/chat/completions"}),
    target("anthropic", "anthropic", "claude", options={"anthropic_version": "2023-06-01"}),
]


def gateway(targets: Any = TARGETS, *others: Any, **config: Any) -> Gateway:
    plugin = {"name": "ai-proxy-advanced", "config": {"targets": targets, **config}}
    route = {"name": "r", "paths": ["/"], "plugins": [plugin, *others]}
    return Gateway({"services": [{"name": "s", "url": "http://unused.test", "routes": [route]}]})


def ask(made: Gateway, body: Any = None, answer: Any = CHAT, **more: Any) -> Told:
    said = Answer(200, {"Content-Type": "application/json"}, json.dumps(answer).encode())
    return made.ask("POST", "/", (), {**(HI if body is None else body), **more}, answer=said)


@pytest.mark.parametrize(
    ("model", "host", "key"),
    [
        ("openai", "api.openai.com", "openai"),
        ("gpt-6-luna", "api.openai.com", "openai"),
        ("groq/gpt-oss", "api.groq.com", "groq"),
        (None, "api.openai.com", "openai"),
    ],
)
def test_the_model_chooses_the_target(model: str | None, host: str, key: str) -> None:
    told = ask(gateway(), model=model)
    assert told.sent.origin.host == host
    assert told.sent.header("authorization") == f"Bearer {key}"
    assert told.sent.json["model"] in ("gpt-6-luna", "gpt-oss")
    assert told.json["choices"][0]["message"]["content"] == "Yes."


def test_a_target_may_be_translated() -> None:
    told = ask(gateway(), answer=MESSAGE, model="anthropic/claude")
    assert (told.sent.path, told.sent.json["model"]) == ("/v1/messages", "claude")
    assert told.json["choices"][0]["message"]["content"] == "Yes."
    assert told.header("x-kong-llm-model") == "anthropic/claude"


def test_an_unknown_model_is_a_400_that_lists_the_known() -> None:
    told = ask(gateway(), model="gpt-2")
    assert told.status == 400
    assert told.json["error"]["message"].startswith("cannot use own model - must be one of: openai, groq, anthropic, ")
    told = ask(gateway(llm_format="anthropic"), model="gpt-2")
    assert told.json["error"]["type"] == "invalid_request_error"


def test_clients_of_messages_reach_every_target() -> None:
    made = gateway(llm_format="anthropic")
    assert ask(made, model="openai").json["content"] == [{"type": "text", "text": "Yes."}]
    told = ask(made, answer=MESSAGE, model="anthropic")
    assert told.json == MESSAGE
    assert told.sent.json["model"] == "claude"


def test_a_body_that_is_none_is_told_as_ai_proxy_tells_it() -> None:
    told = gateway().ask("POST", "/", (), b"[]")
    assert (told.status, told.json) == (400, {"error": {"message": "request body doesn't contain valid prompts"}})


def test_an_open_target_is_asked_for_the_clients_model() -> None:
    made = gateway([target("openai", "openai", None), target("mistral", "mistral", None,
                                                            options={"mistral_format": "openai"})])  # fmt: skip
    assert ask(made, model="mistral/mistral-embed").sent.json["model"] == "mistral-embed"


def test_targets_without_aliases_take_turns_by_weight() -> None:
    heavy = {**target("", "openai", "a", weight=300), "model": {"provider": "openai", "name": "a"}}
    light = {**target("", "openai", "b", weight=100), "model": {"provider": "openai", "name": "b"}}
    made = gateway([heavy, light])
    assert [ask(made).sent.json["model"] for _ in range(4)] == ["a", "a", "b", "a"]


def test_what_was_used_is_logged_for_the_target_that_answered() -> None:
    made = gateway()
    told = ask(made, model="openai")
    plugin = next(iter(made.snapshot.plugins.values()))
    logged = plugin.logged(told.exchange)["ai"]["proxy"]
    assert (logged["meta"]["provider_name"], logged["usage"]["total_tokens"]) == ("openai", 5)
    assert plugin.logged(ask(made, model="groq").exchange) == {}
    assert plugin.provider_names() == ("openai", "anthropic")  # type: ignore[attr-defined]


def test_a_target_that_cannot_be_made_is_named() -> None:
    with pytest.raises(ConfigError, match="model"):
        gateway([target("x", "openai", "m", options={"upstream_url": "ftp://x"})])


def test_a_client_of_messages_is_answered_by_the_next_target_in_its_own_words() -> None:
    made = gateway(
        [
            {**TARGETS[0], "model": {"provider": "openai", "name": "a"}},
            {**TARGETS[2], "model": {**TARGETS[2]["model"], "model_alias": None}},
        ],
        llm_format="anthropic",
        balancer={"failover_criteria": ["error", "timeout", "http_500"]},
    )
    kind = {"Content-Type": "application/json"}
    answers = [Answer(500, kind, b'{"error":{"message":"down"}}'), Answer(200, kind, json.dumps(MESSAGE).encode())]
    told = made.ask("POST", "/", (), {**HI, "max_tokens": 5}, answer=lambda sent: answers.pop(0))
    assert [sent.path for sent in told.attempts] == ["/v1/chat/completions", "/v1/messages"]
    assert told.attempts[1].json == {**HI, "max_tokens": 5, "model": "claude"}
    assert (told.status, told.json) == (200, MESSAGE)
