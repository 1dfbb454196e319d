"""Anthropic: the Messages API. Source: Anthropic's API reference and versioning pages, 2026-11.

Kong 3.9 hands on fewer settings (not top_p, top_k, stop, user) and gives `end_turn` as it is; newer Kongs translate it
and hand them on. `Call.newest` chooses. Streams, tools, images and reasoning are always complete here.
"""

from __future__ import annotations

import re
from typing import Any

from gateway import chat
from gateway.chat import Usage, items, mapping, string
from gateway.providers._base import CHAT, COMPLETIONS, Call, Json, ProviderError, Stream
from gateway.providers._compatible import listed_models, model_entries
from gateway.providers._diagnosis import Tell
from gateway.providers._translated import (
    SYSTEM_ROLES,
    Told,
    Translated,
    Translation,
    Wanted,
    called,
    finish,
    system_text,
)

_REASONS = {
    "end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length", "tool_use": "tool_calls", "pause_turn": "stop",
    "refusal": "content_filter", "model_context_window_exceeded": "length",
}  # fmt: skip
_DEFAULT_LIMIT = 4096
_NO_SAMPLING = re.compile(r"claude-(?:opus-(?:4-[7-9]|[5-9])|sonnet-[5-9]|haiku-(?:5-[5-9]|[6-9])|fable|mythos)")
"""Models that answer 400 to temperature, top_p and top_k."""
_EFFORT = re.compile(r"claude-(?:opus-(?:4-[5-9]|[5-9])|sonnet-(?:4-[6-9]|[5-9])|haiku-(?:5-[5-9]|[6-9])|fable|mythos)")
_EFFORTS = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "xhigh", "max": "max"}


class Anthropic(Translated):
    name = "anthropic"
    title = "Anthropic"
    origin = "https://api.anthropic.com"
    paths = {CHAT: "/v1/messages", COMPLETIONS: "/v1/messages"}
    dialect = "anthropic"
    auth_header = "x-api-key"
    auth_prefix = ""
    environment = ("ANTHROPIC_API_KEY",)
    key_url = "https://platform.claude.com/settings/keys"
    billing_url = "https://platform.claude.com/settings/billing"
    credit_note = "A Claude Pro or Max plan does not include API credit."
    key_prefixes = ("sk-ant-",)
    catalogue = ("claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-4-5", "claude-fable-5-2")
    retired = (
        "claude-instant-1.2", "claude-2.0", "claude-2.1", "claude-3-sonnet-20240229", "claude-3-opus-20240229",
        "claude-3-5-haiku-latest", "claude-3-7-sonnet-latest", "claude-3-5-sonnet-20240620", "claude-opus-4-0",
        "claude-sonnet-4-0", "claude-sonnet-4-5",
    )  # fmt: skip
    models_path = "/v1/models?limit=1000"
    required_options = {"anthropic_version": "must set 'model.options.anthropic_version' for anthropic provider"}
    tells = (
        Tell("model:", "model_not_found", (404,)),
        Tell("invalid x-api-key", "invalid_key"),
        Tell("invalid bearer token", "invalid_key"),
        Tell("overloaded_error", "unavailable"),
    )

    def headers(self, call: Call) -> tuple[tuple[str, str], ...]:
        return (("anthropic-version", string(call.options.get("anthropic_version")) or "2023-06-01"),)

    def chat_request(self, messages: list[dict[str, Json]], wanted: Wanted, call: Call) -> dict[str, Json]:
        request: dict[str, Json] = {"model": call.model, "messages": _turns(messages), "stream": call.stream}
        request["max_tokens"] = _DEFAULT_LIMIT if wanted.limit is None else wanted.limit
        if system := system_text(messages):
            request["system"] = system
        if not _NO_SAMPLING.search(call.model):
            for name in ("temperature", "top_p", "top_k"):
                if wanted[name] is not None and (call.newest or name == "temperature" or name in call.options):
                    request[name] = wanted[name]
        if call.newest:
            if wanted.stop:
                request["stop_sequences"] = wanted.stop
            if string(wanted["user"]):
                request["metadata"] = {"user_id": wanted["user"]}
        _tools(request, wanted)
        output: dict[str, Json] = {}
        if wanted.json_schema:
            output["format"] = {"type": "json_schema", "schema": wanted.json_schema}
        if _EFFORT.search(call.model) and (effort := _EFFORTS.get(string(wanted["reasoning_effort"]))):
            output["effort"] = effort
        if output:
            request["output_config"] = output
        for own in ("thinking", "cache_control"):  # Anthropic's own members, for clients that know them
            if isinstance(wanted[own], dict):
                request[own] = wanted[own]
        return request

    def told(self, body: Json, call: Call) -> Told:
        body = mapping(body)
        if not isinstance(body.get("content"), list):
            raise ProviderError(f"'content' not in anthropic://{call.route_type} response", 500)
        texts: list[str] = []
        thoughts: list[str] = []
        tools: list[dict[str, Json]] = []
        for block in map(mapping, body["content"]):
            kind = block.get("type")
            if kind == "text":
                texts.append(string(block.get("text")))
            elif kind == "thinking":
                thoughts.append(string(block.get("thinking")))
            elif kind == "tool_use":
                tools.append(chat.tool_call(string(block.get("id")), string(block.get("name")), block.get("input")))
        word = body.get("stop_reason")
        reason = finish(_REASONS, word, bool(tools))
        if word == "end_turn" and not call.newest and not tools:
            reason = "end_turn"
        message = chat.message_of("\n".join(texts), "\n".join(thoughts), tools)
        return Told(message, reason, self.usage(body), string(body.get("id")), string(body.get("model")))

    def stream(self, call: Call, created: int = 0, identity: str = "", include_usage: bool = False) -> Stream:
        return _MessageStream(call, created, identity, include_usage)

    def usage(self, body: Json) -> Usage | None:
        return _usage(mapping(mapping(body).get("usage")))

    def models(self, body: Json) -> list[str]:
        return listed_models([entry for entry in model_entries(body) if entry.get("lifecycle") != "retired"])


