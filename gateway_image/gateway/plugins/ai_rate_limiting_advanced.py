"""ai-rate-limiting-advanced: limits on the tokens or the money that answers cost. A request is checked before it goes
up and charged when its usage is known, so the request that crosses a limit succeeds and the next one is refused.

Source: Kong's documentation and published schemas of the plugin, and observed answers. Deviations on purpose: the
standard Retry-After is sent too; `requestPrompt` counts with a named method instead of running Lua; a stream's usage is
counted exactly; where Redis does not answer this node goes on from the last counts it heard.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gateway.counters import Counters
from gateway.errors import ConfigError
from gateway.plugins._ai_limit_fields import DEFAULT_MESSAGE, OLD_MESSAGE, limit_fields
from gateway.plugins._base import Plugin, Setting
from gateway.plugins._limit_identity import Identity, shared_tag
from gateway.plugins._prompt_count import prompt_counter
from gateway.plugins._redis_fields import redis_store
from gateway.plugins._repeat import HEAD_TOLD_ALL, Repeat, Talk
from gateway.plugins._windows import Window, number, window_name
from gateway.replies import json_reply
from gateway.values import Consult, Consulted, Consulting, Count, RedisStore, Reply

if TYPE_CHECKING:
    from gateway.exchange import Exchange
    from gateway.express import Express

_PROXIES = ("ai-proxy", "ai-proxy-advanced")
REQUEST_PROMPT = "requestPrompt"
COST = "cost"


class _Limit:
    """One configured window of one provider, with its header lines: they are the same for all requests but for a
    number."""

    __slots__ = ("left", "left_key", "mark", "provider", "reset", "retry", "told", "told_key", "window")

    def __init__(self, provider: str, window: Window) -> None:
        self.provider = provider
        self.window = window
        self.mark = f"{provider}:{int(window.size * 1000)}".encode()  # the end of its keys
        told, left, self.reset, self.retry = (
            f"X-AI-RateLimit-{field}-{window_name(window.size)}-{provider}".encode()
            for field in ("Limit", "Remaining", "Reset", "Retry-After")
        )
        self.told_key, self.left_key = told.lower(), left.lower()
        self.told = b"%b: %b\r\n" % (told, number(window.limit))
        self.left = left + b": %b\r\n"

    def tell(self, exchange: Exchange, left: bytes) -> None:
        exchange.response_changes[self.told_key] = self.told
        exchange.response_changes[self.left_key] = self.left % left


class _Bucket:
    """A limit for one identifier, as this request found it."""

    __slots__ = ("current", "key", "limit", "previous")

    def __init__(self, limit: _Limit, key: bytes) -> None:
        self.limit = limit
        self.key = key
        self.current = 0.0
        self.previous = 0.0

    def count(self, amount: float, now: float) -> Count:
        window = self.limit.window
        return Count(self.key, window.index(now), amount, window.limit, window.weight(now), window.expires(now))


class AiRateLimitingAdvanced(Plugin):
    name = "ai-rate-limiting-advanced"
    priority = 905
    fields = limit_fields()

    def __init__(self, config: Mapping[str, Any], setting: Setting) -> None:
        super().__init__(config, setting)
        sliding = config["window_type"] == "sliding"
        self.limits: dict[str, tuple[_Limit, ...]] = {
            entry["name"]: tuple(
                _Limit(entry["name"], Window(limit, size, sliding))
                for limit, size in zip(entry["limit"], entry["window_size"], strict=True)
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
        if REQUEST_PROMPT in self.limits:
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
        limits = self._applying(exchange)
        if not limits:
            return None
        buckets = self._buckets(exchange, limits)
        if self.store is None and self.count_prompt is None:
            # what an answer costs is not known yet: nothing is to be added, so looking is enough
            found = [self.counters.read(bucket.key, bucket.limit.window.index(now)) for bucket in buckets]
            return self._judge(exchange, buckets, found, None, 0.0, now)
        cost = self.count_prompt(exchange.document()) if self.count_prompt is not None else 0.0
        counts = [bucket.count(cost if bucket.limit.provider == REQUEST_PROMPT else 0.0, now) for bucket in buckets]
        if self.store is not None:
            return self._ask(exchange, Consult(self.store, counts), buckets, cost, now)
        taken, found = self.counters.take_all(counts, now)
        return self._judge(exchange, buckets, found, taken, cost, now)

    def _buckets(self, exchange: Exchange, limits: Sequence[_Limit]) -> list[_Bucket]:
        who = self.identity.of(exchange)
        if self.store is not None:
            start = shared_tag(self.namespace, who)
        else:
            start = self.namespace + b"\0" + who + b"\0"
        return [_Bucket(limit, start + limit.mark) for limit in limits]

    def _ask(self, exchange: Exchange, consult: Consult, buckets: list[_Bucket], cost: float, now: float) -> Consulting:
        answer: Consulted = yield consult
        return self._judge(exchange, buckets, answer.found, answer.taken, cost, now)

    def _judge(
        self,
        exchange: Exchange,
        buckets: list[_Bucket],
        found: Sequence[tuple[float, float]],
        taken: bool | None,
        cost: float,
        now: float,
    ) -> Reply | None:
        """Tells the client what is left and refuses where nothing is. `taken`: whether the request's own cost was
        added, None where nothing was to be."""
        if self.count_prompt is not None:
            exchange.set_response_header(b"X-AI-RateLimit-Query-Cost", number(cost))
        full = []
        for bucket, (current, previous) in zip(buckets, found, strict=True):
            limit = bucket.limit
            left = limit.window.left(current, previous, now)
            if not left:
                bucket.current, bucket.previous = current, previous
                full.append(bucket)
            if not self.hides:
                limit.tell(exchange, number(left))
        if taken or (taken is None and not full):
            exchange.notes[self.name] = [bucket for bucket in buckets if bucket.limit.provider != REQUEST_PROMPT]
            return None
        if not self.config["disable_penalty"]:
            self._charge(exchange, [bucket for bucket in buckets if bucket.limit.provider == REQUEST_PROMPT], cost)
        return self._refuse(exchange, full or buckets, now)

    def _applying(self, exchange: Exchange) -> list[_Limit]:
        """The limits that are about this request: its route's provider's, and requestPrompt's."""
        assert exchange.chain is not None
        found: list[_Limit] = []
        for plugin in exchange.chain.plugins:
            if plugin.name in _PROXIES:
                for name in plugin.provider_names():  # type: ignore[attr-defined]
                    found += self.limits.get(name, ())
        if self.count_prompt is not None:
            found += self.limits[REQUEST_PROMPT]
        return found

    def _refuse(self, exchange: Exchange, full: list[_Bucket], now: float) -> Reply:
        jitter = self.config["retry_after_jitter_max"]
        extra = jitter * (int(exchange.id[-6:], 16) * 619 % 997 / 997) if jitter else 0.0  # spreads clients
        waits = [bucket.limit.window.wait(bucket.current, bucket.previous, now) for bucket in full]
        for bucket, wait in zip(full, waits, strict=True):
            exchange.set_response_header(bucket.limit.reset, b"%d" % wait)
            exchange.set_response_header(bucket.limit.retry, b"%d" % (wait + extra))
        longest = max(waits)
        exchange.set_response_header(b"X-AI-RateLimit-Reset", b"%d" % min(waits))
        exchange.set_response_header(b"X-AI-RateLimit-Retry-After", b"%d" % (longest + extra))
        exchange.set_response_header(b"Retry-After", b"%d" % (longest + extra))
        names = ", ".join(dict.fromkeys(bucket.limit.provider for bucket in full))
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
        amount = conversation.cost() if self.strategy == COST else getattr(usage, self.strategy)  # type: ignore[attr-defined]
        served = conversation.provider_name  # type: ignore[attr-defined]
        self._charge(exchange, [bucket for bucket in buckets if bucket.limit.provider == served], amount)

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

    # -- again --------------------------------------------------------------------------------------------------

    def repeat(self, exchange: Exchange) -> Repeat | None:
        if self.store is not None or self.count_prompt is not None:
            return None
        limits = self._applying(exchange)
        return _Repeat(self, exchange, self._buckets(exchange, limits)) if limits else HEAD_TOLD_ALL


