"""OpenAI's Responses as what clients speak, whoever answers: the OpenAI SDKs, Codex. Not for: calling OpenAI, which
speaks it itself, and not for keeping responses: every request brings its whole conversation.
Source: OpenAI's API reference, 2026-11.
"""

from __future__ import annotations

from typing import Any

from gateway.chat import Usage, items, mapping, string, text_of
from gateway.dialects._base import Asked, Dialect, Retelling
from gateway.dialects._call_ids import packed
from gateway.dialects._responses_request import as_chat
from gateway.dialects._responses_stream import ResponsesStream, part_of

Json = Any
_ECHOED: dict[str, Json] = {
    "instructions": None, "max_output_tokens": None, "metadata": {}, "parallel_tool_calls": True,
    "reasoning": {"effort": None, "summary": None}, "temperature": None, "text": {"format": {"type": "text"}},
    "tool_choice": "auto", "tools": [], "top_p": None, "truncation": "disabled", "user": None,
}  # fmt: skip
"""What a response says again of its request, and what it says where the request does not."""
_KINDS = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}


class Responses(Dialect):
    name = "responses"

    def asks(self, body: dict[str, Json]) -> bool:
        return bool(body.get("input")) or bool(body.get("prompt")) or bool(string(body.get("instructions")))

    def chat(self, body: dict[str, Json]) -> dict[str, Json]:
        return as_chat(body)

    def tuned(self, body: dict[str, Json], options: dict[str, Json]) -> dict[str, Json]:
        own = {"max_output_tokens": "max_tokens", "temperature": "temperature", "top_p": "top_p"}
        return {**body, **{name: options[of] for name, of in own.items() if options.get(of) is not None}}

    def answer(self, whole: dict[str, Json], asked: Asked) -> dict[str, Json]:
        choices = items(whole.get("choices"))
        choice = mapping(choices[0]) if choices else {}
        message = mapping(choice.get("message"))
        output: list[dict[str, Json]] = []

        def add(prefix: str, **members: Json) -> None:
            output.append({"id": f"{prefix}_{asked.identity}_{len(output)}", **members})

        thought = string(message.get("reasoning_content")) or string(message.get("reasoning"))
        if thought:
            parts = [part_of("reasoning_text", thought)]
            add("rs", type="reasoning", summary=[], status="completed", content=parts)
        text, refusal = text_of(message.get("content")), string(message.get("refusal"))
        parts = [part_of("output_text", text)] if text else []
        parts += [part_of("refusal", refusal)] if refusal else []
        if parts:
            add("msg", type="message", role="assistant", status="completed", content=parts)
        for number, call in enumerate(map(mapping, items(message.get("tool_calls")))):
            function = mapping(call.get("function"))
            identity = string(call.get("id")) or f"call_{asked.identity}_{number}"
            about = {"name": string(function.get("name")), "arguments": string(function.get("arguments")) or "{}"}
            call_id = packed(identity, call.get("extra_content"))
            add("fc", type="function_call", status="completed", call_id=call_id, **about)
        reason = string(choice.get("finish_reason"))
        usage = Usage.from_openai(whole.get("usage")) or asked.estimate(len(text))
        status = "incomplete" if reason in _INCOMPLETE else "completed"
        return _skeleton(asked, string(whole.get("model")) or asked.model, output, status, reason, usage)

    def stream(self, asked: Asked) -> Retelling:
        def skeleton(
            model: str, output: list[dict[str, Json]], status: str, stream: ResponsesStream | None
        ) -> dict[str, Json]:
            reason, usage = (stream.reason, stream.usage) if stream is not None else ("", None)
            return _skeleton(asked, model, output, status, reason, usage)

        return ResponsesStream(asked, skeleton)

    def error(self, status: int, message: str, code: str | None = None, request_id: str = "") -> dict[str, Json]:
        kind = _KINDS.get(status) or ("server_error" if status >= 500 else "invalid_request_error")
        return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def _skeleton(
    asked: Asked, model: str, output: list[dict[str, Json]], status: str, reason: str, usage: Usage | None
) -> dict[str, Json]:
    body = asked.body
    echoed = {name: body[name] if body.get(name) is not None else value for name, value in _ECHOED.items()}
    incomplete = {"reason": _INCOMPLETE[reason]} if status == "incomplete" else None
    return {
        "id": f"resp_{asked.identity}",
        "object": "response",
        "created_at": asked.created,
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": incomplete,
        "model": model,
        "output": list(output),
        "previous_response_id": None,
        "service_tier": "default",
        "store": False,  # nothing is kept here, whatever was asked
        **echoed,
        "usage": None if usage is None else _usage(usage),
    }


def _usage(usage: Usage) -> dict[str, Json]:
    return {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {"cached_tokens": usage.cached_tokens, "cache_write_tokens": usage.cache_write_tokens},
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.total_tokens,
    }
