"""ai-proxy's half of an exchange after the request went up: reads the provider's answer, hands the client OpenAI's
dialect, and knows what was used. Not for: requests (ai_proxy), any provider's format (providers).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from gateway.access_line import TOKENS
from gateway.chat import (
    Usage,
    answer_length,
    as_stream,
    error_event,
    estimate_completion,
    estimate_prompt,
)
from gateway.codec import CodecError, decode, encode, expand, pack
from gateway.headers import RESPONSE_DROPPED, NameTable, find
from gateway.plugins._answer_shapes import read_answer, usual_usage
from gateway.providers._base import PRESERVE, ProviderError, Stream
from gateway.replies import json_reply
from gateway.sse import UsageScanner
from gateway.values import Headers, Reply, UpstreamError

if TYPE_CHECKING:
    from gateway.exchange import Exchange
    from gateway.plugins._ai_target import Aim
    from gateway.plugins.ai_proxy import AiProxy

EXPANDED_LIMIT = 64 << 20
"""Bytes of a decompressed answer; more is a bad answer."""
_NAMES = NameTable(RESPONSE_DROPPED)
_NAMES_DECODED = NameTable(RESPONSE_DROPPED | {b"content-encoding"})
_NAMES_NO_COOKIES = NameTable(RESPONSE_DROPPED | {b"content-encoding", b"set-cookie"})
GZIPPED = (b"gzip", b"x-gzip")
_READABLE = (*GZIPPED, b"deflate")
_GZIP = 31  # zlib's window bits for a gzip wrapper
_HINTS = {
    "refused": "start the model server, or correct the upstream URL",
    "dns": "correct the upstream URL, or check DNS",
    "unreachable": "check the network or a firewall",
    "connect_timeout": "check a firewall or proxy",
    "timeout": "raise the service's read_timeout",
    "tls": "check the certificate, the CA or http against https",
    "closed": "look into the model server's log",
    "protocol": "correct the upstream URL",
    "too_large": "the answer was larger than this gateway takes",
}


def takes_gzip(exchange: Exchange) -> bool:
    """Whether the client wants whole answers packed, as Kong packs them."""
    return b"gzip" in exchange.request.fields.get(b"accept-encoding", b"")


def announce_gzip(exchange: Exchange) -> None:
    exchange.set_response_header(b"Content-Encoding", b"gzip")


class Scanner(Protocol):
    """Watches a stream that passes: see sse.UsageScanner."""

    usage: Usage | None
    done: bool

    @property
    def text_length(self) -> int: ...

    def feed(self, piece: bytes) -> bytes: ...

    def end(self) -> bytes: ...


class LlmConversation:
    """Defaults stand on the class, as in Exchange."""

    names = _NAMES
    lines = b""
    usage: Usage | None = None
    response_model: str | None = None
    failed = False  # the upstream did not answer 200
    problem = ""  # what its refusal means, for the access log; without anything like a key
    finished_at = 0.0
    observer: Callable[[bytes], object] | None = None  # sees the answer before it is packed
    _native = False  # the upstream speaks the client's dialect, which is not OpenAI's chat
    _passes = True
    _encoding = b""
    _packed_already: bytes | None = None  # an answer that passes unchanged, as the upstream had packed it
    _inflater: Any = None
    _scanner: Scanner | None = None
    _translator: Stream | None = None

    def __init__(
        self,
        plugin: AiProxy,
        aim: Aim,
        *,
        counting: bool = False,
        shows_usage: bool = False,
        preserve: bool = False,
    ) -> None:
        self.plugin = plugin
        self.aim = aim
        self.call = aim.call
        self._counting = counting  # usage was asked for on the client's behalf: its event is not passed on
        self._shows_usage = shows_usage  # the client asked for a stream's usage itself
        self._preserve = preserve

    # -- the answer ---------------------------------------------------------------------------------------------

    def head(self, exchange: Exchange, status: int, headers: Headers) -> bool:
        encoding = find(headers, b"content-encoding")
        if encoding is not None:
            self._encoding = encoding.strip().lower()
            if self._encoding in _READABLE:
                self.names = _NAMES_DECODED
        if status != 200:
            self.failed = True
            return True
        provider = self.plugin.provider
        self._passes = self._native or self._preserve or self.aim.passes
        if provider.strips_cookies:
            self.names = _NAMES_NO_COOKIES
        if self.plugin.names_model:
            self.lines = self.aim.model_line
        if not (self.call.stream or self._preserve):
            return True
        kind = (find(headers, b"content-type") or b"").lower()
        if self._preserve and not kind.startswith(b"text/event-stream"):
            return True
        if kind.startswith(b"application/json") and not self._preserve:
            return True  # the upstream does not stream: whole() tells it as one event
        exchange.set_response_header(b"Content-Type", b"text/event-stream")
        if self._encoding in GZIPPED:
            self._inflater = zlib.decompressobj(_GZIP)
        if self._passes:
            self._scanner = self._watch()
        else:
            self._translator = self._new_translator(exchange)
        return False

    def _watch(self) -> Scanner:
        return UsageScanner(strip=self._counting)

    def data(self, piece: bytes) -> bytes:
        if self._inflater is not None:
            try:
                piece = self._inflater.decompress(piece, EXPANDED_LIMIT)
            except zlib.error:
                return b""
        if self._scanner is not None:
            piece = self._scanner.feed(piece)
        elif self._translator is not None:
            piece = self._translator.feed(piece)
        if self.observer is not None:
            self.observer(piece)
        return piece

    def passer(self) -> Callable[[bytes], bool] | None:
        scanner = self._scanner
        if type(scanner) is not UsageScanner or self._inflater is not None or self.observer is not None:
            return None
        return scanner.passes

    def end(self, exchange: Exchange) -> bytes:
        tail = b""
        if self._scanner is not None:
            tail = self._scanner.end()
        elif self._translator is not None:
            tail = self._translator.end()
        if self.observer is not None:
            self.observer(tail)
        self._count_stream(exchange)
        self.finished_at = exchange.runtime.now()
        return tail

    def whole(self, exchange: Exchange, body: bytes) -> bytes | Reply:
        self.finished_at = exchange.first_byte_at
        came = body
        if self._encoding and (self._encoding in _READABLE or not self.failed):
            try:
                body = expand(body, self._encoding.decode("latin-1"), EXPANDED_LIMIT)
            except CodecError as error:
                return self._untranslatable(str(error))
        if self.failed:
            self.problem = self.plugin.provider.diagnose(exchange.upstream_status, body).message
            return self._refusal(exchange, body)
        if self._preserve:
            self._read_quietly(exchange, body)
            return body
        try:
            out = self._pass(exchange, body) if self._passes else self._translate(exchange, body)
        except (CodecError, ProviderError) as error:
            if self.call.stream and not self._passes and isinstance(error, CodecError):
                return self._streamed_as_json(exchange, body)
            return self._untranslatable(str(error))
        if self.observer is not None:
            self.observer(out)
        if out is body and self._encoding in GZIPPED:
            self._packed_already = came
        return self._told(exchange, out)

    def _refusal(self, exchange: Exchange, body: bytes) -> bytes:
        """What the client gets of an upstream's refusal: its own words."""
        return body

    def _told(self, exchange: Exchange, out: bytes) -> bytes:
        """A whole answer as the client asked for it."""
        if self.call.stream:
            exchange.set_response_header(b"Content-Type", b"text/event-stream")
            return as_stream(decode(out), include_usage=self._shows_usage)
        return self._packed(exchange, out)

    def _packed(self, exchange: Exchange, out: bytes) -> bytes:
        if not takes_gzip(exchange):
            return out
        announce_gzip(exchange)
        return pack(out) if self._packed_already is None else self._packed_already

    def _streamed_as_json(self, exchange: Exchange, body: bytes) -> bytes:
        """A stream whose upstream called it application/json: several objects, not one."""
        exchange.set_response_header(b"Content-Type", b"text/event-stream")
        self._translator = self._new_translator(exchange)
        return self.data(body) + self.end(exchange)

    def _new_translator(self, exchange: Exchange) -> Stream:
        return self.plugin.provider.stream(
            self.call, int(exchange.runtime.wall()), exchange.id.decode("latin-1"), include_usage=self._shows_usage
        )

    def _pass(self, exchange: Exchange, body: bytes) -> bytes:
        """An untranslated answer: checked to be one, its usage read, its bytes kept."""
        usual = usual_usage(body)
        if usual is None:
            return self._pass_unusual(exchange, body)
        self.usage, self.response_model = usual
        return body

    def _pass_unusual(self, exchange: Exchange, body: bytes) -> bytes:
        try:
            answer = read_answer(body)
        except msgspec.DecodeError:
            answer = None
        if answer is None or bytes(answer.choices)[:1] != b"[":
            decode(body)  # says what is wrong with what is no JSON at all
            raise ProviderError(f"'choices' not in {self.call.route_type} response", 502)
        usage = Usage.from_openai(answer.usage)
        self._name_model(answer.model)
        self._count(exchange, usage, answer_length(decode(body)) if usage is None else 0)
        return body

    def _translate(self, exchange: Exchange, body: bytes) -> bytes:
        decoded = decode(body)
        answer = self.plugin.provider.response(
            decoded, self.call, int(exchange.runtime.wall()), exchange.id.decode("latin-1")
        )
        self._name_model(answer.get("model"))
        usage = Usage.from_openai(answer.get("usage"))
        self._count(exchange, usage, answer_length(answer) if usage is None else 0)
        return encode(answer)

    def _read_quietly(self, exchange: Exchange, body: bytes) -> None:
        """Usage of a preserved answer, where it has some."""
        try:
            self._count(exchange, self.plugin.provider.usage(decode(body)), 0)
        except (CodecError, ProviderError):
            return

    def _untranslatable(self, detail: str) -> Reply:
        self.failed = True
        kind = f"{self.plugin.provider.name}://{self.call.route_type}"
        return self._trouble(f"transformation failed from type {kind}: {detail}", "upstream_not_llm")

    def _trouble(self, message: str, code: str) -> Reply:
        """A bad gateway in the client's dialect."""
        error = {"message": message, "type": "upstream_error", "code": code, "param": None}
        return json_reply(502, {"error": error})

    def _name_model(self, model: Any) -> None:
        self.response_model = model if isinstance(model, str) else None

    def _count_stream(self, exchange: Exchange) -> None:
        if self._scanner is not None:
            usage = self._scanner.usage
            self._count(exchange, usage, self._scanner.text_length if usage is None else 0)
        elif self._translator is not None:
            self._count(exchange, self._translator.usage, self._translator.text_length)

    def _prompt(self, exchange: Exchange) -> Any:
        """The request in OpenAI's words, for an estimate."""
        return exchange.document()

    def _count(self, exchange: Exchange, usage: Usage | None, text_length: int) -> None:
        """What was used; an estimate, marked as one, where the provider does not say."""
        if usage is None and self.call.route_type != PRESERVE:
            prompt = estimate_prompt(self._prompt(exchange), self.call.stream)
            completion = estimate_completion(text_length)
            usage = Usage(prompt, completion, prompt + completion, estimated=True)
        self.usage = usage

    # -- trouble ------------------------------------------------------------------------------------------------

    def broken(self, exchange: Exchange, error: UpstreamError) -> bytes | None:
        """The upstream stopped in the middle. A stream says so in its own words, without [DONE]."""
        if self._scanner is None and self._translator is None:
            return None
        if self._scanner is not None and self._scanner.done:
            return self.end(exchange)
        self._count_stream(exchange)
        self.failed = True
        return self._broken(
            f"the upstream stopped in the middle of its answer: {error.detail}", f"upstream_{error.kind}"
        )

    def _broken(self, message: str, code: str) -> bytes:
        """The last event of a stream that is not whole."""
        return b"\n\n" + error_event(message, code=code)

    def left(self, exchange: Exchange) -> None:
        """The client went away before the end: what it got until then was used, and its prompt in any case. Else nobody
        who hangs up in time would ever reach a limit."""
        if self.usage is None and not self.failed:
            if self._scanner is None and self._translator is None:
                self._count(exchange, None, 0)
            else:
                self._count_stream(exchange)

    def refused(self, exchange: Exchange, error: UpstreamError, reply: Reply) -> Reply:
        """Adds to Kong's words where it was tried, why it failed and what to do."""
        self.failed = True
        if not reply.block.startswith(b"Content-Type: application/json"):
            return reply
        told = {
            "message": self._where(exchange, error),
            "type": "upstream_error",
            "code": f"upstream_{error.kind}",
            "param": None,
        }
        body = reply.body.rstrip().removesuffix(b"}").rstrip() + b',\n  "error":' + encode(told) + b"\n}"
        return Reply(reply.status, reply.block, body)

    def _where(self, exchange: Exchange, error: UpstreamError) -> str:
        target = exchange.target
        assert target is not None
        origin = target.origin
        remedy = _HINTS.get(error.kind, error.kind)
        return f"{origin.scheme}://{origin.host}:{origin.port} - {error.detail}: {remedy}"

    # -- what it was --------------------------------------------------------------------------------------------

    @property
    def provider_name(self) -> str:
        return self.plugin.provider.name

    def cost(self) -> float:
        """USD by the model's configured prices (per 1,000,000 tokens); 0 without prices. Cached tokens cost their own
        price where one is configured."""
        return 0.0 if self.usage is None else self.aim.cost(self.usage)

    def summary(self) -> bytes:
        usage = self.usage
        if usage is None:
            return self.aim.summary + b',"error":' + encode(self.problem) if self.problem else self.aim.summary
        return TOKENS % (
            self.aim.summary,
            usage.prompt_tokens,
            usage.completion_tokens,
            b',"estimated":true' if usage.estimated else b"",
        )
