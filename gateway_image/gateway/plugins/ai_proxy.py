"""ai-proxy: a route that speaks OpenAI's dialect to its client and a provider's to the upstream. Here the request is
read, checked and aimed; `_conversation` reads the answer; what a provider is like stands in gateway/providers.

Sources: Kong's documentation of ai-proxy and the observable behaviour of Kong 3.9.1. Deviations on purpose: the body
limit is a limit (413), a stream's usage is asked for and counted, `null` is not true.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gateway.chat import mapping
from gateway.codec import encode
from gateway.errors import ConfigError
from gateway.outbound import Target
from gateway.plugins._ai_fields import AI_PROXY_CHECKS, ai_proxy_fields, body_limit
from gateway.plugins._ai_log import ai_members, keep_answer
from gateway.plugins._ai_target import Aim, Options
from gateway.plugins._base import Plugin, Setting
from gateway.plugins._conversation import LlmConversation, takes_gzip
from gateway.plugins._model_template import Template, TemplateError
from gateway.providers import get
from gateway.providers._base import CHAT, COMPLETIONS, EMBEDDINGS, PRESERVE, Call, ProviderError
from gateway.values import Reply

if TYPE_CHECKING:
    from gateway.exchange import Exchange
    from gateway.plugins._client_dialect import ClientDialect

NO_PROMPTS = "request body doesn't contain valid prompts"
_TUNING = ("temperature", "max_tokens", "top_p", "top_k")
_CALLS_KEPT = 256
_RIGHTED = (3, 12)
"""Since this version Kong maps finish reasons and keeps what older ones dropped on the way to other dialects."""


class AiProxy(Plugin):
    name = "ai-proxy"
    priority = 770
    fields = ai_proxy_fields()
    checks = AI_PROXY_CHECKS

    def __init__(self, config: Mapping[str, Any], setting: Setting) -> None:
        super().__init__(config, setting)
        model = config["model"]
        self.provider = get(model["provider"])
        self.route_type: str = config["route_type"]
        self.model: str | None = model["name"]
        self.alias: str | None = model.get("model_alias")
        self.options: Options = _set_only(model["options"] or {})
        self.template = Template.of(self.model, self.options)
        self.limit = body_limit(config)
        self.streaming: str = config["response_streaming"]
        self.names_model: bool = config["model_name_header"]
        self.tuned = any(name in self.options for name in _TUNING)
        self.auth = config["auth"] or {}
        self.newest = tuple(setting.resources.get("kong_version", (3, 9))) >= _RIGHTED
        self.call_type = self.route_type  # what the provider is asked for
        self.client: ClientDialect | None = None
        if config["llm_format"] != "openai" or self.route_type not in (CHAT, COMPLETIONS, PRESERVE):
            from gateway.plugins._client_dialect import ClientDialect  # late: it brings every dialect there is

            self.client = ClientDialect.of(self.route_type, config["llm_format"], self.provider, self.options)
        if self.client is not None:
            self.call_type = self.client.call_type
            self.newest = True  # dialects that Kong 3.9 does not know need nothing of its habits
        self._aims: dict[tuple[str, bool], Aim] = {}
        if self.template is None and self.call_type != EMBEDDINGS:  # whose providers are judged when one is asked
            try:
                self.aim(self.model or "any", stream=False)
            except (ProviderError, ValueError) as error:
                raise ConfigError({"config": {"model": str(error)}}) from None
        self.logs: Mapping[str, bool] = config["logging"]
        if not self.logs["log_payloads"]:
            self.idle = ("body_filter",)

    def provider_names(self) -> tuple[str, ...]:
        """Providers that this plugin may call; what limits by provider look at."""
        return (self.provider.name,)

    # -- access -------------------------------------------------------------------------------------------------

    def access(self, exchange: Exchange, chosen: str | None = None) -> Reply | None:
        """`chosen`: the model to use in place of the one that the body names; "" = the configured one."""
        body = exchange.body
        if len(body) > self.limit:
            told = f"request body has {len(body)} bytes, more than max_request_body_size ({self.limit}) allows"
            return self.refuse(exchange, 413, told)
        document = exchange.document() if is_json(exchange) else None
        if self.client is not None:
            return self.client.access(self, exchange, document, chosen)
        if self.route_type == PRESERVE:
            return self._preserve(exchange, document)
        kind = NO_PROMPTS if not isinstance(document, dict) else _kind(document)
        if kind != self.route_type:
            if kind in (CHAT, COMPLETIONS):
                kind = f"[{kind}] message format is not compatible with [{self.route_type}] route type"
            return exchange.ai_error(400, kind)
        assert isinstance(document, dict)
        try:
            model, options = self.resolve(exchange, document, chosen)
            stream = self.streams(document)
        except (TemplateError, ProviderError) as error:
            return exchange.ai_error(400, str(error))
        try:
            aim = self.aim(model, stream, options)
            shown = asks_usage(document)
            counting = self._write_body(exchange, document, aim, stream and not shown)
        except ProviderError as error:
            return exchange.ai_error(error.status, str(error))
        exchange.target = self.target(exchange, aim, exchange.query())
        exchange.conversation = LlmConversation(self, aim, counting=counting, shows_usage=shown)
        return None

    def refuse(self, exchange: Exchange, status: int, message: str) -> Reply:
        """An error in the client's dialect."""
        if self.client is not None:
            return self.client.error(exchange, status, message)
        return exchange.ai_error(status, message)

    def streams(self, document: dict[str, Any]) -> bool:
        """Whether the answer is to be a stream. Raises ProviderError."""
        wanted = document.get("stream")
        if wanted is not None and not isinstance(wanted, bool):
            raise ProviderError("'stream' must be true or false")
        if wanted and self.streaming == "deny":
            raise ProviderError("response streaming is not enabled for this LLM")
        return bool(wanted) or self.streaming == "always"

    def resolve(
        self, exchange: Exchange, document: dict[str, Any], chosen: str | None = None
    ) -> tuple[str, Options | None]:
        """The model to use and, when it is templated, the options of this request. Raises ProviderError and
        TemplateError."""
        name, options = self.model, None
        if self.template is not None:
            name, options = self.template.fill(exchange)
        asked = document.get("model") if chosen is None else chosen
        if not isinstance(asked, str) or not asked:
            asked = None
        if name is None:
            if asked is None:
                raise ProviderError("model parameter not found in request, nor in gateway configuration")
            return asked, options
        if asked is not None and asked not in (name, self.alias):
            if self.alias and self.alias != name:
                raise ProviderError(f"cannot use own model - must be one of: {self.alias}, {name}")
            raise ProviderError(f"cannot use own model - must be: {name}")
        return name, options

    def aim(self, model: str, stream: bool, options: Options | None = None) -> Aim:
        """The compiled call, URL and constant headers for a model. Kept, because most plugins have one model."""
        if options is not None:
            return Aim(self.provider, Call(self.call_type, model, options, stream, self.newest), self.auth)
        aim = self._aims.get((model, stream))
        if aim is None:
            aim = Aim(self.provider, Call(self.call_type, model, self.options, stream, self.newest), self.auth)
            if len(self._aims) < _CALLS_KEPT:
                self._aims[model, stream] = aim
        return aim

    def _write_body(self, exchange: Exchange, document: dict[str, Any], aim: Aim, uncounted: bool) -> bool:
        """Puts the upstream's body in place. `uncounted`: a stream whose usage the client did not ask for. Returns
        whether it was asked for on the client's behalf."""
        call = aim.call
        if not aim.passes:
            exchange.body = aim.with_credential(encode(self.provider.request(document, call)))
            exchange.changed = False
            return False
        counting = uncounted and self.provider.asks_usage(call)
        if not (exchange.changed or self.tuned or not self.provider.splices(document) or aim.body_member):
            spliced = aim.splice(exchange.body, document, call.stream, counting)
            if spliced is not None:
                exchange.body = spliced
                return counting
        rewritten = self.provider.request(document, call)
        if counting:
            rewritten["stream_options"] = {**mapping(document.get("stream_options")), "include_usage": True}
        exchange.body = aim.with_credential(encode(rewritten))
        exchange.changed = False
        return counting

    def target(self, exchange: Exchange, aim: Aim, query: bytes) -> Target:
        """Where the request goes; `query` is added to the provider's own."""
        if aim.signs:
            return aim.signed(exchange.body, exchange.runtime.wall())
        override = bool(self.auth.get("allow_override")) and aim.client_credential(exchange.request.fields)
        target = aim.without_credential if override else aim.target
        zipped = takes_gzip(exchange) and not aim.call.stream
        if not query and not zipped:
            return target
        return aim.variant(target, query, zipped)

    def _preserve(self, exchange: Exchange, document: Any) -> Reply | None:
        """The client's own format and path; only the model is held to the configured one."""
        asked = document.get("model") if isinstance(document, dict) else None
        if self.model is not None and isinstance(asked, str) and asked and asked != self.model:
            return exchange.ai_error(400, f"cannot use own model - must be: {self.model}")
        aim = self.aim(self.model or (asked if isinstance(asked, str) and asked else "any"), stream=False)
        if exchange.changed:
            exchange.body = encode(exchange.document())
            exchange.changed = False
        target = self.target(exchange, aim, exchange.query())
        if not self.options.get("upstream_path"):
            target = aim.preserved(target, exchange.requested())
        exchange.target = target
        exchange.conversation = LlmConversation(self, aim, preserve=True)
        return None

    # -- the log ------------------------------------------------------------------------------------------------

    def body_filter(self, exchange: Exchange, piece: bytes, last: bool) -> bytes:
        """Only takes part where payloads are logged."""
        return keep_answer(exchange, piece)

    def logged(self, exchange: Exchange) -> Mapping[str, Any]:
        if not self.logs["log_statistics"] and not self.logs["log_payloads"]:
            return {}
        return {"ai": {"proxy": ai_members(exchange, self.setting.id, self.logs)}}


def _kind(document: dict[str, Any]) -> str:
    """CHAT or COMPLETIONS, or the message for a body that is neither."""
    messages, prompt = document.get("messages"), document.get("prompt")
    chat = isinstance(messages, list) and bool(messages)
    completions = isinstance(prompt, str)
    if chat and completions:
        return "request matches multiple LLM request formats"
    if chat:
        return CHAT
    return COMPLETIONS if completions else NO_PROMPTS


def asks_usage(document: dict[str, Any]) -> bool:
    """Whether the client wants a stream's usage itself."""
    options = document.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


def is_json(exchange: Exchange) -> bool:
    """A body without a type counts as JSON; what a plugin decoded and changed is JSON."""
    kind = exchange.request.fields.get(b"content-type")
    return kind is None or exchange.changed or kind[:16].lower() == b"application/json"


def _set_only(options: Mapping[str, Any]) -> Options:
    """Options that are set, records included."""
    return {
        name: _set_only(value) if isinstance(value, Mapping) else value
        for name, value in options.items()
        if value is not None
    }


PLUGIN = AiProxy
