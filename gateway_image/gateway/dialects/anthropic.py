"""Anthropic's Messages as what clients speak, whoever answers: the Anthropic SDKs of both API versions, Claude Code.
Not for: calling Anthropic (providers/anthropic.py). Source: Anthropic's API reference, 2026-11.
"""

from __future__ import annotations

from typing import Any

from gateway.chat import Usage, arguments_of, items, mapping, string, text_of
from gateway.dialects._base import Asked, Dialect, Retelling
from gateway.dialects._call_ids import packed
from gateway.dialects._messages_request import as_chat
from gateway.dialects._messages_stream import MessagesStream

Json = Any
_REASONS = {
    "stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "function_call": "tool_use",
    "content_filter": "refusal",
}  # fmt: skip
_KINDS = {
    400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error",
    404: "not_found_error", 408: "timeout_error", 409: "conflict_error", 413: "request_too_large",
    422: "invalid_request_error", 429: "rate_limit_error", 504: "timeout_error", 529: "overloaded_error",
}  # fmt: skip
_TOO_LONG = "prompt is too long"
"""The words by which clients know that they must shorten a conversation; other providers have other words for it."""


class Messages(Dialect):
    name = "anthropic"
    request_id_header = b"Request-Id"

    def asks(self, body: dict[str, Json]) -> bool:
        return isinstance(body.get("messages"), list) and bool(body["messages"])

    def chat(self, body: dict[str, Json]) -> dict[str, Json]:
        return as_chat(body)

    def tuned(self, body: dict[str, Json], options: dict[str, Json]) -> dict[str, Json]:
        own = ("max_tokens", "temperature", "top_p", "top_k")
        return {**body, **{name: options[name] for name in own if options.get(name) is not None}}

    def answer(self, whole: dict[str, Json], asked: Asked) -> dict[str, Json]:
        choices = items(whole.get("choices"))
        choice = mapping(choices[0]) if choices else {}
        message = mapping(choice.get("message"))
        blocks: list[dict[str, Json]] = []
        thought = string(message.get("reasoning_content")) or string(message.get("reasoning"))
        if thought and _thinks(asked):
            blocks.append({"type": "thinking", "thinking": thought, "signature": ""})
        if text := text_of(message.get("content")) or string(message.get("refusal")):
            blocks.append({"type": "text", "text": text})
        calls = [mapping(call) for call in items(message.get("tool_calls"))]
        blocks += [_tool_use(call, f"toolu_{asked.identity}_{number}") for number, call in enumerate(calls)]
        reason = string(choice.get("finish_reason")) or "stop"
        if message.get("refusal"):
            reason = "content_filter"
        usage = Usage.from_openai(whole.get("usage")) or asked.estimate(len(text))
        return {
            **_head(asked, string(whole.get("model")) or asked.model),
            "content": blocks,
            **_stopped(reason, bool(calls)),
            "usage": _usage(usage),
        }

    def stream(self, asked: Asked) -> Retelling:
        def head(model: str) -> dict[str, Json]:
            # an upstream tells its counts at the end; message_delta has them, and they replace these
            unknown: dict[str, Json] = {
                "content": [],
                "stop_reason": None,
                "stop_sequence": None,
                "usage": _usage(Usage()),
            }
            return {**_head(asked, model), **unknown}

        def ending(stream: MessagesStream) -> tuple[dict[str, Json], dict[str, Json]]:
            return _stopped(stream.reason, stream.tools > 0), _usage(stream.usage)

        def error(message: str, code: str) -> dict[str, Json]:
            kind = code if code in _KINDS.values() else "api_error"
            return {"type": "error", "error": {"type": kind, "message": message}}

        return MessagesStream(asked, _thinks(asked), head, ending, error)

    def error(self, status: int, message: str, code: str | None = None, request_id: str = "") -> dict[str, Json]:
        if code == "context_length_exceeded" and _TOO_LONG not in message.lower():
            message = f"{_TOO_LONG}: {message}"
        kind = _KINDS.get(status) or ("api_error" if status >= 500 else "invalid_request_error")
        error: dict[str, Json] = {"type": "error", "error": {"type": kind, "message": message}}
        if request_id:
            error["request_id"] = f"req_{request_id}"
        return error


def _thinks(asked: Asked) -> bool:
    """Whether the client asked to see thinking: one that did not reads content[0] as the answer."""
    thinking = mapping(asked.body.get("thinking"))
    return thinking.get("type") in ("enabled", "adaptive", "between_tools") and thinking.get("display") != "omitted"


def _head(asked: Asked, model: str) -> dict[str, Json]:
    return {"id": f"msg_{asked.identity}", "type": "message", "role": "assistant", "model": model}


def _stopped(reason: str, called: bool) -> dict[str, Json]:
    word = _REASONS.get(reason, "end_turn")
    if called and word == "end_turn":
        word = "tool_use"
    return {"stop_reason": word, "stop_sequence": None}


def _usage(usage: Usage) -> dict[str, Json]:
    """Anthropic counts what the cache gave and took beside input_tokens."""
    shown: dict[str, Json] = {
        "input_tokens": max(0, usage.prompt_tokens - usage.cached_tokens - usage.cache_write_tokens),
        "cache_creation_input_tokens": usage.cache_write_tokens,
        "cache_read_input_tokens": usage.cached_tokens,
        "output_tokens": usage.completion_tokens,
    }
    if usage.reasoning_tokens:
        shown["output_tokens_details"] = {"thinking_tokens": usage.reasoning_tokens}
    return shown


def _tool_use(call: dict[str, Json], fallback: str) -> dict[str, Json]:
    """Arguments that are no JSON object, as small models write them, are handed on as one member named so."""
    function = mapping(call.get("function"))
    given = arguments_of(call)
    return {
        "type": "tool_use",
        "id": packed(string(call.get("id")) or fallback, call.get("extra_content")),
        "name": string(function.get("name")),
        "input": {"arguments": function.get("arguments")} if given is None else given,
    }
