"""Cohere's first chat API, which Kong 3.9 speaks, for configurations whose upstream_url names it. Not for: /v2/chat
(cohere). Source: Cohere's API specification, 2026-11; it calls this version legacy.
"""

from __future__ import annotations

from gateway import chat
from gateway.chat import Usage, items, mapping, string
from gateway.codec import encode
from gateway.providers._base import Call, Json, ProviderError
from gateway.providers._translated import Told, Translation, Wanted, finish
from gateway.sse import LineSplitter

REASONS = {
    "COMPLETE": "stop", "STOP_SEQUENCE": "stop", "MAX_TOKENS": "length", "TOOL_CALL": "tool_calls",
    "ERROR_LIMIT": "length", "ERROR_TOXIC": "content_filter",
}  # fmt: skip
FAILED = ("ERROR", "TIMEOUT")
PARAMETERS = {
    "temperature": "temperature", "top_p": "p", "top_k": "k", "seed": "seed", "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
}  # fmt: skip
_TYPES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "array": "list", "object": "dict"}


def usage_of(usage: Json) -> Usage | None:
    """Billed units: Cohere's own preamble makes the real count many times larger, and money follows the billed one."""
    usage = mapping(usage)
    counted = mapping(usage.get("billed_units")) or mapping(usage.get("tokens"))
    if not counted:
        return None
    cached = usage.get("cached_tokens")
    found = Usage.of(counted.get("input_tokens"), counted.get("output_tokens"), cached=cached)
    found.cached_tokens = min(found.cached_tokens, found.prompt_tokens)
    return found


def v1_request(messages: list[dict[str, Json]], wanted: Wanted, call: Call) -> dict[str, Json]:
    """The last message is the message, those before it are the history."""
    results: list[dict[str, Json]] = []
    calls: dict[str, dict[str, Json]] = {}
    turns: list[dict[str, Json]] = []
    for message in messages:
        text = chat.text_of(message.get("content"))
        if message.get("role") == "tool":
            made = calls.get(string(message.get("tool_call_id")), {"name": "", "parameters": {}})
            results.append({"call": made, "outputs": [{"result": text}]})
            continue
        turn: dict[str, Json] = {"role": "CHATBOT" if message.get("role") == "assistant" else "USER", "message": text}
        made_now = []
        for given in map(mapping, items(message.get("tool_calls"))):
            name = string(mapping(given.get("function")).get("name"))
            made_now.append({"name": name, "parameters": chat.arguments_of(given) or {}})
            calls[string(given.get("id"))] = made_now[-1]
        if made_now:
            turn["tool_calls"] = made_now
        turns.append(turn)
    last = {"message": ""} if results and turns and turns[-1]["role"] == "CHATBOT" else turns.pop() if turns else {}
    request: dict[str, Json] = {"model": call.model, "stream": call.stream, "message": last.get("message", "")}
    if turns:
        request["chat_history"] = turns
    if results:
        request["tool_results"] = results
    request.update({own: wanted[name] for name, own in PARAMETERS.items() if wanted[name] is not None})
    if wanted.limit is not None:
        request["max_tokens"] = wanted.limit
    if wanted.stop:
        request["stop_sequences"] = wanted.stop
    if wanted.functions:
        request["tools"] = [_tool(function) for function in wanted.functions]
    if wanted.json_schema is not None:
        request["response_format"] = {"type": "json_object"}
        if wanted.json_schema:
            request["response_format"]["schema"] = wanted.json_schema
    return request


def _tool(function: dict[str, Json]) -> dict[str, Json]:
    schema = mapping(function.get("parameters"))
    required = items(schema.get("required"))
    definitions = {
        name: {
            "description": string(mapping(field).get("description")),
            "type": _TYPES.get(string(mapping(field).get("type")), "str"),
            "required": name in required,
        }
        for name, field in mapping(schema.get("properties")).items()
    }
    described = string(function.get("description"))
    return {"name": function["name"], "description": described, "parameter_definitions": definitions}


def v1_told(body: dict[str, Json], call: Call) -> Told:
    """What an answer of /v1/chat, or of the older /v1/generate, says."""
    generations = items(body.get("generations"))
    if not isinstance(body.get("text"), str) and not generations:
        raise ProviderError("'text' or 'generations' missing from cohere response body", 500)
    text = string(body.get("text")) or "".join(string(mapping(one).get("text")) for one in generations)
    tools = [_call(given, position) for position, given in enumerate(items(body.get("tool_calls")))]
    word = body.get("finish_reason") or mapping(generations[0] if generations else None).get("finish_reason")
    identity = string(body.get("generation_id")) or string(body.get("id"))
    usage = usage_of(body.get("meta"))
    return Told(chat.message_of(text, tool_calls=tools), finish(REASONS, word, bool(tools)), usage, identity)


def _call(given: Json, position: int) -> dict[str, Json]:
    given = mapping(given)
    return chat.tool_call(f"call_{position}", string(given.get("name")), given.get("parameters"))


class V1Stream(Translation):
    """Newline-delimited JSON with an `event_type`; a whole answer in one line is read too."""

    def parser(self) -> LineSplitter:
        return LineSplitter()

    def event(self, value: dict[str, Json], name: str) -> bytes:
        kind = value.get("event_type")
        if kind == "stream-start":
            self.chunks.identity = string(value.get("generation_id")) or self.chunks.identity
        elif kind == "text-generation":
            return self.chunks.text(string(value.get("text")))
        elif kind == "tool-calls-generation":
            return self._calls(items(value.get("tool_calls")))
        elif kind == "stream-end":
            whole = mapping(value.get("response"))
            word = string(value.get("finish_reason"))
            if word in FAILED:
                return self.fail(string(value.get("error")) or f"the upstream ended its answer with {word}")
            self.reason = finish(REASONS, word, bool(whole.get("tool_calls")))
            self._usage = usage_of(whole.get("meta"))
        elif kind is None and isinstance(value.get("text"), str):
            told = v1_told(value, self.call)
            self.chunks.identity = told.identity or self.chunks.identity
            self.reason, self._usage = told.finish_reason, told.usage
            return self.chunks.text(string(told.message["content"])) + self._calls(items(value.get("tool_calls")))
        elif kind is None and isinstance(value.get("message"), str):
            return self.fail(string(value["message"]))
        return b""

    def _calls(self, given: list[Json]) -> bytes:
        out = b""
        for position, call in enumerate(map(mapping, given)):
            out += self.chunks.tool(position, f"call_{position}", string(call.get("name")))
            out += self.chunks.arguments(position, encode(mapping(call.get("parameters"))).decode())
        return out
