"""ai-proxy-advanced: one route, several targets. The body's `model` says which of them are meant (by alias, name or
`provider/name`), the balancer chooses among those, and the chosen one is an ai-proxy like any other.

Source: Kong's documentation and published schema of the plugin (Kong Gateway 3.14 for model_alias).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gateway.choosing import Record
from gateway.plugins._ai_advanced_fields import advanced_fields
from gateway.plugins._ai_log import ai_members, keep_answer
from gateway.plugins._balancer import Balancer, Member, ModelAttempts, tried_targets
from gateway.plugins._base import Plugin, Setting
from gateway.plugins._model_choice import ModelChoice, UnknownModel
from gateway.plugins.ai_proxy import AiProxy, is_json
from gateway.values import Reply

if TYPE_CHECKING:
    from gateway.exchange import Exchange

_SHARED = ("response_streaming", "max_request_body_size", "model_name_header", "llm_format")


class AiProxyAdvanced(Plugin):
    name = "ai-proxy-advanced"
    priority = 770
    version = "3.14.0"
    fields = advanced_fields()

    def __init__(self, config: Mapping[str, Any], setting: Setting) -> None:
        super().__init__(config, setting)
        shared = {name: config[name] for name in _SHARED}
        self.members = tuple(
            Member(position, AiProxy({**target, **shared}, setting), target["weight"], *known)
            for position, (target, known) in enumerate(zip(config["targets"], self._records(), strict=True))
        )
        self.choice = ModelChoice(self.members)
        self.balancer = Balancer(config["balancer"] or {}, self.members)
        if all("body_filter" in member.proxy.idle for member in self.members):
            self.idle = ("body_filter",)

    def _records(self) -> list[tuple[str, Record]]:
        """What is remembered of each target, also from a configuration before this one: by what the target is."""
        shared: Any = self.setting.resources
        known = shared.setdefault(self.name, {}).setdefault(self.setting.id, {}) if isinstance(shared, dict) else {}
        found: dict[str, Record] = {}
        for target in self.config["targets"]:
            model = target["model"]
            url = (model["options"] or {}).get("upstream_url")
            name = f"{model['provider']}/{model['name']}/{model.get('model_alias')}/{url}"
            while name in found:
                name += "+"
            found[name] = known.setdefault(name, Record())
        return list(found.items())

    def provider_names(self) -> tuple[str, ...]:
        """Providers that this plugin may call; what limits by provider look at."""
        return tuple(dict.fromkeys(member.proxy.provider.name for member in self.members))

    def access(self, exchange: Exchange) -> Reply | None:
        first = self.members[0].proxy
        document = exchange.document() if is_json(exchange) else None
        if not isinstance(document, dict):
            return first.access(exchange)  # it says what is wrong with the body
        try:
            choice = self.choice.of(document.get("model"))
        except UnknownModel as error:
            return first.refuse(exchange, 400, str(error))
        attempts = exchange.attempts = ModelAttempts(self.name, self.balancer, choice, exchange)
        return attempts.start(exchange)

    # -- the log ------------------------------------------------------------------------------------------------

    def body_filter(self, exchange: Exchange, piece: bytes, last: bool) -> bytes:
        """Only takes part where payloads are logged."""
        member: Member | None = exchange.notes.get(self.name)
        return keep_answer(exchange, piece) if member is None or member.proxy.logs["log_payloads"] else piece

    def logged(self, exchange: Exchange) -> Mapping[str, Any]:
        member: Member = exchange.notes.get(self.name) or self.members[0]
        logs = member.proxy.logs
        if not logs["log_statistics"] and not logs["log_payloads"]:
            return {}
        members = ai_members(exchange, self.setting.id, logs)
        tried = tried_targets(exchange)
        if tried:
            members["tried_targets"] = tried
        return {"ai": {"proxy": members}}


PLUGIN = AiProxyAdvanced
