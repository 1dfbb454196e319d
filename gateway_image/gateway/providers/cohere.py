"""Cohere: /v2/chat, or /v1/chat where upstream_url says so (Kong 3.9's default). Source: Cohere's API specification and
deprecations page, 2026-11.
"""

from __future__ import annotations

from gateway import chat
from gateway.chat import Usage, items, mapping, string
from gateway.providers._base import CHAT, COMPLETIONS, Call, Json, ProviderError, Stream
from gateway.providers._cohere_v1 import FAILED, PARAMETERS, REASONS, V1Stream, usage_of, v1_request, v1_told
from gateway.providers._compatible import chat_models, listed_models, model_entries
from gateway.providers._diagnosis import Tell
from gateway.providers._translated import SYSTEM_ROLES, Told, Translated, Translation, Wanted, finish


class Cohere(Translated):
    name = "cohere"
    title = "Cohere"
    origin = "https://api.cohere.com"
    paths = {CHAT: "/v2/chat", COMPLETIONS: "/v2/chat"}
    environment = ("COHERE_API_KEY", "CO_API_KEY")
    key_url = "https://dashboard.cohere.com/api-keys"
    billing_url = "https://dashboard.cohere.com/billing"
    credit_note = "Trial keys are free but limited in calls."
    catalogue = (
        "command-r7b-12-2024", "command-a-03-2025", "command-a-plus-05-2026", "command-a-reasoning-08-2025",
        "command-r-08-2024",
    )  # fmt: skip
    retired = (
        "command", "command-light", "command-r", "command-r-plus", "command-r-03-2024", "command-r-plus-04-2024",
        "c4ai-aya-expanse-8b",
    )  # fmt: skip
    models_path = "/v1/models?page_size=1000&endpoint=chat"
    tells = (
        Tell("invalid api token", "invalid_key"),
        Tell("no api key supplied", "invalid_key"),
        Tell("too many tokens", "context_too_long", (400,)),
        Tell("", "invalid_key", (498,)),
    )

    def chat_request(self, messages: list[dict[str, Json]], wanted: Wanted, call: Call) -> dict[str, Json]:
        if _legacy(call):
            return v1_request(messages, wanted, call)
        request: dict[str, Json] = {"model": call.model, "stream": call.stream}
        request["messages"] = [_turn(message) for message in messages]
        request.update({own: wanted[name] for name, own in PARAMETERS.items() if wanted[name] is not None})
        if wanted.limit is not None:
            request["max_tokens"] = wanted.limit
        if wanted.stop:
            request["stop_sequences"] = wanted.stop[:5]
        chosen = wanted.chosen_tool
        functions = wanted.functions
        if chosen.startswith("="):  # no choice of one function here: only that one is offered
            functions = [function for function in functions if function["name"] == chosen[1:]]
        if functions:
            request["tools"] = [{"type": "function", "function": function} for function in functions]
            if chosen == "required" or chosen.startswith("="):
                request["tool_choice"] = "REQUIRED"
            elif chosen == "none":
                request["tool_choice"] = "NONE"
        if wanted.json_schema is not None:
            request["response_format"] = {"type": "json_object"}
            if wanted.json_schema:
                request["response_format"]["json_schema"] = wanted.json_schema
        if effort := string(wanted["reasoning_effort"]):
            request["thinking"] = {"type": "disabled" if effort == "none" else "enabled"}
        return request

    def told(self, body: Json, call: Call) -> Told:
        body = mapping(body)
        message = body.get("message")
        if not isinstance(message, dict):
            return v1_told(body, call)
        word = string(body.get("finish_reason"))
        if word in FAILED:
            raise ProviderError(f"the upstream ended its answer with {word}", 500)
        texts: list[str] = []
        thoughts = [string(message.get("tool_plan"))]
        for part in map(mapping, items(message.get("content"))):
            texts.append(string(part.get("text")))
            thoughts.append(string(part.get("thinking")))
        tools = [_tool(given, position) for position, given in enumerate(items(message.get("tool_calls")))]
        reasoning = "\n".join(filter(None, thoughts))
        reason = finish(REASONS, word, bool(tools))
        identity = string(body.get("id"))
        return Told(chat.message_of("".join(texts), reasoning, tools), reason, usage_of(body.get("usage")), identity)

    def stream(self, call: Call, created: int = 0, identity: str = "", include_usage: bool = False) -> Stream:
        kind = V1Stream if _legacy(call) else _V2Stream
        return kind(call, created, identity, include_usage)

    def usage(self, body: Json) -> Usage | None:
        body = mapping(body)
        return usage_of(body.get("usage")) or usage_of(body.get("meta"))

    def models(self, body: Json) -> list[str]:
        living = [one for one in model_entries(body, "models") if one.get("is_deprecated") is not True]
        talking = [one for one in living if "chat" in items(one.get("endpoints")) or "endpoints" not in one]
        return chat_models(listed_models(talking, name="name"))


