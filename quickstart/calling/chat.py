"""One chat through the gateway, streamed: its text as it comes, then what it used.

Not for: which route (live_routes.py),
wording, what an error means (health.judge).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from quickstart.calling.live_routes import LiveRoute
from quickstart.local_http import Answer, arriving
from quickstart.plan import Plan

SILENCE_SECONDS = 300.0
"""A model on a small machine may think for minutes; as long as the gateway waits itself."""
KEY = "AI_GATEWAY_CLIENT_KEY"
"""The variable with the key that a route with key-auth wants of its callers."""


@dataclass
class Told:
    """What came of it. `refused` is the whole answer where its status is not 2xx, `broken` why a stream ended early."""

    text: str = ""
    prompt: int | None = None
    completion: int | None = None
    seconds: float = 0.0
    first: float | None = None  # seconds until the first text
    model: str = ""
    request_id: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    refused: Answer | None = None
    broken: str = ""

    @property
    def ok(self) -> bool:
        return self.refused is None and not self.broken


def chat(
    plan: Plan,
    route: LiveRoute,
    prompt: str,
    told: Told,
    environ: Mapping[str, str],
    clock: Callable[[], float] = time.monotonic,
    most: int = 0,
) -> Iterator[str]:
    """Gives pieces of text; `told` is filled meanwhile, also when the caller stops early. `most`: tokens, 0 = any.

    Raises NoAnswer when the gateway does not answer.
    """
    began = clock()
    asked: dict[str, Any] = {"messages": [{"role": "user", "content": prompt}]}
    if route.operation == "completions":
        asked = {"prompt": prompt}
    asked |= {"stream": True, "stream_options": {"include_usage": True}}
    asked |= {name: value for name, value in route.body.items() if name == "model"}
    if most:
        asked["max_tokens"] = most
    headers = {"Content-Type": "application/json"}
    if route.key_header and environ.get(KEY):
        headers[route.key_header] = environ[KEY]
    body = json.dumps(asked).encode()
    try:
        with arriving(plan.bind, plan.ports["proxy"], "POST", route.path, body, headers, SILENCE_SECONDS) as answer:
            told.headers = answer.headers
            told.request_id = answer.headers.get("x-kong-request-id", "")
            if not 200 <= answer.status < 300:
                told.refused = Answer(answer.status, answer.headers, b"".join(answer.pieces))
                return
            for document in _documents(answer.headers.get("content-type", ""), answer.pieces):
                piece = _read(document, told)
                if piece:
                    told.first = told.first if told.first is not None else clock() - began
                    told.text += piece
                    yield piece
    finally:
        told.seconds = clock() - began


def _documents(kind: str, pieces: Iterator[bytes]) -> Iterator[Any]:
    """The JSON documents of an answer: one per event of a stream, or the whole of it."""
    if not kind.startswith("text/event-stream"):
        yield _decoded(b"".join(pieces))
        return
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if line.startswith(b"data:") and (data := line[5:].strip()) != b"[DONE]":
                yield _decoded(data)


def _read(document: Any, told: Told) -> str:
    """Notes what a document says and gives the text in it."""
    if not isinstance(document, dict):
        return ""
    if error := document.get("error"):
        told.broken = str(error.get("message", error)) if isinstance(error, dict) else str(error)
    usage = document.get("usage")
    if isinstance(usage, dict):
        told.prompt, told.completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
    told.model = str(document.get("model") or told.model)
    choices = document.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        return ""
    inner = choices[0].get("delta") or choices[0].get("message") or choices[0]
    return str(inner.get("content") or inner.get("text") or "") if isinstance(inner, dict) else ""


def _decoded(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return None
