"""What ai-request-transformer and ai-response-transformer share: their fields, the question to the model, and what the
log learns of it. Not for: what becomes of the model's words (the two plugins).

Sources: Kong's documentation and the observable behaviour of Kong 3.9.1. Deviations on purpose: http_timeout bounds the
whole question, the body limit is a limit (413), a pattern that cannot be compiled is refused with the configuration,
a compressed answer of the model is read.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any

from gateway import KONG_VERSION
from gateway.chat import Usage, items, mapping, text_of
from gateway.codec import CodecError, decode, encode, expand
from gateway.errors import ConfigError
from gateway.headers import find
from gateway.outbound import Target
from gateway.patterns import PatternError, compile_pattern
from gateway.plugins._ai_fields import ai_proxy_fields, body_limit, body_size_field
from gateway.plugins._ai_log import LONGEST, UNSPECIFIED, usage_members
from gateway.plugins._ai_target import Aim
from gateway.plugins._base import Plugin, Setting
from gateway.plugins._model_template import TemplateError
from gateway.plugins.ai_proxy import AiProxy
from gateway.providers._base import ProviderError
from gateway.replies import message_of
from gateway.schema import Boolean, Check, Conditional, Field, Integer, Match, MutuallyRequired, Record, String
from gateway.values import Fetch, Fetched, Reply, UpstreamError

if TYPE_CHECKING:
    from gateway.exchange import Exchange

ANSWER_LIMIT = 16 << 20
"""Bytes of a model's or an upstream's answer, as it comes and expanded."""
_CHAT = "llm/v1/chat"
_CAUSES = {"refused": "connection refused", "timeout": "timeout", "connect_timeout": "timeout", "closed": "closed"}
_HEAD = (
    b"POST %b HTTP/1.1\r\nHost: %b\r\nAccept: application/json\r\n"
    b"User-Agent: kong/" + KONG_VERSION.encode() + b"\r\n%bContent-Length: %d\r\n\r\n"
)
_LLM_CHECK = Conditional(
    "config.llm.route_type",
    Match(not_one_of=(_CHAT,)),
    "config.llm.route_type",
    Match(eq=_CHAT),
    "'config.llm.route_type' must be 'llm/v1/chat' for AI transformer plugins",
)
TRANSFORMER_CHECKS: tuple[Check, ...] = (
    _LLM_CHECK,
    MutuallyRequired("config.http_proxy_host", "config.http_proxy_port"),
    MutuallyRequired("config.https_proxy_host", "config.https_proxy_port"),
)


def transformer_fields(help: str, more: Mapping[str, Field] | None = None) -> Record:
    """The configuration of a transformer; `more`: fields that only one of them has."""
    return Record(
        help,
        required=True,
        fields={
            "prompt": String("What the model is told to do with the body.", required=True),
            "transformation_extract_pattern": String(
                "A regular expression, case does not matter: its first whole match in the model's answer is used."
            ),
            **(more or {}),
            "http_timeout": Integer("Milliseconds that asking the model may take.", required=True, default=60000),
            "https_verify": Boolean("Whether the model's certificate is checked.", required=True, default=True),
            "max_request_body_size": body_size_field(),
            "http_proxy_host": String("The proxy through which a model at an http URL is asked."),
            "http_proxy_port": Integer("Its port.", between=(0, 65535)),
            "https_proxy_host": String("The proxy through which a model at an https URL is asked."),
            "https_proxy_port": Integer("Its port.", between=(0, 65535)),
            "llm": ai_proxy_fields(),
        },
    )


def cause(error: UpstreamError) -> str:
    """Why somebody was not reached, in Kong's word where there is one."""
    return _CAUSES.get(error.kind, error.detail)


class _Question:
    """One question to a model and what came of it, for the log."""

    __slots__ = ("aim", "answer", "asked", "latency", "model", "usage")

    def __init__(self, aim: Aim, asked: bytes) -> None:
        self.aim = aim
        self.asked = asked
        self.answer = ""
        self.latency = 0.0
        self.model = ""
        self.usage = Usage()

    def cost(self) -> float:
        prices = self.aim.call.options
        usage = self.usage
        total = usage.prompt_tokens * prices.get("input_cost", 0)
        total += usage.completion_tokens * prices.get("output_cost", 0)
        return float(total) / 1_000_000


