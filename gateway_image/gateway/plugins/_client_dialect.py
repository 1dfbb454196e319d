"""ai-proxy's way in for clients that do not speak OpenAI's chat or completions: Anthropic's Messages (llm_format),
OpenAI's Responses and embeddings (route types). Not for: reading answers (_dialect_conversation), the dialects
themselves (gateway/dialects).

Where the provider speaks the client's dialect itself the client's bytes go up as they are, its version headers
included; elsewhere the request becomes an OpenAI chat first, and from there the provider's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.codec import encode
from gateway.dialects import MESSAGES, RESPONSES
from gateway.dialects._base import Asked, Dialect, DialectError
from gateway.plugins._ai_target import Aim
from gateway.plugins._dialect_conversation import DialectConversation, NativeConversation, TranslatedConversation
from gateway.plugins._model_template import TemplateError
from gateway.plugins.ai_proxy import NO_PROMPTS
from gateway.providers import _base as provider_base
from gateway.providers._base import CHAT, EMBEDDINGS, Call, Provider, ProviderError
from gateway.replies import json_reply
from gateway.values import Reply

if TYPE_CHECKING:
    from gateway.exchange import Exchange
    from gateway.plugins.ai_proxy import AiProxy


class ClientDialect:
    """How one ai-proxy talks to its clients, where that is not OpenAI's chat. `call_type` is what its provider is asked
    for; `native`: in the client's own words."""

    def __init__(self, dialect: Dialect | None, call_type: str, native: bool) -> None:
        self.dialect = dialect  # None: embeddings, which are said the same everywhere
        self.call_type = call_type
        self.native = native

    @classmethod
    def of(cls, route_type: str, llm_format: str, provider: Provider, options: dict[str, Any]) -> ClientDialect | None:
        """None for OpenAI's chat and completions, and for preserve."""
        if route_type == EMBEDDINGS:
            return cls(None, EMBEDDINGS, native=True)
        if route_type == provider_base.RESPONSES:
            native = provider.offers(Call(route_type, "any", options))
            return cls(RESPONSES, route_type if native else CHAT, native)
        if llm_format == MESSAGES.name and route_type == CHAT:
            return cls(MESSAGES, CHAT, provider.dialect == llm_format)
        return None

    def error(self, exchange: Exchange, status: int, message: str) -> Reply:
        if self.dialect is None:
            return exchange.ai_error(status, message)
        return json_reply(status, self.dialect.error(status, message, None, exchange.id.decode("latin-1")))

    def access(self, plugin: AiProxy, exchange: Exchange, document: Any, chosen: str | None) -> Reply | None:
        if not isinstance(document, dict) or not self._asks(document):
            return self.error(exchange, 400, NO_PROMPTS)
        try:
            model, options = plugin.resolve(exchange, document, chosen)
            stream = self.dialect is not None and plugin.streams(document)
            aim = plugin.aim(model, stream, options)
            if self.dialect is None and not plugin.provider.offers(aim.call):
                raise ProviderError(f"no transformer for {plugin.provider.name}://{EMBEDDINGS}")
            self._send(plugin, exchange, document, aim)
        except (TemplateError, DialectError) as error:
            return self.error(exchange, 400, str(error))
        except ProviderError as error:
            return self.error(exchange, error.status, str(error))
        return None

    def _asks(self, document: dict[str, Any]) -> bool:
        return bool(document.get("input")) if self.dialect is None else self.dialect.asks(document)

    def _send(self, plugin: AiProxy, exchange: Exchange, document: dict[str, Any], aim: Aim) -> None:
        identity = exchange.id.decode("latin-1")
        conversation: DialectConversation
        if self.native or self.dialect is None:
            body = self._native_body(plugin, exchange, document, aim)
            conversation = NativeConversation(plugin, aim, self.dialect, identity)
            query = exchange.query()
        else:
            chat = self.dialect.chat(document)
            asked = Asked(document, chat, aim.call.model, identity, int(exchange.runtime.wall()))
            body = encode(_upstream_body(plugin.provider, chat, aim))
            conversation = TranslatedConversation(plugin, aim, self.dialect, asked)
            query = b""  # said to this dialect's own server: ?beta=true
        exchange.body = aim.with_credential(body)
        exchange.changed = False
        target = plugin.target(exchange, aim, query)
        if self.native and aim.constant:
            target = aim.keeping(target, exchange.request.fields)
        exchange.target = target
        exchange.conversation = conversation

    def _native_body(self, plugin: AiProxy, exchange: Exchange, document: dict[str, Any], aim: Aim) -> bytes:
        """The client's own bytes with the model put in; encoded anew only where more must change."""
        call = aim.call
        if not (exchange.changed or plugin.tuned):
            spliced = aim.splice(exchange.body, document, call.stream, counting=False)
            if spliced is not None:
                return spliced
        body = {**document, "model": call.model}
        if self.dialect is None:
            if dimensions := call.options.get("embeddings_dimensions"):
                body["dimensions"] = dimensions
        else:
            body = self.dialect.tuned(body, dict(call.options))
            if call.stream:
                body["stream"] = True
        return encode(body)


def _upstream_body(provider: Provider, chat: dict[str, Any], aim: Aim) -> dict[str, Any]:
    """A chat as the provider takes it. A stream's usage is always asked for: the client's dialect ends with it."""
    call = aim.call
    limit = provider.limit_name(call)
    if aim.passes and "max_tokens" in chat and limit != "max_tokens":
        chat = {limit if name == "max_tokens" else name: value for name, value in chat.items()}
    body = provider.request(chat, call)
    if aim.passes and call.stream and provider.asks_usage(call):
        body["stream_options"] = {"include_usage": True}
    return body
