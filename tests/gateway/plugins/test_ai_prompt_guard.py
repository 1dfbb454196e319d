"""ai-prompt-guard: what is let through, as Kong 3.9.1 decided, and that there is no way around it."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.exchange import Gateway, Told, proxied

from gateway.errors import ConfigError

HELPER = {"role": "system", "content": "You are a helper."}


def guard(**config: Any) -> Gateway:
    return Gateway(proxied({"name": "ai-prompt-guard", "config": config}))


def passes(told: Told) -> bool:
    if told.status == 200:
        return True
    assert (told.status, told.body, told.attempts) == (400, b'{"error":{"message":"bad request"}}', [])
    assert told.header("content-type") == "application/json; charset=utf-8"
    return False


def chat(*contents: Any, role: str = "user") -> dict[str, Any]:
    return {"messages": [{"role": role, "content": content} for content in contents]}


@pytest.mark.parametrize(
    ("config", "body", "passed"),
    [
        ({"deny_patterns": [".*(P|p)assword.*", ".*ssn.*"]}, chat("What is the password?"), False),
        ({"deny_patterns": [".*(P|p)assword.*"]}, {"messages": [*chat("password", role="system")["messages"]]}, True),
        ({"deny_patterns": [".*(P|p)assword.*"]}, chat("What is the PASSWORD?"), True),
        ({"deny_patterns": ["(?i)password"]}, chat("What is the PASSWORD?"), False),
        ({"allow_patterns": [".*(P|p)ostgres.*"]}, {"messages": [HELPER, *chat("Capital?")["messages"]]}, False),
        ({"allow_patterns": [".*(P|p)ostgres.*"]}, chat("about Postgres"), True),
        ({"allow_patterns": ["a", "b"]}, chat("b"), True),
        ({"allow_patterns": ["postgres"], "deny_patterns": ["oracle"]}, chat("postgres or oracle"), False),
        ({"allow_patterns": ["postgres"], "deny_patterns": ["oracle"]}, chat("postgres or"), True),
        ({"deny_patterns": ["secret"]}, {"prompt": "a secret"}, False),
        ({"deny_patterns": ["secret"]}, {"prompt": "nothing"}, True),
        ({"deny_patterns": ["secret"]}, {"prompt": ["nothing", "a secret"]}, False),
        ({"deny_patterns": ["two one"]}, chat("one", "two"), False),
        ({"deny_patterns": ["^two one $"]}, chat("one", "two"), False),
    ],
)
def test_decisions(config: dict[str, Any], body: dict[str, Any], passed: bool) -> None:
    told = guard(**config).ask("POST", "/", (), body)
    assert passes(told) is passed
    if passed:
        assert told.sent.json == body


CONVERSATION = {
    "messages": [
        {"role": "user", "content": "secret"},
        {"role": "assistant", "content": "no"},
        {"role": "user", "content": "hi"},
    ]
}


def test_the_whole_conversation_counts_unless_history_is_let_alone() -> None:
    assert not passes(guard(deny_patterns=["secret"]).ask("POST", "/", (), CONVERSATION))
    lenient = guard(deny_patterns=[".*secret.*"], allow_all_conversation_history=True)
    assert passes(lenient.ask("POST", "/", (), CONVERSATION))
    assert not passes(lenient.ask("POST", "/", (), chat("x", "secret")))


@pytest.mark.parametrize("role", ["system", "assistant", "developer", "tool"])
def test_other_roles_count_when_asked(role: str) -> None:
    body = {"messages": [{"role": role, "content": "secret"}, {"role": "user", "content": "hi"}]}
    assert passes(guard(deny_patterns=["secret"]).ask("POST", "/", (), body))
    assert not passes(guard(deny_patterns=["secret"], match_all_roles=True).ask("POST", "/", (), body))


@pytest.mark.parametrize("role", ["User", "USER", "human", "", None, 7, "owner"])
def test_an_invented_role_is_the_users(role: Any) -> None:
    body = {"messages": [{"role": role, "content": "secret"}]}
    assert not passes(guard(deny_patterns=["secret"]).ask("POST", "/", (), body))


PICTURE = {"type": "image_url", "image_url": {"url": "https://a.test/secret.png"}}


@pytest.mark.parametrize(
    ("content", "passed"),
    [
        ([{"type": "text", "text": "a secret"}, PICTURE], False),
        ([{"type": "text", "text": "harmless"}, PICTURE], True),
        ([PICTURE], True),
        ([{"type": "text", "text": "sec"}, {"type": "text", "text": "ret"}], False),
        ([{"type": "input_text", "text": "a secret"}], False),
        (["a secret"], False),
        ([{"text": "a secret"}], False),
        ([{"type": "tool_result", "content": [{"type": "text", "text": "a secret"}]}], False),
        ([{"type": "tool_result", "content": "a secret"}], False),
        ([{"type": "document", "source": {"type": "text", "data": "a secret"}}], False),
        ([{"type": "image", "source": {"type": "base64", "data": "secret"}}], True),
        (None, True),
    ],
)
def test_contents_in_parts(content: Any, passed: bool) -> None:
    assert passes(guard(deny_patterns=["secret"]).ask("POST", "/", (), chat(content))) is passed


def test_words_of_several_parts_meet_an_allowed_pattern_together() -> None:
    content = [{"type": "text", "text": "about"}, {"type": "text", "text": "postgres"}]
    assert passes(guard(allow_patterns=["^about postgres"]).ask("POST", "/", (), chat(content)))


@pytest.mark.parametrize(
    "body",
    [
        {"input": "a secret"},
        {"input": [{"role": "user", "content": [{"type": "input_text", "text": "a secret"}]}]},
        {"input": [{"type": "function_call_output", "output": "a secret"}]},
        {"input": ["a secret"]},
        {"contents": [{"role": "user", "parts": [{"text": "a secret"}]}]},
        {"messages": [{"role": "user", "content": [{"text": "a secret"}]}]},
        {"messages": [{"role": "user", "content": "hi"}], "prompt": "a secret"},
        {"messages": [{"role": "user", "content": "hi"}], "input": "a secret"},
    ],
)
def test_the_words_of_other_dialects_are_found(body: dict[str, Any]) -> None:
    assert not passes(guard(deny_patterns=["secret"]).ask("POST", "/", (), body))


@pytest.mark.parametrize("where", ["system", "instructions", "systemInstruction"])
def test_instructions_beside_the_messages_are_the_systems(where: str) -> None:
    body = {**chat("hi"), where: "secret"}
    assert passes(guard(deny_patterns=["secret"]).ask("POST", "/", (), body))
    assert not passes(guard(deny_patterns=["secret"], match_all_roles=True).ask("POST", "/", (), body))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b'"text"',
        b"null",
        b"{}",
        b'{"foo":1}',
        b'{"messages":[]}',
        b'{"messages":"text"}',
        b'{"messages":["text"]}',
        b'{"messages":[{"role":"user","content":7}]}',
        b'{"messages":[{"role":"user","content":[7]}]}',
        b'{"prompt":[1,2,3]}',
        b'{"prompt":{}}',
        b'{"prompt":[]}',
        b'{"contents":"x"}',
    ],
)
def test_what_cannot_be_read_is_refused(body: bytes) -> None:
    told = guard(deny_patterns=["secret"]).ask("POST", "/", {"Content-Type": "application/json"}, body)
    assert not passes(told)


def test_another_content_type_is_refused_and_none_is_json() -> None:
    asked = guard(deny_patterns=["secret"])
    body = json.dumps(chat("hi"))
    assert not passes(asked.ask("POST", "/", {"Content-Type": "text/plain"}, body))
    assert passes(asked.ask("POST", "/", {"Content-Type": "application/json; charset=utf-8"}, body))
    assert passes(asked.ask("POST", "/", (), body))


def test_a_body_over_the_limit_says_so() -> None:
    told = guard(deny_patterns=["secret"], max_request_body_size=50).ask("POST", "/", (), chat("x" * 50))
    assert told.status == 413
    assert "max_request_body_size (50)" in told.json["error"]["message"]
    assert passes(guard(deny_patterns=["secret"]).ask("POST", "/", (), chat("x" * 500_000)))


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+b", "(.*)*x(.*)*y", r"^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_no_pattern_stalls_the_gateway(pattern: str) -> None:
    asked = guard(deny_patterns=[pattern])
    started = time.process_time()
    asked.ask("POST", "/", (), chat("a" * 100_000 + "!"))
    assert time.process_time() - started < 6


@pytest.mark.parametrize("field", ["allow_patterns", "deny_patterns"])
@pytest.mark.parametrize("bad", ["(", "[z-a]", r"(?=x)y", r"(a)\1", "a{2000}"])
def test_a_pattern_that_cannot_run_is_told_with_its_place(field: str, bad: str) -> None:
    with pytest.raises(ConfigError) as refused:
        guard(**{field: ["fine", bad]})
    assert field in str(refused.value)
    assert bad in str(refused.value)


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({}, "at least one of these fields must be non-empty: 'config.allow_patterns', 'config.deny_patterns'"),
        ({"deny_patterns": [f"p{number}" for number in range(11)]}, "length must be at most 10"),
        ({"deny_patterns": ["x" * 501]}, "length must be at most 500"),
        ({"deny_patterns": [""]}, "length must be at least 1"),
        (
            {"deny_patterns": ["x"], "match_all_roles": True, "allow_all_conversation_history": True},
            "failed conditional validation given value of field 'config.match_all_roles'",
        ),
    ],
)
def test_configurations_that_are_refused(config: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        guard(**config)
    assert text in str(refused.value)


WORD = "forbidden"
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.lists(JSON_VALUES, max_size=3), st.lists(st.sampled_from(["text", "parts", "content"]), max_size=4))
def test_a_word_of_the_user_is_found_wherever_it_stands(before: list[Any], path: list[str]) -> None:
    content: Any = WORD
    for key in path:
        content = [{key: content}]
    body = {"messages": [{"role": "user", "content": ["hello", content]}], "extra": before}
    assert not passes(guard(deny_patterns=[WORD]).ask("POST", "/", (), body))


@given(JSON_VALUES)
def test_any_json_is_judged_or_refused(body: Any) -> None:
    raw = json.dumps(body).encode()
    told = guard(deny_patterns=["secret"]).ask("POST", "/", {"Content-Type": "application/json"}, raw)
    assert told.status in (200, 400)


def test_patterns_do_not_reach_into_each_other() -> None:
    asked = guard(deny_patterns=["(?i)first", "second", "a|b"])
    assert not passes(asked.ask("POST", "/", (), chat("FIRST")))
    assert passes(asked.ask("POST", "/", (), chat("SECOND")))
    assert not passes(asked.ask("POST", "/", (), chat("b")))


def test_patterns_that_are_too_large_together_run_one_by_one() -> None:
    large = [f"x{number}" + r"(\pL{1,10}){1,10}" for number in range(10)]
    asked = guard(deny_patterns=large)
    (plugin,) = asked.snapshot.plugins.values()
    assert len(plugin.deny._engines) == 10  # type: ignore[attr-defined]
    assert not passes(asked.ask("POST", "/", (), chat("x9abc")))
    assert passes(asked.ask("POST", "/", (), chat("y9abc")))