class AiTransformer(Plugin):
    checks = TRANSFORMER_CHECKS

    def __init__(self, config: Mapping[str, Any], setting: Setting) -> None:
        super().__init__(config, setting)
        self.llm = AiProxy({**config["llm"], "llm_format": "openai"}, setting)
        self.timeout: float = config["http_timeout"] / 1000
        self.limit = body_limit(config)
        self.logs: Mapping[str, bool] = config["llm"]["logging"]
        self.pattern: Any = None
        pattern = config["transformation_extract_pattern"]
        if pattern:
            try:
                self.pattern = compile_pattern(f"(?m){pattern}", ignore_case=True)
            except PatternError as error:
                text = str(error).replace("(?m)", "", 1)
                raise ConfigError({"config": {"transformation_extract_pattern": text}}) from None

    def too_large(self, exchange: Exchange) -> Reply | None:
        size = len(exchange.body)
        if size <= self.limit:
            return None
        told = f"request body has {size} bytes, more than max_request_body_size ({self.limit}) allows"
        return exchange.ai_error(413, told)

    def ask(self, exchange: Exchange, text: str) -> Generator[Fetch, Fetched, str | Reply]:
        """The model's words about `text`, or the answer to the client where there are none."""
        document = {
            "messages": [
                {"role": "system", "content": self.config["prompt"]},
                {"role": "user", "content": text},
            ]
        }
        try:
            model, options = self.llm.resolve(exchange, {})
            aim = self.llm.aim(model, False, options)
            body = aim.with_credential(encode(aim.provider.request(document, aim.call)))
        except (TemplateError, ProviderError, CodecError) as error:
            return exchange.ai_error(400, str(error))
        question = exchange.notes[self.name] = _Question(aim, body)
        asked_at = exchange.runtime.now()
        fetched = yield self._fetch(aim, body, exchange.runtime.wall())
        question.latency = exchange.runtime.now() - asked_at
        if fetched.error is not None:
            why = f"request to ai service failed: request failed: {cause(fetched.error)}"
            return exchange.ai_error(400, f"failed to introspect request with AI service: {why}")
        if not 200 <= fetched.status < 300:
            why = f"failed to introspect request with AI service: status code {fetched.status}"
            return exchange.ai_error(400, why)
        return self._read(exchange, question, fetched)

    def _fetch(self, aim: Aim, body: bytes, now: float) -> Fetch:
        target: Target = aim.signed(body, now) if aim.signs else aim.target
        scheme = target.origin.scheme
        proxy = None
        if self.config[f"{scheme}_proxy_host"]:
            proxy = (self.config[f"{scheme}_proxy_host"], self.config[f"{scheme}_proxy_port"])
        origin = target.origin._replace(verify=self.config["https_verify"], proxy=proxy)
        head = _HEAD % (target.path, target.host, target.block, len(body))
        return Fetch(origin, head, body, self.timeout, ANSWER_LIMIT)

    def _read(self, exchange: Exchange, question: _Question, fetched: Fetched) -> str | Reply:
        """The words in a model's answer."""
        call = question.aim.call
        kind = f"transformation failed from type {question.aim.provider.name}://{call.route_type}"
        encoding = (find(fetched.headers, b"content-encoding") or b"").decode("latin-1")
        try:
            decoded = decode(expand(fetched.body, encoding, ANSWER_LIMIT))
        except CodecError:
            why = f"failed to decode {call.route_type} response"
            return exchange.ai_error(400, f"failed to convert AI response to Kong format: {kind}: {why}")
        try:
            answer = question.aim.provider.response(
                decoded, call, int(exchange.runtime.wall()), exchange.id.decode("latin-1")
            )
        except ProviderError as error:
            return exchange.ai_error(400, f"failed to convert AI response to Kong format: {kind}: {error}")
        model = answer.get("model")
        question.model = model if isinstance(model, str) else ""
        question.usage = Usage.from_openai(answer.get("usage")) or question.usage
        choices = items(answer.get("choices"))
        if not choices:
            return exchange.ai_error(400, "no 'choices' in upstream AI service response")
        content = mapping(mapping(choices[0]).get("message")).get("content")
        if not isinstance(content, str | list):
            return exchange.core_error(500, message_of(500))
        words = question.answer = text_of(content)
        if self.pattern is None:
            return words
        found = self.pattern.search(words.encode("utf-8", "replace"))
        if found is None:
            return exchange.ai_error(400, "AI response did not match specified regular expression")
        return str(found.group(0).decode("utf-8", "replace"))

    # -- the log ------------------------------------------------------------------------------------------------

    def logged(self, exchange: Exchange) -> Mapping[str, Any]:
        question: _Question | None = exchange.notes.get(self.name)
        if question is None:
            return {}
        members: dict[str, Any] = {}
        if self.logs["log_statistics"]:
            members["meta"] = {
                "plugin_id": self.setting.id,
                "provider_name": question.aim.provider.name,
                "request_model": question.aim.call.model,
                "response_model": question.model or UNSPECIFIED,
                "llm_latency": round(question.latency * 1000),
            }
            members["usage"] = usage_members(question.usage, question.cost(), question.latency)
            members["cache"] = {}
        if self.logs["log_payloads"]:
            secret = question.aim.body_member
            asked = {name: value for name, value in decode(question.asked).items() if name not in secret}
            members["payload"] = {
                "request": encode(asked)[:LONGEST].decode("utf-8", "replace"),
                "response": question.answer[:LONGEST],
            }
        return {"ai": {self.name: members}} if members else {}
