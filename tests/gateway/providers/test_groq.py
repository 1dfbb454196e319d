"""Groq: its own facts."""

from __future__ import annotations

from support.provider_checks import call
from support.streams import drain, sse

from gateway.chat import Usage
from gateway.providers import get


def test_where_it_is() -> None:
    provider = get("groq")
    assert provider.title == "Groq"
    assert provider.url(call()) == "https://api.groq.com/openai/v1/chat/completions"
    assert provider.passes(call())
    assert provider.key_prefixes == ("gsk_",)


def test_usage_inside_its_own_member() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    assert get("groq").usage({"x_groq": {"usage": usage}}) == get("groq").usage({"usage": usage}) == Usage(1, 2, 3)


def test_a_tool_call_that_failed_ends_its_stream() -> None:
    error = {"message": "Failed to call a function", "type": "invalid_request_error", "code": "tool_use_failed"}
    stream = b"event: error\n" + sse({"error": {**error, "status_code": 400}})
    scanner = get("groq").stream(call(stream=True))
    assert drain(scanner, [stream]) == stream
    assert scanner.error == "Failed to call a function"
