"""The words of a chat in OpenAI's dialect: usage, chunks, finish reasons, message contents. Not for: any one
provider's dialect (gateway/providers) or for framing (gateway/sse).

Everything here takes what strangers sent: a wrong type is treated as absent and never raises.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from gateway.codec import CodecError, decode, encode

Json = Any
MOST_TOKENS = 1 << 48
"""A count beyond this is nonsense; kept out so that sums and JSON numbers stay exact."""
DONE = b"data: [DONE]\n\n"


def count(value: Json) -> int:
    """A token count from an upstream: what is no whole number between 0 and MOST_TOKENS counts as 0."""
    if type(value) is int or (type(value) is float and value.is_integer()):
        return int(value) if 0 <= value <= MOST_TOKENS else 0
    return 0


def mapping(value: Json) -> dict[str, Json]:
    """`value` when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Json) -> list[Json]:
    """`value` when it is an array, else an empty one."""
    return value if isinstance(value, list) else []


def string(value: Json) -> str:
    """`value` when it is a string, else the empty one."""
    return value if isinstance(value, str) else ""


class Usage(msgspec.Struct, gc=False):
    """Tokens of one answer. As in OpenAI's dialect `cached_tokens` and `cache_write_tokens` are part of `prompt_tokens`
    and `reasoning_tokens` part of `completion_tokens`."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    estimated: bool = False  # counted by this gateway because the provider reported nothing

    @classmethod
    def of(
        cls,
        prompt: Json,
        completion: Json,
        *,
        total: Json = None,
        cached: Json = None,
        cache_write: Json = None,
        reasoning: Json = None,
    ) -> Usage:
        """From a provider's own counts; a missing total is the sum."""
        prompt, completion = count(prompt), count(completion)
        return cls(
            prompt,
            completion,
            count(total) or prompt + completion,
            count(cached),
            count(cache_write),
            count(reasoning),
        )

    @classmethod
    def from_openai(cls, value: Json) -> Usage | None:
        """From a `usage` object of Chat Completions, Embeddings or Responses; None when it says nothing."""
        if not isinstance(value, dict):
            return None
        prompt = value.get("prompt_tokens", value.get("input_tokens"))
        completion = value.get("completion_tokens", value.get("output_tokens"))
        if prompt is None and completion is None:
            return None
        prompt_details = mapping(value.get("prompt_tokens_details", value.get("input_tokens_details")))
        completion_details = mapping(value.get("completion_tokens_details", value.get("output_tokens_details")))
        found = cls.of(
            prompt,
            completion,
            total=value.get("total_tokens"),
            cached=prompt_details.get("cached_tokens", value.get("prompt_cache_hit_tokens")),
            cache_write=prompt_details.get("cache_write_tokens"),
            reasoning=completion_details.get("reasoning_tokens", value.get("reasoning_tokens")),
        )
        left_out = found.total_tokens - found.prompt_tokens - found.completion_tokens
        if found.reasoning_tokens and left_out == found.reasoning_tokens:
            found.completion_tokens += left_out  # xAI counts reasoning beside the completion on some models
        return found

    def to_openai(self) -> dict[str, Json]:
        """The `usage` object for a client; details only where something is known."""
        shown: dict[str, Json] = {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.total_tokens,
        }
        if self.cached_tokens or self.cache_write_tokens:
            details = {"cached_tokens": self.cached_tokens}
            if self.cache_write_tokens:
                details["cache_write_tokens"] = self.cache_write_tokens
            shown["prompt_tokens_details"] = details
        if self.reasoning_tokens:
            shown["completion_tokens_details"] = {"reasoning_tokens": self.reasoning_tokens}
        return shown


# --- estimates, where a provider reports nothing --------------------------------------------------


def estimate_prompt(body: Json, stream: bool) -> int:
    """Kong's estimate of a request's tokens: 1.8 for a word when streamed, 1 when not."""
    words = sum(len(text.split()) for text in prompt_texts(body))
    return round(words * 1.8) if stream else words


def estimate_completion(text_length: int) -> int:
    """Kong's estimate of an answer's tokens: one for four characters."""
    return math.ceil(text_length / 4)


def prompt_texts(body: Json) -> Iterator[str]:
    """The texts of a request, in order: its messages', or its prompt."""
    body = mapping(body)
    for message in items(body.get("messages")):
        yield text_of(mapping(message).get("content"))
    prompt = body.get("prompt")
    for text in prompt if isinstance(prompt, list) else [prompt]:
        yield string(text)


