"""What the span of an AI call says, by OpenTelemetry's semantic conventions for generative AI (status: development).
Not for: the encoding (_otlp.py), HTTP attributes (opentelemetry.py).

Prompts and answers are only told where ai-proxy's logging.log_payloads allows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gateway.chat import items, mapping, string, text_of
from gateway.codec import CodecError, decode, encode
from gateway.providers._base import COMPLETIONS, EMBEDDINGS

if TYPE_CHECKING:
    from gateway.exchange import Exchange

INPUT, OUTPUT = "gen_ai.input.messages", "gen_ai.output.messages"
CONTENT = frozenset((INPUT, OUTPUT))
_OPERATIONS = {COMPLETIONS: "text_completion", EMBEDDINGS: "embeddings"}
_NUMBERS = ("temperature", "top_p", "top_k", "frequency_penalty", "presence_penalty")
_COUNTS = {"max_tokens": "max_tokens", "seed": "seed", "n": "choice.count"}


def name_and_attributes(
    exchange: Exchange, conversation: Any, reasons: list[str]
) -> tuple[str, dict[str, str | int | float | bool | list[str] | None]]:
    """The span's name and attributes; what is not known is None. `reasons`: why the model stopped, for each choice."""
    call = conversation.call
    operation = _OPERATIONS.get(call.route_type, "chat")
    told: dict[str, Any] = {
        "gen_ai.operation.name": operation,
        "gen_ai.provider.name": conversation.plugin.provider.telemetry_name or conversation.provider_name,
        "gen_ai.request.model": call.model,
        **_asked(mapping(exchange.document()), call.options),
        "gen_ai.request.stream": True if call.stream else None,
        "gen_ai.response.model": conversation.response_model,
        "gen_ai.response.finish_reasons": reasons or None,
    }
    if call.stream and exchange.first_byte_at:
        told["gen_ai.response.time_to_first_chunk"] = exchange.first_byte_at - exchange.forwarded_at
    usage = conversation.usage
    if usage is not None:
        told |= {
            "gen_ai.usage.input_tokens": usage.prompt_tokens,
            "gen_ai.usage.output_tokens": usage.completion_tokens,
            "gen_ai.usage.cache_read.input_tokens": usage.cached_tokens or None,
            "gen_ai.usage.cache_creation.input_tokens": usage.cache_write_tokens or None,
            "gen_ai.usage.reasoning.output_tokens": usage.reasoning_tokens or None,
            "kong.gen_ai.usage.estimated": True if usage.estimated else None,
            "kong.gen_ai.llm.cost": conversation.cost() or None,
        }
    return f"{operation} {call.model}", told


def _asked(document: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of the request; those of the configuration win, as they do upstream."""
    asked = {**document, **options}
    told: dict[str, Any] = {}
    for name in _NUMBERS:
        value = asked.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            told[f"gen_ai.request.{name}"] = float(value)
    if asked.get("max_tokens") is None:
        asked["max_tokens"] = asked.get("max_completion_tokens", asked.get("max_output_tokens"))
    for name, attribute in _COUNTS.items():
        value = asked.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            told[f"gen_ai.request.{attribute}"] = value
    stop = asked.get("stop", asked.get("stop_sequences"))
    words = [stop] if isinstance(stop, str) else [word for word in items(stop) if isinstance(word, str)]
    if words:
        told["gen_ai.request.stop_sequences"] = words
    return told


# -- the words themselves -----------------------------------------------------------------------------------------


def content(exchange: Exchange, payload: Mapping[str, str], reasons: list[str]) -> dict[str, str]:
    """Messages of the request and the answer. `payload`: what log plugins are told of both."""
    asked = items(mapping(exchange.document()).get("messages"))
    told = {INPUT: _json([_message(mapping(message)) for message in asked])} if asked else {}
    answer = payload.get("response", "")
    try:
        choices = items(mapping(decode(answer.encode("utf-8", "replace"))).get("choices"))
    except CodecError:
        choices = []
    spoken = [_message(mapping(mapping(choice).get("message"))) for choice in choices]
    if not spoken and answer:
        spoken = [{"role": "assistant", "parts": [{"type": "text", "content": answer}]}]  # of a stream the text alone
    for message, reason in zip(spoken, reasons, strict=False):
        message["finish_reason"] = reason
    if spoken:
        told[OUTPUT] = _json(spoken)
    return told


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    role = string(message.get("role")) or "assistant"
    text = text_of(message.get("content"))
    parts: list[dict[str, Any]] = []
    if role == "tool":
        parts.append({"type": "tool_call_response", "id": string(message.get("tool_call_id")), "result": text})
    elif text:
        parts.append({"type": "text", "content": text})
    for each in items(message.get("tool_calls")):
        function = mapping(mapping(each).get("function"))
        parts.append(
            {
                "type": "tool_call",
                "id": string(mapping(each).get("id")),
                "name": string(function.get("name")),
                "arguments": string(function.get("arguments")),
            }
        )
    return {"role": role, "parts": parts}


def _json(value: Any) -> str:
    return encode(value).decode("utf-8")
