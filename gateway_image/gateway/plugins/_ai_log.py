"""What the log plugins learn of an AI call: model, tokens, cost, times, and the words themselves where that is asked.
Not for: counting (_conversation.py), metrics.

Source: Kong's documentation (ai.proxy.meta, .usage, .payload) and observable entries of Kong 3.9.1. Deviations on
purpose: a stream is counted as it was, and an estimate says that it is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from gateway.chat import Usage, items, mapping, string, text_of
from gateway.codec import CodecError, decode, encode, expand
from gateway.headers import find, parsed

if TYPE_CHECKING:
    from gateway.exchange import Exchange

UNSPECIFIED = "UNSPECIFIED"
LONGEST = 1 << 20
"""Bytes of a request or an answer that are logged; what is beyond is cut off."""
_NOTE = "ai_answer"


def keep_answer(exchange: Exchange, piece: bytes) -> bytes:
    """Keeps what the client gets, as far as it is logged; returns it unchanged."""
    kept = exchange.notes.setdefault(_NOTE, bytearray())
    if len(kept) < LONGEST:
        kept += piece[: LONGEST - len(kept)]
    return piece


def ai_members(exchange: Exchange, plugin_id: str, logs: Mapping[str, bool]) -> dict[str, Any]:
    """{"meta": ..., "usage": ..., "payload": ...}, as far as `logs` wants them."""
    members: dict[str, Any] = {}
    if logs["log_statistics"]:
        members["meta"], members["usage"] = _statistics(exchange, plugin_id)
    if logs["log_payloads"]:
        members["payload"] = {
            "request": _request(exchange),
            "response": _response(exchange),
        }
    return members


def _statistics(exchange: Exchange, plugin_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    conversation: Any = exchange.conversation
    if conversation is None:  # refused before a model was chosen
        unknown = dict.fromkeys(("provider_name", "request_model", "response_model"), UNSPECIFIED)
        return {"plugin_id": plugin_id, "llm_latency": 0} | unknown, usage_members(Usage(), 0.0, 0.0)
    finished = conversation.finished_at or exchange.first_byte_at
    latency = max(0.0, finished - exchange.forwarded_at) if finished and exchange.forwarded_at else 0.0
    request_model = conversation.call.model
    meta = {
        "plugin_id": plugin_id,
        "provider_name": conversation.provider_name,
        "request_model": request_model,
        "response_model": conversation.response_model or request_model,
        "llm_latency": round(latency * 1000),
    }
    return meta, usage_members(conversation.usage or Usage(), conversation.cost(), latency)


def usage_members(usage: Usage, cost: float, latency: float) -> dict[str, Any]:
    told: dict[str, Any] = {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "cost": cost,
        "time_per_token": round(latency * 1000 / usage.completion_tokens, 3) if usage.completion_tokens else 0,
    }
    if usage.cached_tokens or usage.cache_write_tokens:
        told["prompt_tokens_details"] = {"cached_tokens": usage.cached_tokens}
    if usage.reasoning_tokens:
        told["completion_tokens_details"] = {"reasoning_tokens": usage.reasoning_tokens}
    if usage.estimated:
        told["estimated"] = True
    return told


def _request(exchange: Exchange) -> str:
    """What went to the provider, but for a key that is configured to go in the body."""
    body = exchange.body
    conversation: Any = exchange.conversation
    secrets = conversation.aim.body_member if conversation is not None else {}
    if secrets:
        try:
            document = mapping(decode(body))
        except CodecError:
            return ""
        body = encode({name: value for name, value in document.items() if name not in secrets})
    return body[:LONGEST].decode("utf-8", "replace")


def _response(exchange: Exchange) -> str:
    """What the client got; of a stream the text alone."""
    kept = bytes(exchange.notes.get(_NOTE, b""))
    headers = parsed(exchange.block)
    encoding = (find(headers, b"content-encoding") or b"").decode("latin-1")
    if encoding:
        try:
            kept = expand(kept, encoding, LONGEST)
        except CodecError:
            return ""
    if (find(headers, b"content-type") or b"").lower().startswith(b"text/event-stream"):
        return "".join(_streamed(kept))
    return kept.decode("utf-8", "replace")


def _streamed(kept: bytes) -> Iterator[str]:
    for line in kept.split(b"\n"):
        if not line.startswith(b"data:"):
            continue
        try:
            event = mapping(decode(line[5:].strip()))
        except CodecError:
            continue  # [DONE], or the last line of what was cut off
        for choice in items(event.get("choices")):
            choice = mapping(choice)
            yield text_of(mapping(choice.get("delta")).get("content")) or string(choice.get("text"))
        if event.get("type") == "content_block_delta":  # Messages
            yield string(mapping(event.get("delta")).get("text"))
        elif event.get("type") == "response.output_text.delta":  # Responses
            yield string(event.get("delta"))
