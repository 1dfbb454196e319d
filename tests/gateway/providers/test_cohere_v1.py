"""Cohere's first chat API, which configurations made for Kong 3.9 name."""

from __future__ import annotations

from typing import Any

import pytest
from support.kong_cases import asked, covers, sent, told
from support.provider_checks import (
    CALLED,
    JSON_SCHEMA,
    RESULTS,
    SCHEMA,
    SYSTEM,
    TOOL,
    USER,
    answered,
    call,
    message,
    request,
    streamed,
    survives,
)
from support.streams import calls_of, lines, text_of

from gateway.chat import Usage
from gateway.providers import get
from gateway.providers._base import ProviderError

URL = "http://127.0.0.1:8911/cohere/v1/chat"
ANSWER: dict[str, Any] = {
    "response_id": "c1", "text": "The capital is Paris.", "generation_id": "g1", "finish_reason": "COMPLETE",
    "meta": {"api_version": {"version": "1"}, "billed_units": {"input_tokens": 24, "output_tokens": 7},
             "tokens": {"input_tokens": 30, "output_tokens": 7}},
}  # fmt: skip


def v1(**options: Any) -> Any:
    return call("command-r", stream=options.pop("stream", False), upstream_url=URL, **options)


def test_as_kong_sends_and_answers() -> None:
    assert request("cohere", asked("cohere chat"), v1()) == sent("cohere chat")
    assert covers(answered("cohere", ANSWER, v1()), told("cohere chat"))
    assert get("cohere").url(v1()) == URL


def test_kongs_worked_example() -> None:
    turns = [
        {"role": "system", "content": "You are a mathematician."},
        {"role": "user", "content": "What is 1 + 2?"},
        {"role": "assistant", "content": "The sum…"},
        {"role": "user", "content": "Why can't you divide by zero?"},
    ]
    made = v1(max_tokens=512, temperature=0.5, top_p=1.0)
    assert request("cohere", {"messages": turns}, made) == {
        "model": "command-r", "stream": False, "message": "Why can't you divide by zero?",
        "chat_history": [
            {"role": "USER", "message": "You are a mathematician."},
            {"role": "USER", "message": "What is 1 + 2?"},
            {"role": "CHATBOT", "message": "The sum…"},
        ],
        "max_tokens": 512, "temperature": 0.5, "p": 1.0,
    }  # fmt: skip


def test_one_message_has_no_history() -> None:
    assert "chat_history" not in request("cohere", {"messages": [USER]}, v1())


def test_tools_and_results() -> None:
    body = {"messages": [USER, CALLED, *RESULTS], "tools": [TOOL], "response_format": JSON_SCHEMA, "stop": ["x"]}
    made = request("cohere", body, v1())
    assert made["message"] == ""
    assert made["chat_history"][1]["tool_calls"][0] == {"name": "weather", "parameters": {"city": "Paris"}}
    assert made["tool_results"] == [
        {"call": {"name": "weather", "parameters": {"city": "Paris"}}, "outputs": [{"result": '{"sky":"clear"}'}]},
        {"call": {"name": "weather", "parameters": {"city": "Rome"}}, "outputs": [{"result": "rain"}]},
    ]
    assert made["tools"][0]["parameter_definitions"] == {"city": {"description": "", "type": "str", "required": True}}
    assert made["response_format"] == {"type": "json_object", "schema": SCHEMA}
    assert made["stop_sequences"] == ["x"]


def test_answers_of_generate_and_with_tools() -> None:
    whole = answered("cohere", {"id": "g", "generations": [{"text": " Paris.", "finish_reason": "MAX_TOKENS"}]}, v1())
    assert message(whole)["content"] == " Paris."
    assert whole["choices"][0]["finish_reason"] == "length"
    called = {**ANSWER, "text": "", "tool_calls": [{"name": "weather", "parameters": {"city": "Paris"}}]}
    whole = answered("cohere", called, v1())
    assert message(whole)["tool_calls"] == [
        {"id": "call_0", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Paris"}'}}
    ]
    assert whole["choices"][0]["finish_reason"] == "tool_calls"


def test_another_answer_is_refused_in_kongs_words() -> None:
    with pytest.raises(ProviderError, match="'text' or 'generations' missing from cohere response body"):
        get("cohere").response({"hello": "world"}, v1())


EVENTS: list[dict[str, Any]] = [
    {"event_type": "stream-start", "generation_id": "g1", "is_finished": False},
    {"event_type": "text-generation", "text": "The capital"},
    {"event_type": "text-generation", "text": " is Paris."},
    {"event_type": "stream-end", "finish_reason": "COMPLETE", "response": ANSWER},
]


def test_a_stream_of_lines() -> None:
    found, usage = streamed("cohere", lines(*EVENTS), v1(stream=True), include_usage=True)
    assert text_of(found) == "The capital is Paris."
    assert found[0]["id"] == "g1"
    assert usage == Usage(24, 7, 31)


def test_a_whole_answer_where_a_stream_was_asked_for() -> None:
    found, usage = streamed("cohere", lines(ANSWER).rstrip(), v1(stream=True))
    assert text_of(found) == "The capital is Paris."
    assert usage == Usage(24, 7, 31)


def test_a_stream_with_tools() -> None:
    events: list[dict[str, Any]] = [
        EVENTS[0],
        {"event_type": "tool-calls-generation", "tool_calls": [{"name": "weather", "parameters": {"city": "Paris"}}]},
        {**EVENTS[3], "response": {"tool_calls": [{"name": "weather"}]}},
    ]
    found, _ = streamed("cohere", lines(*events), v1(stream=True))
    assert calls_of(found) == [{"id": "call_0", "name": "weather", "arguments": '{"city":"Paris"}'}]
    assert found[-2]["choices"][0]["finish_reason"] == "tool_calls"


def test_errors_in_a_stream() -> None:
    failed = {"event_type": "stream-end", "finish_reason": "ERROR", "error": "gone"}
    found, _ = streamed("cohere", lines(*EVENTS[:2], failed), v1(stream=True))
    assert found[-1]["error"]["message"] == "gone"
    found, _ = streamed("cohere", lines({"message": "internal"}), v1(stream=True))
    assert found[-1]["error"]["message"] == "internal"


def test_mangled_recordings() -> None:
    survives("cohere", v1(stream=True), ANSWER, EVENTS, lambda given: lines(*given))
    assert SYSTEM["role"] == "system"