def answer_length(body: Json) -> int:
    """Characters of text in a whole answer, for an estimate."""
    choices = [mapping(choice) for choice in items(mapping(body).get("choices"))]
    messages = [mapping(choice.get("message")) for choice in choices]
    said = sum(len(text_of(message.get("content"))) for message in messages)
    return said + sum(len(string(choice.get("text"))) for choice in choices)


# --- contents of messages -------------------------------------------------------------------------


def text_of(content: Json) -> str:
    """The text of a message's content: a string, or an array of parts whose texts are put on lines of their own."""
    if isinstance(content, str):
        return content
    return "\n".join(string(part.get("text")) for part in parts_of(content) if part.get("type") in ("text", None))


def parts_of(content: Json) -> list[dict[str, Json]]:
    """A message's content as parts, whichever way it was given; nothing for null."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return [part if isinstance(part, dict) else {"type": "text", "text": string(part)} for part in items(content)]


class DataUrl(NamedTuple):
    """A file inside a URL; `data` is still base64."""

    media_type: str
    data: str


def data_url(url: Json) -> DataUrl | None:
    """The parts of a `data:...;base64,...` URL; None for any other."""
    head, comma, data = string(url).partition(",")
    if not comma or head[:5].lower() != "data:" or not head.lower().endswith(";base64"):
        return None
    return DataUrl(head[5:-7].partition(";")[0].strip().lower() or "text/plain", data.strip())


def image_url(part: Json) -> str:
    """The URL of an image part, also in the short form that Mistral and others take; "" when it has none."""
    given = mapping(part).get("image_url")
    return string(given) or string(mapping(given).get("url"))


def arguments_of(call: Json) -> dict[str, Json] | None:
    """A tool call's arguments as an object: text is parsed, empty means none; None when they are no object."""
    given = mapping(mapping(call).get("function")).get("arguments")
    if isinstance(given, str):
        if not given.strip():
            return {}
        try:
            given = decode(given.encode("utf-8", "replace"))
        except CodecError:
            return None
    return {} if given is None else (given if isinstance(given, dict) else None)


def stop_of(body: dict[str, Json]) -> list[str]:
    """`stop` as an array, whichever way it was given."""
    given = body.get("stop")
    return [given] if isinstance(given, str) and given else [text for text in items(given) if isinstance(text, str)]


def tool_call(identity: str, name: str, arguments: Json) -> dict[str, Json]:
    """One tool call of an answer; arguments that are no text yet are written as JSON."""
    text = arguments if isinstance(arguments, str) else encode(mapping(arguments)).decode()
    return {"id": identity, "type": "function", "function": {"name": name, "arguments": text or "{}"}}


# --- whole answers --------------------------------------------------------------------------------


def message_of(
    text: str | None, reasoning: str = "", tool_calls: list[dict[str, Json]] | None = None
) -> dict[str, Json]:
    """An assistant's message; content is null when there are only tool calls, as at OpenAI."""
    message: dict[str, Json] = {"role": "assistant", "content": text or (None if tool_calls else "")}
    if reasoning:
        message["reasoning_content"] = reasoning
    if tool_calls:
        message["tool_calls"] = tool_calls
    return message


def answer(
    identity: str, created: int, model: str, message: dict[str, Json], finish_reason: str, usage: Usage | None
) -> dict[str, Json]:
    """A whole chat.completion."""
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}
    whole = {"id": identity, "object": "chat.completion", "created": created, "model": model, "choices": [choice]}
    if usage is not None:
        whole["usage"] = usage.to_openai()
    return whole


def as_completion(whole: dict[str, Json]) -> dict[str, Json]:
    """A chat.completion as the text_completion that the older route type promises."""
    choices = [
        {
            "text": text_of(mapping(mapping(choice).get("message")).get("content")),
            "index": position,
            "logprobs": None,
            "finish_reason": mapping(choice).get("finish_reason"),
        }
        for position, choice in enumerate(items(whole.get("choices")))
    ]
    return {**whole, "object": "text_completion", "choices": choices}