def _legacy(call: Call) -> bool:
    url = string(call.options.get("upstream_url")).partition("?")[0].rstrip("/")
    path = string(call.options.get("upstream_path")).rstrip("/")
    return (path or url).endswith(("/v1/chat", "/v1/generate"))


def _turn(message: dict[str, Json]) -> dict[str, Json]:
    role = "system" if message.get("role") in SYSTEM_ROLES else string(message.get("role")) or "user"
    turn: dict[str, Json] = {"role": role}
    given = message.get("content")
    if isinstance(given, list):
        parts = chat.parts_of(given)
        turn["content"] = [part for part in parts if part.get("type") == "text" or chat.image_url(part)]
    elif given is not None:
        turn["content"] = string(given)
    if role == "tool":
        turn["tool_call_id"] = string(message.get("tool_call_id"))
    if calls := items(message.get("tool_calls")):
        turn["tool_calls"] = [{**call, "type": "function"} for call in map(mapping, calls)]
    return turn


def _tool(given: Json, position: int) -> dict[str, Json]:
    given = mapping(given)
    function = mapping(given.get("function"))
    identity = string(given.get("id")) or f"call_{position}"
    return chat.tool_call(identity, string(function.get("name")), function.get("arguments"))


class _V2Stream(Translation):
    """Events by their data's type; a tool call is an object here, not an array."""

    def __init__(self, call: Call, created: int, identity: str, include_usage: bool) -> None:
        super().__init__(call, created, identity, include_usage)
        self._tools: dict[int, int] = {}  # index of the event -> position among the tool calls
        self._empty: set[int] = set()

    def event(self, value: dict[str, Json], name: str) -> bytes:
        kind = string(value.get("type")) or name
        delta = mapping(value.get("delta"))
        message = mapping(delta.get("message"))
        index = chat.count(value.get("index"))
        if kind in ("content-delta", "content-start"):
            content = mapping(message.get("content"))
            return self.chunks.reasoning(string(content.get("thinking"))) + self.chunks.text(
                string(content.get("text"))
            )
        if kind == "tool-plan-delta":
            return self.chunks.reasoning(string(message.get("tool_plan")))
        if kind in ("tool-call-start", "tool-call-delta", "tool-call-end"):
            return self._tool(kind, index, mapping(message.get("tool_calls")))
        if kind == "message-start":
            self.chunks.identity = string(value.get("id")) or self.chunks.identity
        elif kind == "message-end":
            return self._end(delta)
        elif "type" not in value and isinstance(value.get("message"), str):  # an error's shape
            return self.fail(value["message"])
        return b""

    def _tool(self, kind: str, index: int, call: dict[str, Json]) -> bytes:
        function = mapping(call.get("function"))
        text = string(function.get("arguments"))
        out = b""
        if kind == "tool-call-start" and index not in self._tools:
            self._tools[index] = len(self._tools)
            self._empty.add(index)
            identity = string(call.get("id")) or f"call_{self._tools[index]}"
            out = self.chunks.tool(self._tools[index], identity, string(function.get("name")))
        if index not in self._tools:
            return b""
        if kind == "tool-call-end" and index in self._empty:
            text = "{}"
        if text:
            self._empty.discard(index)
        return out + self.chunks.arguments(self._tools[index], text)

    def _end(self, delta: dict[str, Json]) -> bytes:
        word = string(delta.get("finish_reason"))
        if word in FAILED:
            return self.fail(string(delta.get("error")) or f"the upstream ended its answer with {word}")
        self.reason = finish(REASONS, word, bool(self._tools))
        self._usage = usage_of(delta.get("usage"))
        return b""
