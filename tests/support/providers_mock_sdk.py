"""Stand-ins that also do what SDKs are used for: tools, embeddings and responses, as strict about fields as the real.

Written from the providers' published references (2026-11). Not for: plain chats (providers_mock.py and its own-dialect
sibling have those).
"""

from __future__ import annotations

import base64
import json
import struct
from typing import Any, ClassVar

from support.mock_server import Answer, Asked, as_json, split
from support.providers_mock import OpenAI, words
from support.providers_mock_own import Anthropic, named_events

Json = Any
CITY = {"city": "Paris"}
NUMBERS = [0.25, -1.5, 3.0]


def wants_tool(body: Json) -> bool:
    """Tools are there, and nobody has answered their call yet."""
    if not body.get("tools") or body.get("tool_choice") == "none":
        return False
    last = body["messages"][-1]
    content = last["content"] if isinstance(last["content"], list) else []
    return bool(last["role"] == "user" and not any(block["type"] == "tool_result" for block in content))


class SdkOpenAI(OpenAI):
    """Chat with tools, embeddings, and the Responses API."""

    known: ClassVar[frozenset[str]] = words(
        "model messages max_completion_tokens max_tokens temperature top_p n stop seed frequency_penalty "
        "presence_penalty logit_bias logprobs top_logprobs tools tool_choice parallel_tool_calls response_format "
        "reasoning_effort verbosity stream stream_options store metadata service_tier user safety_identifier prompt "
        "prompt_cache_key input dimensions encoding_format instructions max_output_tokens reasoning text truncation "
        "include previous_response_id echo suffix best_of"
    )

    def answer(self, asked: Asked) -> Answer:
        if (asked.method, asked.path) == ("POST", "/v1/embeddings"):
            return self.embeddings(self.check_chat(asked, "model", "input"))
        if (asked.method, asked.path) == ("POST", "/v1/responses"):
            return self.responses(self.check_chat(asked, "model", "input"))
        return super().answer(asked)

    def chat(self, body: dict[str, Json]) -> Answer:
        self.check_messages(body)
        if not wants_tool(body):
            return super().chat(body)
        name = body["tools"][0]["function"]["name"]
        base = {"id": "chatcmpl-1", "created": 1790000000, "model": body["model"]}
        call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": json.dumps(CITY)}}
        if not body.get("stream"):
            message = {"role": "assistant", "content": None, "tool_calls": [call]}
            choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
            return as_json({**base, "object": "chat.completion", "choices": [choice], "usage": self.usage})

        def chunk(delta: Json, reason: str | None = None) -> Json:
            choice = {"index": 0, "delta": delta, "finish_reason": reason}
            return {**base, "object": "chat.completion.chunk", "choices": [choice]}

        first = {**call, "index": 0, "function": {"name": name, "arguments": ""}}
        text = json.dumps(CITY)
        chunks = [chunk({"role": "assistant", "content": None}), chunk({"tool_calls": [first]})]
        chunks += [
            chunk({"tool_calls": [{"index": 0, "function": {"arguments": part}}]}) for part in (text[:5], text[5:])
        ]
        chunks.append(chunk({}, "tool_calls"))
        if (body.get("stream_options") or {}).get("include_usage"):
            chunks.append({**base, "object": "chat.completion.chunk", "choices": [], "usage": self.usage})
        return self.stream(chunks)

    def check_messages(self, body: dict[str, Json]) -> None:
        """Every result follows its call, and models of this age take the newer limit only."""
        if "max_tokens" in body:
            raise self.refuse("bad_request", "max_tokens; use max_completion_tokens")
        if body.get("stream_options") and not body.get("stream"):
            raise self.refuse("bad_request", "stream_options")
        called: set[str] = set()
        for message in body["messages"]:
            if message["role"] == "tool" and message["tool_call_id"] not in called:
                raise self.refuse("bad_request", "messages.tool_call_id")
            called |= {call["id"] for call in message.get("tool_calls") or ()}

    def embeddings(self, body: dict[str, Json]) -> Answer:
        inputs = body["input"] if isinstance(body["input"], list) else [body["input"]]
        packed = base64.b64encode(struct.pack("<3f", *NUMBERS)).decode()
        value = packed if body.get("encoding_format") == "base64" else NUMBERS
        data = [{"object": "embedding", "index": index, "embedding": value} for index in range(len(inputs))]
        usage = {"prompt_tokens": 4, "total_tokens": 4}
        return as_json({"object": "list", "data": data, "model": body["model"], "usage": usage})

    def responses(self, body: dict[str, Json]) -> Answer:
        """OpenAI's own: what it says cannot be mistaken for a translation."""
        usage = {
            "input_tokens": 21,
            "output_tokens": 6,
            "total_tokens": 27,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": 0},
        }
        base = {"id": "resp_native", "object": "response", "created_at": 1790000000, "model": body["model"],
                "parallel_tool_calls": True, "tool_choice": "auto", "tools": []}  # fmt: skip
        part = {"type": "output_text", "text": "Native answer.", "annotations": []}
        item = {"id": "msg_native", "type": "message", "role": "assistant", "status": "completed", "content": [part]}
        whole = {**base, "status": "completed", "output": [item], "usage": usage}
        if not body.get("stream"):
            return as_json(whole)
        begun = {**base, "status": "in_progress", "output": [], "usage": None}
        empty = {**part, "text": ""}
        place = {"item_id": "msg_native", "output_index": 0, "content_index": 0}
        told = [
            {"type": "response.created", "response": begun},
            {"type": "response.in_progress", "response": begun},
            {
                "type": "response.output_item.added",
                "output_index": 0,
                "item": {**item, "content": [], "status": "in_progress"},
            },
            {"type": "response.content_part.added", **place, "part": empty},
            {"type": "response.output_text.delta", **place, "delta": "Native ", "logprobs": []},
            {"type": "response.output_text.delta", **place, "delta": "answer.", "logprobs": []},
            {"type": "response.output_text.done", **place, "text": part["text"], "logprobs": []},
            {"type": "response.content_part.done", **place, "part": part},
            {"type": "response.output_item.done", "output_index": 0, "item": item},
            {"type": "response.completed", "response": whole},
        ]
        events = named_events(*({**event, "sequence_number": number} for number, event in enumerate(told)))
        return Answer(content_type="text/event-stream; charset=utf-8", pieces=split(events, self.piece))