def _usage(given: dict[str, Json]) -> Usage | None:
    """Anthropic counts what came from the cache and what went into it beside input_tokens."""
    if "input_tokens" not in given and "output_tokens" not in given:
        return None
    cached, written = given.get("cache_read_input_tokens"), given.get("cache_creation_input_tokens")
    prompt = chat.count(given.get("input_tokens")) + chat.count(cached) + chat.count(written)
    thought = mapping(given.get("output_tokens_details")).get("thinking_tokens")
    return Usage.of(prompt, given.get("output_tokens"), cached=cached, cache_write=written, reasoning=thought)


def _tools(request: dict[str, Json], wanted: Wanted) -> None:
    tools = [
        {
            "name": function["name"],
            **({"description": function["description"]} if string(function.get("description")) else {}),
            "input_schema": mapping(function.get("parameters")) or {"type": "object", "properties": {}},
        }
        for function in wanted.functions
    ]
    if not tools:
        return
    request["tools"] = tools
    chosen = wanted.chosen_tool
    choice: dict[str, Json] = {}
    if chosen.startswith("="):
        choice = {"type": "tool", "name": chosen[1:]}
    elif chosen in ("auto", "none", "required"):
        choice = {"type": "any" if chosen == "required" else chosen}
    if wanted["parallel_tool_calls"] is False and choice.get("type") != "none":
        choice = {**(choice or {"type": "auto"}), "disable_parallel_tool_use": True}
    if choice:
        request["tool_choice"] = choice


def _turns(messages: list[dict[str, Json]]) -> list[dict[str, Json]]:
    """Messages without the system's; results of tools are a user's blocks, those in a row one turn."""
    turns: list[dict[str, Json]] = []
    results: list[Json] | None = None
    for message in messages:
        role = message.get("role")
        if role in SYSTEM_ROLES:
            continue
        if role in ("tool", "function"):
            block = {"type": "tool_result", "tool_use_id": string(message.get("tool_call_id"))}
            block["content"] = _content(message.get("content"))
            if results is None:
                results = []
                turns.append({"role": "user", "content": results})
            results.append(block)
            continue
        results = None
        calls = items(message.get("tool_calls"))
        content = _content(message.get("content"))
        if role == "assistant" and calls:
            blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
            content = [block for block in blocks if block.get("text") or block["type"] != "text"] + _uses(calls)
        turns.append({"role": "assistant" if role == "assistant" else "user", "content": content})
    return turns


