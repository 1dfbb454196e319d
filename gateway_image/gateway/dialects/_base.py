"""What a client's dialect is: pure functions between it and OpenAI's chat, in which everything else here thinks. Not
for: what an upstream speaks (gateway/providers), HTTP, choosing models.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from gateway.chat import Usage, count, estimate_completion, estimate_prompt, items, mapping, string, text_of
from gateway.codec import CodecError, decode
from gateway.sse import SseError, SseParser

Json = Any
PASSED = (
    "frequency_penalty", "logit_bias", "min_p", "presence_penalty", "reasoning_effort", "repetition_penalty", "seed",
)  # fmt: skip
"""Members of an OpenAI chat that clients of other dialects may set too: they mean the same wherever they stand."""


class DialectError(ValueError):
    """A request that cannot be said in OpenAI's chat. `str()` is for the client: what, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an answer needs to know about its request."""

    body: dict[str, Json]  # as the client sent it, in its own dialect
    chat: dict[str, Json]  # the same as an OpenAI chat
    model: str  # who answers, where the answer does not say so itself
    identity: str  # the request's id: letters and digits
    created: int  # Unix seconds

    def estimate(self, text_length: int) -> Usage:
        """About what was used, for upstreams that report nothing; the answer's text in characters."""
        return Usage.of(estimate_prompt(self.chat, True), estimate_completion(text_length))


class Dialect(ABC):
    """Base of the dialects. Instances are stateless and shared."""

    name: ClassVar[str]
    request_id_header: ClassVar[bytes] = b"X-Request-Id"  # where its clients look for the id of a request

    @abstractmethod
    def asks(self, body: dict[str, Json]) -> bool:
        """Whether this is a request of this dialect at all: a prompt is there."""

    @abstractmethod
    def chat(self, body: dict[str, Json]) -> dict[str, Json]:
        """The request as an OpenAI chat, without its model. Never changes `body`. Raises DialectError."""

    @abstractmethod
    def answer(self, whole: dict[str, Json], asked: Asked) -> dict[str, Json]:
        """A whole chat.completion as this dialect's answer."""

    @abstractmethod
    def stream(self, asked: Asked) -> Retelling:
        """A fresh translator for one streamed answer."""

    @abstractmethod
    def error(self, status: int, message: str, code: str | None = None, request_id: str = "") -> dict[str, Json]:
        """An error body as clients of this dialect read it."""

    @abstractmethod
    def tuned(self, body: dict[str, Json], options: dict[str, Json]) -> dict[str, Json]:
        """A request of this dialect with the configuration's max_tokens, temperature, top_p and top_k over its own: for
        upstreams that speak it themselves."""


def one_system(messages: list[dict[str, Json]]) -> list[dict[str, Json]]:
    """The same messages with the system's at the beginning made one: many models' templates take no second."""
    count = 0
    while count < len(messages) and messages[count]["role"] == "system":
        count += 1
    if count < 2:
        return messages
    text = "\n\n".join(text_of(message["content"]) for message in messages[:count])
    return [{"role": "system", "content": text}, *messages[count:]]


def error_message(body: Json) -> str:
    """The words of an error body, whatever provider's shape it has; "" when there are none."""
    if isinstance(body, list) and body:
        body = body[0]
    body = mapping(body)
    given = body.get("error")
    detail = body.get("detail")
    return (
        string(mapping(given).get("message"))
        or string(given)
        or string(body.get("message"))
        or string(detail)
        or " ".join(string(mapping(each).get("msg")) for each in items(detail)).strip()
    )


class _Parser(SseParser):
    """Server-sent events and the comments between them, which upstreams send to keep a connection open."""

    __slots__ = ()

    def _line(self, line: bytes, events: list[tuple[str, bytes]]) -> None:
        if line.startswith(b":"):
            events.append((":", b""))
        else:
            super()._line(line, events)


