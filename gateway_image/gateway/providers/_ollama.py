"""Ollama's own dialect (/api/chat and /api/generate), for the providers that can be served by it. Not for: its OpenAI
paths, which pass untranslated. Source: Ollama's API documentation and server source, 2026-08.
"""

from __future__ import annotations

from gateway import chat
from gateway.chat import Usage, items, mapping, string
from gateway.providers._base import COMPLETIONS, Call, Json, ProviderError, Stream
from gateway.providers._translated import SYSTEM_ROLES, Either, Told, Translation, Wanted, called, finish
from gateway.sse import LineSplitter

CHAT_PATH = "/api/chat"
GENERATE_PATH = "/api/generate"
_REASONS = {"stop": "stop", "length": "length"}
_OPTIONS = {
    "temperature": "temperature", "top_p": "top_p", "top_k": "top_k", "seed": "seed",
    "frequency_penalty": "frequency_penalty", "presence_penalty": "presence_penalty",
}  # fmt: skip


class Ollamas(Either):
    """A provider whose own dialect is Ollama's."""

    def chat_request(self, messages: list[dict[str, Json]], wanted: Wanted, call: Call) -> dict[str, Json]:
        return _request(messages, wanted, call)

    def told(self, body: Json, call: Call) -> Told:
        return _told(body, call)

    def native_stream(self, call: Call, created: int, identity: str, include_usage: bool) -> Stream:
        return OllamaStream(call, created, identity, include_usage)


def _request(messages: list[dict[str, Json]], wanted: Wanted, call: Call) -> dict[str, Json]:
    """A chat, or where the route or URL says so a completion, in Ollama's shape."""
    options = {own: wanted[name] for name, own in _OPTIONS.items() if wanted[name] is not None}
    if wanted.limit is not None:
        options["num_predict"] = wanted.limit
    if wanted.stop:
        options["stop"] = wanted.stop
    request: dict[str, Json] = {"model": call.model, "stream": call.stream, "options": options}
    if _generates(call):
        request["prompt"] = "\n".join(chat.text_of(message.get("content")) for message in messages)
    else:
        request["messages"] = _turns(messages)
    for name in ("tools", "tool_choice", "keep_alive"):
        if wanted[name] is not None:
            request[name] = wanted[name]
    if wanted.json_schema is not None:
        request["format"] = wanted.json_schema or "json"
    if effort := string(wanted["reasoning_effort"]):
        request["think"] = False if effort == "none" else effort
    return request


def _told(body: Json, call: Call) -> Told:
    """What an answer of either path says."""
    body = mapping(body)
    if error := string(body.get("error")):
        raise ProviderError(f"the upstream answered an error: {error[:500]}", 500)
    message = mapping(body.get("message"))
    if not message and not isinstance(body.get("response"), str):
        raise ProviderError(f"'message' not in ollama://{call.route_type} response", 500)
    text = string(body.get("response")) or chat.text_of(message.get("content"))
    reasoning = string(message.get("thinking")) or string(body.get("thinking"))
    tools = [_tool(call, position) for position, call in enumerate(items(message.get("tool_calls")))]
    reason = _reason(body, call, bool(tools))
    return Told(chat.message_of(text, reasoning, tools), reason, ollama_usage(body), "", string(body.get("model")))


def ollama_usage(body: dict[str, Json]) -> Usage | None:
    """Counts are left out where they are 0: a prompt that was cached whole is one."""
    if "prompt_eval_count" not in body and "eval_count" not in body:
        return None
    return Usage.of(body.get("prompt_eval_count"), body.get("eval_count"))


def _generates(call: Call) -> bool:
    url = string(call.options.get("upstream_url")).rstrip("/")
    return url.endswith(GENERATE_PATH) or (call.route_type == COMPLETIONS and not url.endswith(CHAT_PATH))


def _turns(messages: list[dict[str, Json]]) -> list[dict[str, Json]]:
    turns: list[dict[str, Json]] = []
    names: dict[str, str] = {}  # id of a tool call -> name of its function, which results need here
    for message in messages:
        role = "system" if message.get("role") in SYSTEM_ROLES else string(message.get("role")) or "user"
        turn: dict[str, Json] = {"role": role, "content": chat.text_of(message.get("content"))}
        parts = chat.parts_of(message.get("content"))
        images = [data.data for part in parts if (data := chat.data_url(chat.image_url(part)))]
        if images:
            turn["images"] = images
        elif any(chat.image_url(part) for part in parts):
            raise ProviderError("this model server takes images as data URLs only: data:image/png;base64,...")
        if calls := items(message.get("tool_calls")):
            turn["tool_calls"] = [_call(call, names) for call in map(mapping, calls)]
        if role == "tool":
            turn["tool_name"] = names.get(string(message.get("tool_call_id")), string(message.get("name")))
        turns.append(turn)
    return turns


def _call(call: dict[str, Json], names: dict[str, str]) -> dict[str, Json]:
    name, arguments = called(call)
    names[string(call.get("id"))] = name
    return {"function": {"name": name, "arguments": arguments}}


def _tool(call: Json, position: int) -> dict[str, Json]:
    function = mapping(mapping(call).get("function"))
    identity = string(mapping(call).get("id")) or f"call_{position}"
    return chat.tool_call(identity, string(function.get("name")), function.get("arguments"))


def _reason(body: dict[str, Json], call: Call, has_tools: bool) -> str:
    if not string(body.get("done_reason")):  # old servers: full means cut off
        limit = call.options.get("max_tokens")
        return finish({"": "length" if limit and body.get("eval_count") == limit else "stop"}, "", has_tools)
    return finish(_REASONS, body.get("done_reason"), has_tools)


class OllamaStream(Translation):
    """Newline-delimited JSON; the last object has `done` and the counts."""

    def __init__(self, call: Call, created: int, identity: str, include_usage: bool) -> None:
        super().__init__(call, created, identity, include_usage)
        self._tools = 0

    def parser(self) -> LineSplitter:
        return LineSplitter()

    def event(self, value: dict[str, Json], name: str) -> bytes:
        if error := value.get("error"):
            return self.fail(string(error) or string(mapping(error).get("message")))
        if self.reason:
            return b""
        self.chunks.model = string(value.get("model")) or self.chunks.model
        message = mapping(value.get("message"))
        out = self.chunks.reasoning(string(message.get("thinking")) or string(value.get("thinking")))
        out += self.chunks.text(string(value.get("response")) or chat.text_of(message.get("content")))
        for call in items(message.get("tool_calls")):
            tool = _tool(call, self._tools)
            out += self.chunks.tool(self._tools, tool["id"], tool["function"]["name"])
            out += self.chunks.arguments(self._tools, tool["function"]["arguments"])
            self._tools += 1
        if value.get("done") is True:
            self.reason = _reason(value, self.call, self._tools > 0)
            self._usage = ollama_usage(value)
        return out
