"""ai-proxy's half of an exchange whose client speaks another dialect than OpenAI's chat, or asks for something else
than a chat: translated where the upstream does not speak it, else handed on byte for byte. Usage is known either way.
Not for: reading requests (_client_dialect), any dialect itself (gateway/dialects).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.chat import as_stream, items, mapping, string
from gateway.codec import CodecError, decode, encode
from gateway.dialects import MESSAGES
from gateway.dialects._base import Asked, Dialect, DialectError, Retelling, error_message
from gateway.dialects._messages_scanner import MessagesScanner
from gateway.plugins._conversation import LlmConversation, Scanner
from gateway.providers._base import ProviderError
from gateway.replies import json_reply
from gateway.sse import UsageScanner
from gateway.values import Headers, Reply, UpstreamError

if TYPE_CHECKING:
    from gateway.exchange import Exchange
    from gateway.plugins._ai_target import Aim
    from gateway.plugins.ai_proxy import AiProxy

_CODES = {
    "context_too_long": "context_length_exceeded",
    "invalid_key": "invalid_api_key",
    "no_credit": "insufficient_quota",
    "model_not_found": "model_not_found",
    "rate_limited": "rate_limit_exceeded",
}
"""OpenAI's codes for what a provider's refusal means."""
_MEMBERS = {"embeddings": "data", "responses": "output", "chat": "content"}
"""What an answer has that nothing else has, by the last word of the route type."""


class DialectConversation(LlmConversation):
    """The gateway's own errors, in the client's dialect."""

    def __init__(self, plugin: AiProxy, aim: Aim, dialect: Dialect | None, identity: str) -> None:
        super().__init__(plugin, aim, shows_usage=True)
        self.dialect = dialect
        self.identity = identity

    def _trouble(self, message: str, code: str) -> Reply:
        if self.dialect is None:
            return super()._trouble(message, code)
        return json_reply(502, self.dialect.error(502, message, code, self.identity))

    def refused(self, exchange: Exchange, error: UpstreamError, reply: Reply) -> Reply:
        if self.dialect is None:
            return super().refused(exchange, error, reply)
        self.failed = True
        told = self.dialect.error(reply.status, self._where(exchange, error), f"upstream_{error.kind}", self.identity)
        return json_reply(reply.status, told)


class NativeConversation(DialectConversation):
    """The upstream speaks what the client speaks: its bytes pass, and are looked at on the way."""

    _native = True

    def _watch(self) -> Scanner:
        return MessagesScanner(self.plugin.provider.usage) if self.dialect is MESSAGES else UsageScanner()

    def _pass(self, exchange: Exchange, body: bytes) -> bytes:
        answer = mapping(decode(body))
        member = _MEMBERS[self.call.route_type.rpartition("/")[2]]
        if not isinstance(answer.get(member), list):
            raise ProviderError(f"'{member}' not in {self.call.route_type} response", 502)
        usage = self.plugin.provider.usage(answer)
        self._name_model(answer.get("model"))
        length = 0 if usage is not None or member == "data" else _text_length(answer[member])
        self._count(exchange, usage, length)
        return body

    def _told(self, exchange: Exchange, out: bytes) -> bytes:
        return self._packed(exchange, out)

    def _prompt(self, exchange: Exchange) -> Any:
        document = exchange.document()
        if self.dialect is None:
            return {"prompt": mapping(document).get("input")}
        try:
            return self.dialect.chat(document)
        except DialectError:
            return {}

    def _broken(self, message: str, code: str) -> bytes:
        if self.dialect is None:
            return super()._broken(message, code)
        asked = Asked({}, {}, self.call.model, self.identity, 0)
        return b"\n\n" + self.dialect.stream(asked).broke(message, code)


class TranslatedConversation(DialectConversation):
    """The upstream's answer becomes OpenAI's chat, as for every client, and that becomes the client's dialect."""

    dialect: Dialect
    _retelling: Retelling | None = None

    def __init__(self, plugin: AiProxy, aim: Aim, dialect: Dialect, asked: Asked) -> None:
        super().__init__(plugin, aim, dialect, asked.identity)
        self.asked = asked

    def head(self, exchange: Exchange, status: int, headers: Headers) -> bool:
        exchange.set_response_header(self.dialect.request_id_header, f"req_{self.identity}".encode())
        held = super().head(exchange, status, headers)
        if not held:
            self._retelling = self.dialect.stream(self.asked)
        return held

    def data(self, piece: bytes) -> bytes:
        assert self._retelling is not None
        return self._retelling.feed(super().data(piece))

    def passer(self) -> None:
        """Every event is told anew."""

    def end(self, exchange: Exchange) -> bytes:
        tail = super().end(exchange)
        assert self._retelling is not None
        return self._retelling.feed(tail) + self._retelling.end()

    def _broken(self, message: str, code: str) -> bytes:
        assert self._retelling is not None
        return self._retelling.broke(message, code)

    def _streamed_as_json(self, exchange: Exchange, body: bytes) -> bytes:
        self._retelling = self.dialect.stream(self.asked)
        return super()._streamed_as_json(exchange, body)

    def _prompt(self, exchange: Exchange) -> Any:
        return self.asked.chat

    def _refusal(self, exchange: Exchange, body: bytes) -> bytes:
        status = exchange.status
        found = self.plugin.provider.diagnose(status, body)
        try:
            decoded = decode(body)
        except CodecError:
            decoded = None
        message = error_message(decoded) or found.message
        said = string(mapping(mapping(decoded).get("error")).get("code"))
        exchange.set_response_header(b"Content-Type", b"application/json")
        return encode(self.dialect.error(status, message, _CODES.get(found.kind) or said or None, self.identity))

    def _told(self, exchange: Exchange, out: bytes) -> bytes:
        whole = mapping(decode(out))
        if self.call.stream:
            exchange.set_response_header(b"Content-Type", b"text/event-stream")
            retelling = self.dialect.stream(self.asked)
            return retelling.feed(as_stream(whole, include_usage=True)) + retelling.end()
        exchange.set_response_header(b"Content-Type", b"application/json")
        return self._packed(exchange, encode(self.dialect.answer(whole, self.asked)))


def _text_length(parts: Any) -> int:
    """Characters of text in a message's blocks, or in the parts of a response's items."""
    blocks = [mapping(part) for part in items(parts)]
    blocks += [mapping(inner) for part in blocks for inner in items(part.get("content"))]
    return sum(len(string(block.get("text"))) for block in blocks)
