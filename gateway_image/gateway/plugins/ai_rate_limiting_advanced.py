"""ai-rate-limiting-advanced: limits on the tokens or the money that answers cost. A request is checked before it goes
up and charged when its usage is known, so the request that crosses a limit succeeds and the next one is refused.

Source: Kong's documentation and published schemas of the plugin, and observed answers. Deviations on purpose: the
standard Retry-After is sent too; `requestPrompt` counts with a named method instead of running Lua; a stream's usage is
counted exactly; where Redis does not answer this node goes on from the last counts it heard.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gateway.counters import Counters
from gateway.errors import ConfigError
from gateway.plugins._ai_limit_fields import DEFAULT_MESSAGE, OLD_MESSAGE, limit_fields
from gateway.plugins._base import Plugin, Setting
from gateway.plugins._limit_identity import Identity, shared_tag
from gateway.plugins._prompt_count import prompt_counter
from gateway.plugins._redis_fields import redis_store
from gateway.plugins._windows import Window, number, window_name
from gateway.replies import json_reply
from gateway.values import Consult, Consulted, Consulting, Count, RedisStore, Reply

if TYPE_CHECKING:
    from gateway.exchange import Exchange

_PROXIES = ("ai-proxy", "ai-proxy-advanced")
REQUEST_PROMPT = "requestPrompt"


class _Bucket:
    """One window of one provider for one identifier, as this request found it."""

    __slots__ = ("current", "key", "now", "previous", "provider", "window")

    def __init__(self, provider: str, window: Window, key: bytes, now: float) -> None:
        self.provider = provider
        self.window = window
        self.key = key
        self.now = now
        self.current = 0.0
        self.previous = 0.0

    @property
    def full(self) -> bool:
        return self.window.used(self.current, self.previous, self.now) >= self.window.limit

    def count(self, amount: float, now: float) -> Count:
        window = self.window
        return Count(self.key, window.index(now), amount, window.limit, window.weight(now), window.expires(now))

    def suffix(self) -> bytes:
        return f"{window_name(self.window.size)}-{self.provider}".encode()


class AiRateLimitingAdvanced(Plugin):
    name = "ai-rate-limiting-advanced"
    priority = 905
    fields = limit_fields()

    def __init__(self, config: Mapping[str, Any], setting: Setting) -> None:
        super().__init__(config, setting)
        sliding = config["window_type"] == "sliding"
        self.windows: dict[str, tuple[Window, ...]] = {
            entry["name"]: tuple(
                Window(limit, size, sliding) for limit, size in zip(entry["limit"], entry["window_size"], strict=True)
            )
            for entry in config["llm_providers"]
        }
        self.strategy: str = config["tokens_count_strategy"]
        self.hides: bool = config["hide_client_headers"]
        self.identity = Identity(config["identifier"], config["header_name"], config["path"])
        self.namespace = (config["namespace"] or setting.id).encode()
        sync_rate: float = config["sync_rate"] or 0.0
        self.store: RedisStore | None = None
        if config["strategy"] == "redis" and sync_rate >= 0:
            self.store = redis_store(config["redis"], sync_rate)
        self.count_prompt = None
        if REQUEST_PROMPT in self.windows:
            try:
                self.count_prompt = prompt_counter(config["request_prompt_count_function"])
            except ValueError as error:
                raise ConfigError({"config": {"request_prompt_count_function": str(error)}}) from None
        message = config["error_message"]
        if message == DEFAULT_MESSAGE and tuple(setting.resources.get("kong_version", (3, 9))) < (3, 9):
            message = OLD_MESSAGE
        self.message: str = message
        self.counters: Counters = setting.resources["counters"]

    # -- before the request -------------------------------------------------------------------------------------

    def access(self, exchange: Exchange) -> Reply | Consulting | None:
        now = exchange.runtime.wall()
        buckets = self._buckets(exchange, now)
        cost = self.count_prompt(exchange.document()) if self.count_prompt is not None else 0.0
        # the answer's tokens are not known yet: of them the limits are only looked at
        counts = [bucket.count(cost if bucket.provider == REQUEST_PROMPT else 0.0, now) for bucket in buckets]
        if not counts:
            return None
        if self.store is not None:
            return self._ask(exchange, Consult(self.store, counts), buckets, cost)
        return self._judge(exchange, buckets, Consulted(*self.counters.take_all(counts, now)), cost)

    def _ask(self, exchange: Exchange, consult: Consult, buckets: list[_Bucket], cost: float) -> Consulting:
        answer: Consulted = yield consult
        return self._judge(exchange, buckets, answer, cost)

    def _judge(self, exchange: Exchange, buckets: list[_Bucket], answer: Consulted, cost: float) -> Reply | None:
        if self.count_prompt is not None:
            exchange.set_response_header(b"X-AI-RateLimit-Query-Cost", number(cost))
        for bucket, found in zip(buckets, answer.found, strict=True):
            bucket.current, bucket.previous = found
            if not self.hides:
                left = bucket.window.left(bucket.current, bucket.previous, bucket.now)
                _say(exchange, b"Limit", bucket, number(bucket.window.limit))
                _say(exchange, b"Remaining", bucket, number(left))
        if answer.taken:
            exchange.notes[self.name] = [bucket for bucket in buckets if bucket.provider != REQUEST_PROMPT]
            return None
        if not self.config["disable_penalty"]:
            self._charge(exchange, [bucket for bucket in buckets if bucket.provider == REQUEST_PROMPT], cost)
        return self._refuse(exchange, [bucket for bucket in buckets if bucket.full])

    def _buckets(self, exchange: Exchange, now: float) -> list[_Bucket]:
        who = self.identity.of(exchange)
        shared = self.store is not None
        start = shared_tag(self.namespace, who) if shared else b"\0".join((self.namespace, who, b""))
        return [
            _Bucket(name, window, b"%b%b:%d" % (start, name.encode(), int(window.size * 1000)), now)
            for name in self._applying(exchange)
            for window in self.windows[name]
        ]

    def _applying(self, exchange: Exchange) -> list[str]:
        """Names of the limits that are about this request: its route's provider, and requestPrompt."""
        assert exchange.chain is not None
        names: list[str] = []
        for plugin in exchange.chain.plugins:
            if plugin.name in _PROXIES:
                names += [name for name in plugin.provider_names() if name in self.windows]  # type: ignore[attr-defined]
        if REQUEST_PROMPT in self.windows:
            names.append(REQUEST_PROMPT)
        return names

    def _refuse(self, exchange: Exchange, full: list[_Bucket]) -> Reply:
        jitter = self.config["retry_after_jitter_max"]
        extra = jitter * (int(exchange.id[-6:], 16) * 619 % 997 / 997) if jitter else 0.0  # spreads clients
        waits = [bucket.window.wait(bucket.current, bucket.previous, bucket.now) for bucket in full]
        for bucket, wait in zip(full, waits, strict=True):
            _say(exchange, b"Reset", bucket, b"%d" % wait)
            _say(exchange, b"Retry-After", bucket, b"%d" % (wait + extra))
        longest = max(waits)
        exchange.set_response_header(b"X-AI-RateLimit-Reset", b"%d" % min(waits))
        exchange.set_response_header(b"X-AI-RateLimit-Retry-After", b"%d" % (longest + extra))
        exchange.set_response_header(b"Retry-After", b"%d" % (longest + extra))
        names = ", ".join(dict.fromkeys(bucket.provider for bucket in full))
        text = self.message if self.config["error_hide_providers"] else self.message + names
        return json_reply(int(self.config["error_code"]), {"message": text})

    # -- after the answer ---------------------------------------------------------------------------------------

    def log(self, exchange: Exchange) -> None:
        buckets: list[_Bucket] = exchange.notes.get(self.name, [])
        conversation = exchange.conversation
        if not buckets or conversation is None:
            return
        usage = getattr(conversation, "usage", None)
        if usage is None:
            return
        amount = conversation.cost() if self.strategy == "cost" else getattr(usage, self.strategy)  # type: ignore[attr-defined]
        served = conversation.provider_name  # type: ignore[attr-defined]
        self._charge(exchange, [bucket for bucket in buckets if bucket.provider == served], amount)

    def _charge(self, exchange: Exchange, buckets: Sequence[_Bucket], amount: float) -> None:
        if not amount or not buckets:
            return
        now = exchange.runtime.wall()
        counts = [bucket.count(amount, now) for bucket in buckets]
        if self.store is not None:
            exchange.runtime.charge(self.store, counts)
            return
        for count in counts:
            self.counters.add(count.key, count.window, amount, count.expires, now)


def _say(exchange: Exchange, field: bytes, bucket: _Bucket, value: bytes) -> None:
    exchange.set_response_header(b"X-AI-RateLimit-" + field + b"-" + bucket.suffix(), value)


PLUGIN = AiRateLimitingAdvanced
