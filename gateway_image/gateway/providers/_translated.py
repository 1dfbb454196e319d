"""What all providers share whose dialect is not OpenAI's: completions as chats of one message, answers with every field
a client expects, and streams that end well whatever the upstream sends. Not for: any one dialect.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol

from gateway import chat
from gateway.chat import Chunks, Usage, items, mapping, string
from gateway.codec import CodecError, decode
from gateway.providers._base import COMPLETIONS, Call, Json, Provider, ProviderError, Stream
from gateway.providers._compatible import checked_answer, offered, openai_request, provider_url
from gateway.sse import SseError, SseParser, UsageScanner

SYSTEM_ROLES = ("system", "developer")


class Told(NamedTuple):
    """What a whole answer says, in OpenAI's words."""

    message: dict[str, Json]
    finish_reason: str
    usage: Usage | None = None
    identity: str = ""
    model: str = ""


class Translated(Provider):
    """A provider with a dialect of its own: a subclass translates chats, this class does the rest."""

    paths: ClassVar[Mapping[str, str]] = {}

    def passes(self, call: Call) -> bool:
        return False

    def url(self, call: Call) -> str:
        return provider_url(self, call)

    def request(self, body: dict[str, Json], call: Call) -> dict[str, Json]:
        return self.chat_request(as_chat(body), settings(body, call), call)

    def response(self, body: Json, call: Call, created: int = 0, identity: str = "") -> dict[str, Json]:
        told = self.told(body, call)
        identity = told.identity or identity or fallback_identity(created)
        whole = chat.answer(identity, created, told.model or call.model, told.message, told.finish_reason, told.usage)
        return chat.as_completion(whole) if call.route_type == COMPLETIONS else whole

    def usage(self, body: Json) -> Usage | None:
        return None

    @abstractmethod
    def chat_request(self, messages: list[dict[str, Json]], wanted: Wanted, call: Call) -> dict[str, Json]:
        """The provider's body for these messages."""

    @abstractmethod
    def told(self, body: Json, call: Call) -> Told:
        """What an answer says. Raises ProviderError(status=500)."""


class Either(Translated):
    """A provider that speaks OpenAI's dialect or its own, by its configuration: `native` says which."""

    @abstractmethod
    def native(self, call: Call) -> bool:
        """True when the call must be translated."""

    def passes(self, call: Call) -> bool:
        return not self.native(call)

    def offers(self, call: Call) -> bool:
        return self.passes(call) and offered(self, call)

    def request(self, body: dict[str, Json], call: Call) -> dict[str, Json]:
        return super().request(body, call) if self.native(call) else openai_request(self, body, call)

    def response(self, body: Json, call: Call, created: int = 0, identity: str = "") -> dict[str, Json]:
        if self.native(call):
            return super().response(body, call, created, identity)
        return checked_answer(body, call)

    def stream(self, call: Call, created: int = 0, identity: str = "", include_usage: bool = False) -> Stream:
        if self.native(call):
            return self.native_stream(call, created, identity, include_usage)
        return UsageScanner()

    @abstractmethod
    def native_stream(self, call: Call, created: int, identity: str, include_usage: bool) -> Stream:
        """The translator of a native stream."""

    def usage(self, body: Json) -> Usage | None:
        return Usage.from_openai(mapping(body).get("usage"))


def called(call: dict[str, Json]) -> tuple[str, dict[str, Json]]:
    """The function and the arguments of a tool call in a request. Raises ProviderError."""
    arguments = chat.arguments_of(call)
    if arguments is None:
        raise ProviderError("arguments of a tool call in 'messages' are not a JSON object")
    return string(mapping(call.get("function")).get("name")), arguments


class Wanted(dict[str, Any]):
    """A request's members beside messages, model and stream, with the configuration's values over the client's.

    A dict with None for what is not set, plus the readings several providers need.
    """

    def __missing__(self, name: str) -> None:
        return None

    @property
    def limit(self) -> Json:
        """Most tokens to answer with."""
        return self["max_completion_tokens"] if self["max_tokens"] is None else self["max_tokens"]

    @property
    def stop(self) -> list[str]:
        return chat.stop_of(self)

    @property
    def functions(self) -> list[dict[str, Json]]:
        """The functions of `tools`, those without a name left out."""
        found = [mapping(mapping(tool).get("function")) for tool in items(self["tools"])]
        return [function for function in found if string(function.get("name"))]

    @property
    def chosen_tool(self) -> str:
        """`tool_choice`: "auto", "none", "required", "" when not given, or `=NAME` for one function."""
        given = self["tool_choice"]
        if isinstance(given, dict):
            name = string(mapping(given.get("function")).get("name"))
            return f"={name}" if name else ""
        return string(given)

    @property
    def json_schema(self) -> dict[str, Json] | None:
        """The schema an answer must follow: response_format's, {} for any object, None where text is meant."""
        given = mapping(self["response_format"])
        if given.get("type") == "json_schema":
            inner = mapping(given.get("json_schema"))
            return mapping(inner.get("schema") or given.get("schema"))
        return mapping(given.get("schema")) if given.get("type") == "json_object" else None


