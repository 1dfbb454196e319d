"""ai-prompt-decorator: messages around the client's, everything else untouched."""

import json
from typing import Any

import pytest
from support.exchange import Gateway, Told, proxied

from gateway.errors import ConfigError

BRIEF = {"role": "system", "content": "Be brief."}
THANKS = {"role": "user", "content": "Thank you."}
ASKED = [{"role": "system", "content": "You are a helper."}, {"role": "user", "content": "Capital of France?"}]


def told(body: Any, headers: dict[str, str] | None = None, **config: Any) -> Told:
    config.setdefault("prompts", {"prepend": [BRIEF], "append": [THANKS]})
    return Gateway(proxied({"name": "ai-prompt-decorator", "config": config})).ask("POST", "/", headers or {}, body)


def refused(got: Told, message: str) -> bool:
    return (got.status, got.json, got.attempts) == (400, {"error": {"message": message}}, [])


def test_before_and_after() -> None:
    assert told({"messages": ASKED}).sent.json["messages"] == [BRIEF, *ASKED, THANKS]
    assert told({"messages": ASKED}, prompts={"prepend": [BRIEF]}).sent.json["messages"] == [BRIEF, *ASKED]
    assert told({"messages": ASKED}, prompts={"append": [THANKS]}).sent.json["messages"] == [*ASKED, THANKS]


def test_every_other_member_stays() -> None:
    body = {"model": "m", "temperature": 0.5, "stream": True, "messages": ASKED, "tools": [{"a": 1}], "big": 2**60}
    sent = told(body).sent.json
    assert {**body, "messages": sent["messages"]} == sent


def test_the_content_length_is_that_of_the_new_body() -> None:
    sent = told({"messages": ASKED}).sent
    assert sent.header("content-length") == str(len(sent.body))


def test_a_role_that_is_not_given_is_the_systems() -> None:
    got = told({"messages": ASKED}, prompts={"prepend": [{"content": "x"}]})
    assert got.sent.json["messages"][0] == {"role": "system", "content": "x"}


@pytest.mark.parametrize("body", [{"prompt": "x"}, {"messages": []}, {}, {"messages": "x"}])
def test_what_is_no_chat(body: dict[str, Any]) -> None:
    assert refused(told(body), "this LLM route only supports llm/chat type requests")


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b"null"])
def test_what_is_no_json_object(body: bytes) -> None:
    assert refused(told(body), "this LLM route only supports application/json requests")


def test_another_content_type() -> None:
    body = json.dumps({"messages": ASKED})
    got = told(body, {"Content-Type": "text/plain"})
    assert refused(got, "this LLM route only supports application/json requests")


def test_a_body_over_the_limit() -> None:
    assert told({"messages": ASKED}, max_request_body_size=10).status == 413


def test_the_system_stands_apart_in_anthropics_dialect() -> None:
    said = [{"role": "user", "content": "hi"}]
    body = {"system": "You are Ada.", "messages": said, "max_tokens": 5}
    got = told(body, llm_format="anthropic").sent.json
    assert [block["text"] for block in got["system"]] == ["Be brief.", "You are Ada."]
    assert got["messages"] == [*said, THANKS]
    assert got["max_tokens"] == 5
    alone = told({"messages": said}, llm_format="anthropic", prompts={"append": [THANKS]}).sent.json
    assert "system" not in alone


def test_the_guard_judges_the_decorated_prompt() -> None:
    plugins = (
        {"name": "ai-prompt-guard", "config": {"deny_patterns": ["Thank you"]}},
        {"name": "ai-prompt-decorator", "config": {"prompts": {"append": [THANKS]}}},
    )
    got = Gateway(proxied(*plugins)).ask("POST", "/", (), {"messages": ASKED})
    assert refused(got, "bad request")


@pytest.mark.parametrize(
    ("prompts", "text"),
    [
        (None, "at least one of these fields must be non-empty: 'config.prompts.prepend', 'config.prompts.append'"),
        ({}, "at least one of these fields must be non-empty"),
        ({"prepend": [{"role": "x", "content": "c"}]}, "expected one of: system, assistant, user"),
        ({"append": [{"role": "user"}]}, "required field missing"),
        ({"append": [BRIEF] * 16}, "length must be at most 15"),
        ({"append": [{"content": "x" * 100_001}]}, "length must be at most 100000"),
    ],
)
def test_configurations_that_are_refused(prompts: Any, text: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        told({}, prompts=prompts)
    assert text in str(refusal.value)


def test_a_long_content_is_taken() -> None:
    long = {"role": "system", "content": "x" * 100_000}
    assert told({"messages": ASKED}, prompts={"prepend": [long]}).sent.json["messages"][0] == long