class Retelling(ABC):
    """One streamed answer on its way from OpenAI's chunks to a client's events.

    A subclass writes: what it returns goes to the client at once. Only the first choice is told. A stream that stops
    without a finish reason or `[DONE]` ends in an error, so that nobody takes half an answer for a whole.
    """

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.model = asked.model
        self.reason = ""  # OpenAI's finish reason, once told
        self.counted: Usage | None = None
        self.text_length = 0
        self.over = False
        self._parser = _Parser()

    # -- what a subclass writes ---------------------------------------------------------------------------------

    @abstractmethod
    def begin(self) -> bytes:
        """The start of an answer, as soon as anything is heard; later calls give nothing."""

    @abstractmethod
    def text(self, text: str) -> bytes: ...

    def refusal(self, text: str) -> bytes:
        return self.text(text)

    @abstractmethod
    def reasoning(self, text: str) -> bytes: ...

    @abstractmethod
    def tool(self, position: int, identity: str, name: str, extra: Json) -> bytes:
        """The start of the tool call at this position."""

    @abstractmethod
    def arguments(self, position: int, text: str) -> bytes: ...

    @abstractmethod
    def finish(self) -> bytes:
        """The end of a whole answer; `reason` and `counted` are known."""

    @abstractmethod
    def failed(self, message: str, code: str) -> bytes:
        """The end of an answer that will not be whole."""

    @abstractmethod
    def waiting(self) -> bytes:
        """A sign of life while the upstream only gives such signs."""

    # -- what it reads ------------------------------------------------------------------------------------------

    def feed(self, piece: bytes) -> bytes:
        """What the client gets for this piece of an OpenAI stream. Never raises."""
        if self.over or not piece:
            return b""
        try:
            events = self._parser.feed(piece)
        except SseError as error:
            return self._fail(str(error), "upstream_not_llm")
        return self._tell(events) if events else b""

    def end(self) -> bytes:
        """What is left for the client when the upstream ended its stream."""
        if self.over:
            return b""
        try:
            out = self._tell(self._parser.flush())
        except SseError as error:
            return self._fail(str(error), "upstream_not_llm")
        if self.over:
            return out
        if self.reason:
            return out + self._completed()
        return out + self._fail("the upstream ended its stream before the answer was complete", "stream_incomplete")

    def broke(self, message: str, code: str) -> bytes:
        """The upstream stopped in the middle: what the client gets at last, nothing when the answer was whole."""
        return b"" if self.over else self._fail(message, code)

    @property
    def usage(self) -> Usage:
        """What was used; an estimate where the upstream does not say."""
        return self.counted or self.asked.estimate(self.text_length)

    def _tell(self, events: Sequence[tuple[str, bytes]]) -> bytes:
        out: list[bytes] = []
        for name, data in events:
            if name == ":":
                out.append(self.waiting())
            elif data.strip() == b"[DONE]":
                out.append(self._completed())
            elif data.strip():
                try:
                    chunk = mapping(decode(data))
                except CodecError:
                    out.append(self._fail("the upstream's stream is not JSON", "upstream_not_llm"))
                else:
                    out.append(self._chunk(chunk))
            if self.over:
                break
        return b"".join(out)

    def _chunk(self, chunk: dict[str, Json]) -> bytes:
        if error := chunk.get("error"):
            code = string(mapping(error).get("code")) or string(mapping(error).get("type"))
            return self._fail(string(mapping(error).get("message")) or string(error), code or "upstream_error")
        self.model = string(chunk.get("model")) or self.model
        self.counted = Usage.from_openai(chunk.get("usage")) or self.counted
        choices = items(chunk.get("choices"))
        choice = mapping(choices[0]) if choices else {}
        if not choice or count(choice.get("index")):
            return b""
        out = self.begin() + self._heard(mapping(choice.get("delta")))
        self.reason = string(choice.get("finish_reason")) or self.reason
        return out

    def _heard(self, delta: dict[str, Json]) -> bytes:
        out = b""
        if text := string(delta.get("reasoning_content")) or string(delta.get("reasoning")):
            out += self._relayed(text, self.reasoning)
        if text := _content(delta.get("content")):
            out += self._relayed(text, self.text)
        if text := string(delta.get("refusal")):
            out += self._relayed(text, self.refusal)
        for call in map(mapping, items(delta.get("tool_calls"))):
            position = count(call.get("index"))
            function = mapping(call.get("function"))
            identity, name = string(call.get("id")), string(function.get("name"))
            if identity or name:
                out += self.tool(position, identity, name, call.get("extra_content"))
            if text := string(function.get("arguments")):
                self.text_length += len(text)
                out += self.arguments(position, text)
        return out

    def _relayed(self, text: str, tell: Any) -> bytes:
        self.text_length += len(text)
        told: bytes = tell(text)
        return told

    def _completed(self) -> bytes:
        self.over = True
        self.reason = self.reason or "stop"
        return self.finish()

    def _fail(self, message: str, code: str) -> bytes:
        self.over = True
        return self.failed((message or "the upstream reported an error")[:2000], code)


def _content(content: Json) -> str:
    """A delta's text: a string, or parts as Mistral's reasoning models send them."""
    if isinstance(content, str):
        return content
    return "".join(string(mapping(part).get("text")) for part in items(content))