def settings(body: dict[str, Json], call: Call) -> Wanted:
    """A request's settings with the configuration's over the client's; null means not set."""
    wanted = Wanted((name, value) for name, value in body.items() if value is not None)
    for name in ("max_tokens", "temperature", "top_p", "top_k"):
        if call.options.get(name) is not None:
            wanted[name] = call.options[name]
    return wanted


def as_chat(body: dict[str, Json]) -> list[dict[str, Json]]:
    """The messages of a chat, or of a completion as one message of a user. Raises ProviderError."""
    given = body.get("messages")
    if given is None and isinstance(prompt := body.get("prompt"), str):
        return [{"role": "user", "content": prompt}]
    if not isinstance(given, list) or not given or not all(isinstance(message, dict) for message in given):
        raise ProviderError("request body doesn't contain valid prompts")
    return given


def system_text(messages: list[dict[str, Json]], joint: str = "\n\n") -> str:
    """All system and developer messages as one text."""
    texts = [chat.text_of(message.get("content")) for message in messages if message.get("role") in SYSTEM_ROLES]
    return joint.join(text for text in texts if text)


def fallback_identity(created: int) -> str:
    """An answer's id where neither the upstream nor the caller has one."""
    return f"chatcmpl-{created}"


def finish(table: Mapping[str, str], word: Json, has_tools: bool = False) -> str:
    """OpenAI's finish reason for a provider's word; an unknown word is a normal end."""
    reason = table.get(string(word), "stop")
    return "tool_calls" if has_tools and reason == "stop" else reason


class Parser(Protocol):
    """Cuts pieces into events: data, or (name, data). Both methods may raise SseError."""

    def feed(self, piece: bytes) -> Sequence[bytes | tuple[str, bytes]]: ...

    def flush(self) -> Sequence[bytes | tuple[str, bytes]]: ...


class Translation(Stream):
    """One streamed answer on its way from a provider's events to OpenAI's chunks.

    A subclass reads one decoded event at a time in `event` and returns chunks. It sets `reason` when the answer is
    over; an upstream that stops without having said so is an error, so that nobody takes half an answer for a whole.
    """

    def __init__(self, call: Call, created: int, identity: str, include_usage: bool) -> None:
        self.call = call
        self.chunks = Chunks(
            identity or fallback_identity(created), created, call.model, call.route_type == COMPLETIONS
        )
        self.include_usage = include_usage
        self.reason = ""
        self._usage: Usage | None = None
        self._error = ""
        self._parser = self.parser()

    @property
    def usage(self) -> Usage | None:
        return self._usage

    @property
    def text_length(self) -> int:
        return self.chunks.text_length

    @property
    def error(self) -> str:
        return self._error

    def parser(self) -> Parser:
        """How the upstream's bytes are cut into events."""
        return SseParser()

    @abstractmethod
    def event(self, value: dict[str, Json], name: str) -> bytes:
        """The chunks for one event. `value` is its decoded object, `name` the SSE event's name."""

    def feed(self, piece: bytes) -> bytes:
        if self._error:
            return b""
        try:
            events = self._parser.feed(piece)
        except SseError as error:
            return self.fail(str(error))
        return self._translate(events)

    def end(self) -> bytes:
        if self._error:
            return b""
        try:
            out = self._translate(self._parser.flush())
        except SseError as error:
            out = self.fail(str(error))
        if self._error:
            return out
        if not self.reason:
            return out + self.fail("the upstream ended its stream before the answer was complete", "stream_incomplete")
        out += self.chunks.finish(self.reason)
        if self.include_usage and self._usage is not None:
            out += self.chunks.usage(self._usage)
        return out + chat.DONE

    def fail(self, message: str, code: str | None = None, kind: str = "upstream_error") -> bytes:
        """Ends the stream with an error event; whatever comes after it is ignored."""
        self._error = (message or "the upstream reported an error")[:2000]
        return chat.error_event(self._error, kind, code)

    def _translate(self, events: Sequence[bytes | tuple[str, bytes]]) -> bytes:
        out: list[bytes] = []
        for event in events:
            name, data = event if isinstance(event, tuple) else ("", event.strip())
            if not data or data == b"[DONE]":
                continue
            try:
                value = decode(data)
            except CodecError:
                out.append(self.fail("the upstream's stream is not JSON"))
                break
            if isinstance(value, dict):
                out.append(self.event(value, name))
                if self._error:
                    break
        return b"".join(out)