def _uses(calls: list[Json]) -> list[dict[str, Json]]:
    uses = []
    for call in map(mapping, calls):
        name, arguments = called(call)
        uses.append({"type": "tool_use", "id": string(call.get("id")), "name": name, "input": arguments})
    return uses


def _content(content: Json) -> Any:
    """A plain text as it is; parts as blocks."""
    if not isinstance(content, list):
        return string(content)
    blocks: list[dict[str, Json]] = []
    for part in chat.parts_of(content):
        if url := chat.image_url(part):
            data = chat.data_url(url)
            source = {"type": "url", "url": url}
            if data is not None:
                source = {"type": "base64", "media_type": data.media_type, "data": data.data}
            blocks.append({"type": "image", "source": source})
        elif part.get("type") == "file" and (file := chat.data_url(mapping(part.get("file")).get("file_data"))):
            blocks.append(
                {"type": "document", "source": {"type": "base64", "media_type": file.media_type, "data": file.data}}
            )
        elif part.get("type") == "text":
            blocks.append({"type": "text", "text": string(part.get("text"))})
            if isinstance(part.get("cache_control"), dict):
                blocks[-1]["cache_control"] = part["cache_control"]
    return blocks


class _MessageStream(Translation):
    """Anthropic's events by their data's type; their names say the same."""

    def __init__(self, call: Call, created: int, identity: str, include_usage: bool) -> None:
        super().__init__(call, created, identity, include_usage)
        self._counted: dict[str, Json] = {}
        self._tools: dict[int, int] = {}  # index of a block -> position among the tool calls
        self._empty: set[int] = set()  # tool calls without arguments so far

    def event(self, value: dict[str, Json], name: str) -> bytes:
        kind = value.get("type")
        index = chat.count(value.get("index"))
        delta = mapping(value.get("delta"))
        if kind == "content_block_delta":
            return self._delta(index, delta)
        if kind == "content_block_start":
            return self._start(index, mapping(value.get("content_block")))
        if kind == "content_block_stop" and index in self._empty:
            self._empty.discard(index)
            return self.chunks.arguments(self._tools[index], "{}")
        if kind == "message_start":
            message = mapping(value.get("message"))
            self.chunks.identity = string(message.get("id")) or self.chunks.identity
            self.chunks.model = string(message.get("model")) or self.chunks.model
            self._count(message)
        elif kind == "message_delta":
            self._count(value)
            self.reason = finish(_REASONS, delta.get("stop_reason"), bool(self._tools))
        elif kind == "message_stop":
            self.reason = self.reason or "stop"
        elif kind == "error":
            error = mapping(value.get("error"))
            return self.fail(string(error.get("message")), string(error.get("type")) or None)
        return b""

    def _start(self, index: int, block: dict[str, Json]) -> bytes:
        kind = block.get("type")
        if kind == "tool_use" and index not in self._tools:
            position = self._tools[index] = len(self._tools)
            self._empty.add(index)
            return self.chunks.tool(position, string(block.get("id")), string(block.get("name")))
        if kind == "thinking":
            return self.chunks.reasoning(string(block.get("thinking")))
        return self.chunks.text(string(block.get("text"))) if kind == "text" else b""

    def _delta(self, index: int, delta: dict[str, Json]) -> bytes:
        kind = delta.get("type")
        if kind == "text_delta":
            return self.chunks.text(string(delta.get("text")))
        if kind == "thinking_delta":
            return self.chunks.reasoning(string(delta.get("thinking")))
        if kind == "input_json_delta" and index in self._tools and (text := string(delta.get("partial_json"))):
            self._empty.discard(index)
            return self.chunks.arguments(self._tools[index], text)
        return b""

    def _count(self, said: dict[str, Json]) -> None:
        """message_delta's counts are cumulative and go over message_start's."""
        self._counted.update({name: value for name, value in mapping(said.get("usage")).items() if value is not None})
        self._usage = _usage(self._counted)
