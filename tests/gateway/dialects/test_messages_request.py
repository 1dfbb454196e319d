"""Messages requests as OpenAI chats: one golden pair with everything, and each rule by itself."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.golden import check_golden

from gateway.dialects._base import DialectError
from gateway.dialects._messages_request import as_chat

GOLDEN = Path(__file__).parent / "golden"
HI = [{"role": "user", "content": "Hi"}]
EVERYTHING: dict[str, Any] = {
    "model": "claude-haiku-5-5",
    "max_tokens": 1024,
    "system": [{"type": "text", "text": "Be short.", "cache_control": {"type": "ephemeral"}},
               {"type": "text", "text": "Use tools."}],
    "stop_sequences": ["END"],
    "temperature": 0.5,
    "top_p": 0.9,
    "top_k": 5,
    "seed": 7,
    "stream": True,
    "metadata": {"user_id": "u-1"},
    "service_tier": "auto",
    "thinking": {"type": "enabled", "budget_tokens": 10000},
    "output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}},
    "tools": [
        {"name": "weather", "description": "Weather of a city", "cache_control": {"type": "ephemeral"},
         "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}},
        {"type": "custom", "name": "now"},
    ],
    "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
    "messages": [
        {"role": "user", "content": [
            {"type": "text", "text": "What is this?"},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aWJhc2U="}},
            {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
            {"type": "document", "title": "a.pdf",
             "source": {"type": "base64", "media_type": "application/pdf", "data": "cGRm"}},
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "plain words"}},
            {"type": "search_result", "title": "T", "source": "https://example.com",
             "content": [{"type": "text", "text": "found"}]},
        ]},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
            {"type": "text", "text": "Let me look."},
            {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Paris"}},
            {"type": "tool_use", "id": "toolu_2", "name": "now", "input": {}},
        ]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "toolu_1", "content": "18 degrees"},
            {"type": "tool_result", "tool_use_id": "toolu_2", "is_error": True, "content": [
                {"type": "text", "text": "no clock"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "YQ=="}}]},
            {"type": "text", "text": "And now?"},
        ]},
        {"role": "system", "content": "Answer in French."},
        {"role": "assistant", "content": "Bon."},
        {"role": "user", "content": [{"type": "text", "text": "Merci"}]},
    ],
}  # fmt: skip


def chat(**members: Any) -> dict[str, Any]:
    return as_chat({"messages": HI, **members})


def test_everything_at_once() -> None:
    before = copy.deepcopy(EVERYTHING)
    made = as_chat(EVERYTHING)
    assert before == EVERYTHING
    check_golden(GOLDEN / "messages_request.chat.json", json.dumps(made, indent=1) + "\n")


def test_a_plain_request_stays_plain() -> None:
    assert chat(model="m", max_tokens=5) == {"messages": HI, "max_tokens": 5}


@pytest.mark.parametrize(
    ("choice", "made"),
    [
        ({"type": "auto"}, {"tool_choice": "auto"}),
        ({"type": "any"}, {"tool_choice": "required"}),
        ({"type": "none"}, {"tool_choice": "none"}),
        ({"type": "tool", "name": "f"}, {"tool_choice": {"type": "function", "function": {"name": "f"}}}),
        ({"type": "auto", "disable_parallel_tool_use": True}, {"tool_choice": "auto", "parallel_tool_calls": False}),
        (None, {}),
    ],
)
def test_tool_choices(choice: Any, made: dict[str, Any]) -> None:
    found = chat(tools=[{"name": "f", "input_schema": {"type": "object"}}], tool_choice=choice)
    assert {name: found[name] for name in found if name not in ("messages", "tools")} == made


@pytest.mark.parametrize(
    ("members", "effort"),
    [
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, "low"),
        ({"thinking": {"type": "enabled", "budget_tokens": 9000}}, "medium"),
        ({"thinking": {"type": "enabled", "budget_tokens": 32000}}, "high"),
        ({"thinking": {"type": "adaptive"}, "output_config": {"effort": "xhigh"}}, "xhigh"),
        ({"thinking": {"type": "adaptive"}}, None),
        ({"thinking": {"type": "disabled"}}, None),
        ({"reasoning_effort": "none", "thinking": {"type": "enabled", "budget_tokens": 9000}}, "none"),
    ],
)
def test_thinking_becomes_an_effort(members: dict[str, Any], effort: str | None) -> None:
    assert chat(**members).get("reasoning_effort") == effort


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"tools": [{"type": "web_search_20260318", "name": "web_search"}]}, "'web_search' of type"),
        ({"mcp_servers": [{"url": "x"}]}, "'mcp_servers'"),
        ({"messages": ["x"]}, "messages.0 is not an object"),
        ({"messages": [{"role": "user"}]}, "messages.0.content"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": [{"type": "container_upload"}]}]}, "messages.0.content.0"),
        ({"messages": [{"role": "assistant", "content": [{"type": "server_tool_use"}]}]}, "server_tool_use"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "file"}}]}]},
            "stored at Anthropic",
        ),
    ],
)
def test_what_cannot_be_said_elsewhere_is_named(members: dict[str, Any], said: str) -> None:
    with pytest.raises(DialectError) as refused:
        chat(**members)
    assert said in str(refused.value)


def test_results_of_tools_come_before_what_the_user_says() -> None:
    blocks = [{"type": "text", "text": "and?"}, {"type": "tool_result", "tool_use_id": "t", "content": "42"}]
    assert chat(messages=[{"role": "user", "content": blocks}])["messages"] == [
        {"role": "tool", "tool_call_id": "t", "content": "42"},
        {"role": "user", "content": "and?"},
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "role", "content", "source", "text", "input", "name", "id", "data", "url"])
            | st.text(max_size=3),
            inner
            | st.sampled_from(["text", "user", "assistant", "image", "document", "tool_use", "tool_result", "base64"]),
            max_size=4,
        )
    ),
    max_leaves=15,
)


@settings(max_examples=300, deadline=None)
@given(
    JSON,
    st.dictionaries(
        st.sampled_from(["system", "tools", "tool_choice", "thinking", "output_config", "metadata", "stop_sequences"]),
        JSON,
    ),
)
def test_any_json_becomes_a_chat_or_a_clear_error(value: Any, more: dict[str, Any]) -> None:
    for messages in (value, [value], [{"role": "user", "content": value}], [{"role": "assistant", "content": [value]}]):
        try:
            made = as_chat({**more, "messages": messages})
        except DialectError as error:
            assert str(error)
        else:
            assert json.loads(json.dumps(made)) == made
            assert all(message["role"] in ("system", "user", "assistant", "tool") for message in made["messages"])
