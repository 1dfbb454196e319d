"""Responses requests as OpenAI chats: one golden pair with everything, and each rule by itself."""

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
from gateway.dialects._responses_request import as_chat

GOLDEN = Path(__file__).parent / "golden"
EVERYTHING: dict[str, Any] = {
    "model": "gpt-6-luna",
    "instructions": "Be short.",
    "max_output_tokens": 200,
    "temperature": 0.5,
    "top_p": 0.9,
    "user": "u-1",
    "store": True,
    "stream": True,
    "include": ["reasoning.encrypted_content"],
    "metadata": {"a": "b"},
    "truncation": "auto",
    "parallel_tool_calls": False,
    "reasoning": {"effort": "low", "summary": "auto"},
    "prompt_cache_key": "k",
    "text": {"verbosity": "low", "format": {"type": "json_schema", "name": "city", "schema": {"type": "object"},
                                            "strict": True}},
    "tools": [{"type": "function", "name": "weather", "description": "Weather", "strict": True,
               "parameters": {"type": "object", "properties": {}}}],
    "tool_choice": {"type": "function", "name": "weather"},
    "input": [
        {"role": "developer", "content": "Use tools."},
        {"type": "message", "role": "user", "content": [
            {"type": "input_text", "text": "What is this?"},
            {"type": "input_image", "image_url": "data:image/png;base64,YQ==", "detail": "low"},
            {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,cGRm"},
            {"type": "input_audio", "input_audio": {"data": "YQ==", "format": "wav"}},
        ]},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
         "content": [{"type": "output_text", "text": "Let me look.", "annotations": []}]},
        {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "weather", "arguments": '{"city":"P"}'},
        {"type": "function_call", "id": "fc_2", "call_id": "call_2", "name": "weather", "arguments": ""},
        {"type": "function_call_output", "call_id": "call_1", "output": "18 degrees"},
        {"type": "function_call_output", "call_id": "call_2", "output": [{"type": "input_text", "text": "rain"}]},
        {"role": "user", "content": [{"type": "input_text", "text": "Thanks"}]},
    ],
}  # fmt: skip


def chat(**members: Any) -> dict[str, Any]:
    return as_chat({"input": "Hi", **members})


def test_everything_at_once() -> None:
    before = copy.deepcopy(EVERYTHING)
    made = as_chat(EVERYTHING)
    assert before == EVERYTHING
    check_golden(GOLDEN / "responses_request.chat.json", json.dumps(made, indent=1) + "\n")


def test_a_plain_request_stays_plain() -> None:
    assert chat(model="m", store=False) == {"messages": [{"role": "user", "content": "Hi"}]}


@pytest.mark.parametrize(
    ("choice", "made"),
    [
        ("auto", "auto"),
        ("required", "required"),
        ({"type": "function", "name": "f"}, {"type": "function", "function": {"name": "f"}}),
        ({"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "f"}]}, "required"),
        (None, None),
    ],
)
def test_tool_choices(choice: Any, made: Any) -> None:
    tools: list[Any] = [{"type": "function", "name": name, "parameters": {}} for name in ("f", "g")]
    found = chat(tools=tools, tool_choice=choice)
    assert found.get("tool_choice") == made
    allowed = isinstance(choice, dict) and choice["type"] == "allowed_tools"
    assert [tool["function"]["name"] for tool in found["tools"]] == (["f"] if allowed else ["f", "g"])


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"previous_response_id": "resp_1"}, "'previous_response_id'"),
        ({"conversation": "conv_1"}, "'conversation'"),
        ({"background": True}, "'background'"),
        ({"prompt": {"id": "pmpt_1"}}, "'prompt'"),
        ({"tools": [{"type": "web_search"}]}, "'web_search'"),
        ({"tools": [{"type": "function", "name": "f"}], "tool_choice": {"type": "mcp"}}, "'mcp'"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "'item_reference'"),
        ({"input": [{"role": "robot", "content": "x"}]}, "input.0.role"),
        ({"input": [{"role": "user"}]}, "input.0.content"),
        ({"input": [{"role": "user", "content": [{"type": "video"}]}]}, "input.0.content.0"),
        ({"input": [{"role": "user", "content": [{"type": "input_image", "file_id": "f"}]}]}, "stored at OpenAI"),
        (
            {
                "input": [
                    {
                        "type": "function_call_output",
                        "call_id": "c",
                        "output": [{"type": "input_image", "image_url": "x"}],
                    }
                ]
            },
            "can only be text",
        ),
    ],
)
def test_what_cannot_be_said_elsewhere_is_named(members: dict[str, Any], said: str) -> None:
    with pytest.raises(DialectError) as refused:
        chat(**members)
    assert said in str(refused.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "role", "content", "call_id", "text", "output", "name", "arguments", "image_url"])
            | st.text(max_size=3),
            inner
            | st.sampled_from(["message", "user", "assistant", "input_text", "function_call", "function_call_output"]),
            max_size=4,
        )
    ),
    max_leaves=15,
)


@settings(max_examples=300, deadline=None)
@given(
    JSON, st.dictionaries(st.sampled_from(["instructions", "tools", "tool_choice", "text", "reasoning", "user"]), JSON)
)
def test_any_json_becomes_a_chat_or_a_clear_error(value: Any, more: dict[str, Any]) -> None:
    for given_input in (value, [value], [{"role": "user", "content": value}], [{"role": "user", "content": [value]}]):
        try:
            made = as_chat({**more, "input": given_input})
        except DialectError as error:
            assert str(error)
        else:
            assert json.loads(json.dumps(made)) == made
            assert all(message["role"] in ("system", "user", "assistant", "tool") for message in made["messages"])