def as_stream(whole: dict[str, Json], include_usage: bool = False) -> bytes:
    """A whole chat.completion as the stream a client asked for, for an upstream or a plugin that gave it whole."""
    chunks = Chunks(string(whole.get("id")), count(whole.get("created")), string(whole.get("model")))
    chunks.completion = whole.get("object") == "text_completion"
    written = []
    for choice in items(whole.get("choices"))[:1]:
        choice = mapping(choice)
        message = mapping(choice.get("message"))
        text = string(choice.get("text")) if chunks.completion else text_of(message.get("content"))
        written += [chunks.reasoning(string(message.get("reasoning_content"))), chunks.text(text)]
        for position, call in enumerate(items(message.get("tool_calls"))):
            function = mapping(mapping(call).get("function"))
            written.append(chunks.tool(position, string(mapping(call).get("id")), string(function.get("name"))))
            written.append(chunks.arguments(position, string(function.get("arguments"))))
        written.append(chunks.finish(string(choice.get("finish_reason")) or "stop"))
    usage = Usage.from_openai(whole.get("usage"))
    if include_usage and usage is not None:
        written.append(chunks.usage(usage))
    return b"".join(written) + DONE


# --- chunks ---------------------------------------------------------------------------------------


def error_event(message: str, kind: str = "upstream_error", code: str | None = None) -> bytes:
    """A failure inside a stream, as both OpenAI clients and people read it. No `[DONE]` may follow."""
    error = {"message": message[:2000], "type": kind, "param": None, "code": code}
    return b"data: " + encode({"error": error}) + b"\n\n"


class Chunks:
    """Writes one answer's chunks: one id, created and model for all of them, the role in the first only.

    `identity` and `model` may be set until the first chunk is written: some upstreams say them first.
    """

    __slots__ = ("_head", "_started", "completion", "created", "identity", "model", "text_length")

    def __init__(self, identity: str, created: int, model: str, completion: bool = False) -> None:
        self.identity = identity
        self.created = created
        self.model = model
        self.completion = completion  # text_completion chunks: text only
        self.text_length = 0  # characters written
        self._head = b""
        self._started = False

    def delta(self, delta: dict[str, Json], finish_reason: str | None = None) -> bytes:
        """One chunk of a chat."""
        if not self._started:
            self._started = True
            delta = {"role": "assistant", "content": None if "tool_calls" in delta else "", **delta}
        return self._write([{"index": 0, "delta": delta, "finish_reason": finish_reason}])

    def text(self, text: str) -> bytes:
        """A piece of the answer; nothing for the empty string."""
        if not text:
            return b""
        self.text_length += len(text)
        if self.completion:
            return self._write([{"text": text, "index": 0, "logprobs": None, "finish_reason": None}])
        return self.delta({"content": text})

    def reasoning(self, text: str) -> bytes:
        """A piece of what the model thought."""
        if not text or self.completion:
            return b""
        self.text_length += len(text)
        return self.delta({"reasoning_content": text})

    def tool(self, position: int, identity: str, name: str, extra: Json = None) -> bytes:
        """The start of the tool call with this position among the answer's tool calls. `extra` is its extra_content,
        which a client must send back with it."""
        if self.completion:
            return b""
        call = {"index": position, "id": identity, "type": "function", "function": {"name": name, "arguments": ""}}
        if extra:
            call["extra_content"] = extra
        return self.delta({"tool_calls": [call]})

    def arguments(self, position: int, text: str) -> bytes:
        """A piece of a tool call's arguments."""
        if not text or self.completion:
            return b""
        self.text_length += len(text)
        return self.delta({"tool_calls": [{"index": position, "function": {"arguments": text}}]})

    def finish(self, reason: str) -> bytes:
        """The chunk that says why the answer ended."""
        if self.completion:
            return self._write([{"text": "", "index": 0, "logprobs": None, "finish_reason": reason}])
        return self.delta({}, reason)

    def usage(self, usage: Usage) -> bytes:
        """The usage-only chunk, for clients that asked with stream_options.include_usage: others read choices[0]."""
        return self._write([], usage.to_openai())

    def _write(self, choices: list[Json], usage: Json = None) -> bytes:
        if not self._head:
            kind = "text_completion" if self.completion else "chat.completion.chunk"
            head = {"id": self.identity, "object": kind, "created": self.created, "model": self.model}
            self._head = b"data: " + encode(head)[:-1] + b',"choices":'
        tail = b"" if usage is None else b',"usage":' + encode(usage)
        return self._head + encode(choices) + tail + b"}\n\n"
