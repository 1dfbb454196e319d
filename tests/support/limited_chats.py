"""Chats under token limits: declarative files, an upstream that spends what a test says, and time that does not run out
in the middle. Not for: judging.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from support.mock_server import Answer, Asked, MockServer, as_json, split

Json = Any
WINDOW = 100


class Spender(MockServer):
    """An OpenAI-compatible upstream: the user's message says what the answer costs, "19 7": prompt and completion."""

    def answer(self, asked: Asked) -> Answer:
        prompt, completion = map(int, asked.json["messages"][-1]["content"].split())
        usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
        named = {"id": "chatcmpl-1", "model": asked.json["model"], "created": 1}
        if not asked.json.get("stream"):
            choice = {"index": 0, "message": {"role": "assistant", "content": "2"}, "finish_reason": "stop"}
            return as_json({**named, "object": "chat.completion", "choices": [choice], "usage": usage})
        assert asked.json["stream_options"] == {"include_usage": True}, "the gateway asks for a stream's usage"
        chunk = {**named, "object": "chat.completion.chunk"}
        events = [
            {**chunk, "choices": [{"index": 0, "delta": {"role": "assistant", "content": "2"}}]},
            {**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
            {**chunk, "choices": [], "usage": usage},
        ]
        text = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
        return Answer(content_type="text/event-stream", pieces=split(text, 40))


def chat_service(name: str, upstream: str, *plugins: Json, price: float = 0, **route: Json) -> Json:
    """A service whose route takes POST /NAME unless `route` says otherwise; `price` in USD per token."""
    options: Json = {"upstream_url": f"{upstream}/v1/chat/completions"}
    if price:
        options |= {"input_cost": price * 1_000_000, "output_cost": price * 1_000_000}
    proxy = {
        "route_type": "llm/v1/chat",
        "model": {"provider": "openai", "name": "gpt-6-luna", "options": options},
        "auth": {"header_name": "Authorization", "header_value": "Bearer sk-test"},
        "logging": {"log_statistics": True},
    }
    where = {"name": name, "paths": [f"/{name}"], **route}
    return {
        "name": name,
        "url": "http://localhost:32000",
        "routes": [where],
        "plugins": [{"name": "ai-proxy", "config": proxy}, *plugins],
    }


def token_limit(limit: float, window: float = WINDOW, **config: Json) -> Json:
    entry = {"name": "openai", "limit": limit, "window_size": window}
    return {"name": "ai-rate-limiting-advanced", "config": {"llm_providers": [entry], **config}}


def write(path: Path, *services: Json, **more: Json) -> Path:
    path.write_text(yaml.safe_dump({"_format_version": "3.0", "services": [*services], **more}, sort_keys=False))
    return path


def within_one_window(size: float, scenario: Callable[[int], None]) -> None:
    """Runs a scenario that is about one window of the wall clock; when it failed and a new window had begun in between,
    it runs once more. It gets the number of the attempt, so that it can count anew."""
    began = time.time()
    try:
        scenario(1)
    except AssertionError:
        if began // size == time.time() // size:
            raise
        scenario(2)