class _Repeat(Repeat):
    """Who is counted and where is known; what is left is not."""

    name = AiRateLimitingAdvanced.name

    def __init__(self, plugin: AiRateLimitingAdvanced, exchange: Exchange, buckets: list[_Bucket]) -> None:
        self._plugin = plugin
        self._buckets = buckets
        conversation: Any = exchange.conversation
        self._limits = [
            (bucket.limit.window, bucket.limit.window.size, plugin.counters.tally(bucket.key)) for bucket in buckets
        ]
        self._charged = [
            each
            for each, bucket in zip(self._limits, buckets, strict=True)
            if bucket.limit.provider == conversation.provider_name
        ]
        self._counters = plugin.counters
        self._strategy = plugin.strategy
        self._tells = not plugin.hides
        self._wall = exchange.runtime.wall

    def access(self, talk: Talk) -> bool:
        now = self._wall()
        for window, size, tally in self._limits:
            current, previous = tally.read(int(now // size))
            left = window.left(current, previous, now)
            if not left:
                return False
            if self._tells:
                talk.numbers.append(number(left))
        return True

    def amend(self, exchange: Exchange, numbers: Iterator[bytes]) -> None:
        if self._tells:
            for bucket in self._buckets:
                bucket.limit.tell(exchange, next(numbers))
        exchange.notes[self._plugin.name] = self._buckets

    def over(self, express: Express) -> None:
        strategy = self._strategy
        amount = express.cost if strategy == COST else getattr(express.usage, strategy)
        if amount:
            now = self._wall()
            for window, size, tally in self._charged:
                index = int(now // size)
                if not tally.plus(index, amount):
                    self._counters.add(tally.key, index, amount, window.expires(now), now)


PLUGIN = AiRateLimitingAdvanced
