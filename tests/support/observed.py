"""The traffic that was recorded from a real Kong 3.9.1 for its logs and metrics, and the upstream it ran against.

Not for: judging; the tests do that.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from support.exchange import Answer, Gateway, Sent, Told

from gateway.values import UpstreamError

TABLE: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "conformance" / "kong-3.9.1.observe.json").read_text()
)[0]
USAGE = {"prompt_tokens": 100, "completion_tokens": 40, "total_tokens": 140}
_ENVELOPE = {"id": "chatcmpl-o", "created": 1732200000, "model": "gpt-4o-mini-2024-07-18"}
_MESSAGE = {"role": "assistant", "content": "Paris."}
OPENAI = {
    **_ENVELOPE,
    "object": "chat.completion",
    "choices": [{"index": 0, "message": _MESSAGE, "logprobs": None, "finish_reason": "stop"}],
}
ANTHROPIC = {
    "id": "msg_o",
    "type": "message",
    "role": "assistant",
    "model": "claude-3-5-sonnet-20240620",
    "content": [{"type": "text", "text": "Paris."}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 30, "output_tokens": 7},
}
_JSON = {"Content-Type": "application/json"}
_STREAM = {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"}


def _chunk(**members: Any) -> bytes:
    return b"data: " + json.dumps({**_ENVELOPE, "object": "chat.completion.chunk", **members}).encode() + b"\n\n"


def _delta(delta: dict[str, str], reason: str | None = None) -> bytes:
    return _chunk(choices=[{"index": 0, "delta": delta, "finish_reason": reason}])


TEXT_STREAM = [
    _delta({"role": "assistant", "content": ""}),
    _delta({"content": "The capital"}),
    _delta({"content": " is Paris."}),
    _delta({}, "stop"),
]
USAGE_CHUNK = _chunk(choices=[], usage=USAGE)
DONE = b"data: [DONE]\n\n"


def _event(name: str, **members: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps({'type': name, **members})}\n\n".encode()


ANTHROPIC_STREAM = [
    _event("message_start", message={**ANTHROPIC, "content": [], "usage": {"input_tokens": 30, "output_tokens": 1}}),
    _event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
    _event("content_block_delta", index=0, delta={"type": "text_delta", "text": "The capital is"}),
    _event("content_block_delta", index=0, delta={"type": "text_delta", "text": " Paris."}),
    _event("content_block_stop", index=0),
    _event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 7}),
    _event("message_stop"),
]


def upstream(sent: Sent) -> Answer:
    """Everything that Kong spoke to."""
    if sent.origin.port == 1:
        return Answer(error=UpstreamError("refused", "127.0.0.1:1: connection refused", False))
    if sent.path.startswith(("/openai", "/nousage")):
        counts = sent.path.startswith("/openai")
        if sent.json.get("stream"):
            return Answer(200, _STREAM, [*TEXT_STREAM, *([USAGE_CHUNK] if counts else []), DONE])
        return Answer(200, _JSON, json.dumps({**OPENAI, **({"usage": USAGE} if counts else {})}).encode())
    if sent.path.startswith("/anth"):
        if sent.json.get("stream"):
            return Answer(200, _STREAM, ANTHROPIC_STREAM)
        return Answer(200, _JSON, json.dumps(ANTHROPIC).encode())
    if sent.path.startswith("/e429"):
        return Answer(429, _JSON, b'{"error":{"message":"slow down"}}')
    return Answer(200, _JSON, b'{"ok":1}')


def replay(gateway: Gateway, recorded: dict[str, Any]) -> Told:
    """One of the recorded requests."""
    request = recorded["request"]
    headers = [*map(tuple, request["headers"]), ("Connection", "close")]
    body = (request.get("body") or "").encode()
    return gateway.ask(request["method"], request["target"], headers, body, answer=upstream, port=8960)