class SdkAnthropic(Anthropic):
    """Messages with tools, and what the second API version no longer takes."""

    def check_credential(self, asked: Asked) -> None:
        super().check_credential(asked)
        sampling = {"temperature", "top_p", "top_k"} & set(asked.json if isinstance(asked.json, dict) else ())
        if asked.headers.get("anthropic-version") == "2026-10-21" and sampling:
            raise self.refuse("bad_request", sorted(sampling)[0])

    def answer(self, asked: Asked) -> Answer:
        if asked.path != "/v1/messages" or not isinstance(asked.json, dict) or not wants_tool(asked.json):
            return super().answer(asked)
        body = self.check_chat(asked, "model", "messages", "max_tokens")
        name = body["tools"][0]["name"]
        message = {"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"], "stop_sequence": None}
        block = {"type": "tool_use", "id": "toolu_1", "name": name, "input": CITY}
        usage = {"input_tokens": 12, "output_tokens": 6}
        if not body.get("stream"):
            return as_json({**message, "content": [block], "stop_reason": "tool_use", "usage": usage})
        text = json.dumps(CITY)
        deltas = [
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "input_json_delta", "partial_json": part},
            }
            for part in ("", text[:6], text[6:])
        ]
        begun = {**message, "content": [], "stop_reason": None, "usage": {"input_tokens": 12, "output_tokens": 1}}
        events = named_events(
            {"type": "message_start", "message": begun},
            {"type": "content_block_start", "index": 0, "content_block": {**block, "input": {}}},
            *deltas,
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": None}, "usage": usage},
            {"type": "message_stop"},
        )
        return Answer(content_type="text/event-stream; charset=utf-8", pieces=split(events, self.piece))
