"""rate-limiting: so many requests in a second, minute, hour, day, month or year of the calendar (UTC).

A request is checked against all periods at once and counts in all or in none. Source: Kong's documentation, schema
and observable behaviour. Deviations on purpose: months and years end when the calendar says, and where Redis does not
answer this node goes on counting alone in place of letting everything through.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gateway.counters import Counters
from gateway.plugins._base import Plugin, Setting
from gateway.plugins._limit_identity import Identity, shared_tag
from gateway.plugins._periods import PERIODS, Period, period
from gateway.plugins._redis_fields import classic_redis_fields, classic_shorthands, redis_store
from gateway.plugins._windows import number
from gateway.replies import message_of
from gateway.schema import AtLeastOneOf, Boolean, Conditional, Match, Number, Record, String
from gateway.values import Consult, Consulted, Consulting, Count, RedisStore, Reply

if TYPE_CHECKING:
    from gateway.exchange import Exchange

REALTIME = -1
_REDIS = Match(eq="redis")


def _in_order(config: Mapping[str, Any]) -> str | None:
    """A longer period may not allow less than a shorter one."""
    given = [(name, config[name]) for name in PERIODS if config.get(name)]
    for at, (shorter, less) in enumerate(given):
        for longer, more in given[at + 1 :]:
            if more < less:
                return f"The limit for {longer}({more:.1f}) cannot be lower than the limit for {shorter}({less:.1f})"
    if config.get("policy") != "redis" and config.get("sync_rate") not in (None, REALTIME):
        return "sync_rate can only be used with the redis policy"
    return None


class _Limit:
    """One configured period, with its header lines: they are the same for all requests but for a number."""

    __slots__ = ("left", "left_key", "limit", "name", "tightest", "told", "told_key")

    def __init__(self, name: str, limit: float) -> None:
        self.name = name
        self.limit = limit
        self.told_key = f"x-ratelimit-limit-{name}".encode()
        self.left_key = f"x-ratelimit-remaining-{name}".encode()
        self.told = b"X-RateLimit-Limit-%b: %b\r\n" % (name.capitalize().encode(), number(limit))
        self.left = b"X-RateLimit-Remaining-%b: %%b\r\n" % name.capitalize().encode()
        self.tightest = b"RateLimit-Limit: %b\r\n" % number(limit)


class RateLimiting(Plugin):
    name = "rate-limiting"
    priority = 910
    fields = Record(
        "Limits how many requests a caller may make.",
        required=True,
        fields={
            **{name: Number(f"Requests in each {name}.", gt=0) for name in PERIODS},
            "limit_by": String(
                "Whose requests are counted together; by address where a request has none of that.",
                default="consumer",
                one_of=("consumer", "credential", "ip", "service", "header", "path"),
            ),
            "header_name": String("The header to count by."),
            "path": String(
                "The path to count by.", starts_with="/", match_none=(("//", "must not have empty segments"),)
            ),
            "policy": String(
                "Where counts are kept: local (this node, exact across its workers) or redis (shared between nodes).",
                default="local",
                one_of=("local", "redis"),
                len_min=0,
            ),
            "fault_tolerant": Boolean(
                "Whether requests pass while Redis does not answer, counted by each node alone; else they get a 500.",
                default=True,
                required=True,
            ),
            "redis": classic_redis_fields(),
            "hide_client_headers": Boolean("Leave out the headers about limits.", default=False, required=True),
            "error_code": Number("Status of a refusal.", default=429, gt=0),
            "error_message": String("Text of a refusal.", default="API rate limit exceeded"),
            "sync_rate": Number(
                "Seconds between exchanges with Redis; -1 = with every request.", default=REALTIME, required=True
            ),
        },
        shorthands=classic_shorthands("rate-limiting"),
        check=_in_order,
    )
    checks = (
        AtLeastOneOf(*(f"config.{name}" for name in PERIODS)),
        Conditional("config.policy", _REDIS, "config.redis.host", Match(required=True)),
        Conditional("config.policy", _REDIS, "config.redis.port", Match(required=True)),
        Conditional("config.policy", _REDIS, "config.redis.timeout", Match(required=True)),
        Conditional("config.limit_by", Match(eq="header"), "config.header_name", Match(required=True)),
        Conditional("config.limit_by", Match(eq="path"), "config.path", Match(required=True)),
    )

    def __init__(self, config: Mapping[str, Any], setting: Setting) -> None:
        super().__init__(config, setting)
        self.limits = tuple(_Limit(name, config[name]) for name in PERIODS if config[name] is not None)
        self.identity = Identity(config["limit_by"] or "consumer", config["header_name"], config["path"])
        self.hides: bool = config["hide_client_headers"]
        self.tolerant: bool = config["fault_tolerant"]
        self.status = int(config["error_code"] or 429)
        self.message: str = config["error_message"] or "API rate limit exceeded"
        self.counters: Counters = setting.resources["counters"]
        self.space = setting.id.encode()
        self._second = -1
        self._periods: list[Period] = []  # of that second
        self.store: RedisStore | None = None
        if config["policy"] == "redis":
            self.store = redis_store(config["redis"], max(0.0, config["sync_rate"]))

    def access(self, exchange: Exchange) -> Reply | Consulting | None:
        now = exchange.runtime.wall()
        who = self.identity.of(exchange)
        periods = self._periods if int(now) == self._second else self._begin_second(now)
        key = self.space + b"\0" + who + b"\0" if self.store is None else shared_tag(self.space, who)
        counts = [
            Count(key + limit.name.encode(), one.number, 1.0, limit.limit, 0.0, float(one.end))
            for limit, one in zip(self.limits, periods, strict=True)
        ]
        if self.store is not None:
            return self._ask(exchange, Consult(self.store, counts, self.tolerant), periods, now)
        taken, found = self.counters.take_all(counts, now)
        return self._judge(exchange, taken, found, periods, now)

    def _begin_second(self, now: float) -> list[Period]:
        self._second = int(now)
        self._periods = [period(limit.name, now) for limit in self.limits]
        return self._periods

    def _ask(self, exchange: Exchange, consult: Consult, periods: list[Period], now: float) -> Consulting:
        answer: Consulted = yield consult
        if answer.error:
            return exchange.core_error(500, message_of(500))
        return self._judge(exchange, answer.taken, answer.found, periods, now)

    def _judge(
        self,
        exchange: Exchange,
        taken: bool,
        found: Sequence[tuple[float, float]],
        periods: list[Period],
        now: float,
    ) -> Reply | None:
        """Tells the client what is left and refuses where nothing was."""
        lines = {} if self.hides else exchange.response_changes
        least: tuple[float, int] | None = None
        tightest, reset = self.limits[0], 0
        for limit, one, (current, _) in zip(self.limits, periods, found, strict=True):
            left = limit.limit - current
            if taken or left <= 0:
                left = max(0.0, left - 1)
            lines[limit.told_key] = limit.told
            lines[limit.left_key] = limit.left % number(left)
            order = (left, one.start - one.end)  # of equals the longest period is told
            if least is None or order < least:
                least, tightest, reset = order, limit, one.rest(now)
        assert least is not None
        lines[b"ratelimit-limit"] = tightest.tightest
        lines[b"ratelimit-remaining"] = b"RateLimit-Remaining: %b\r\n" % number(least[0])
        lines[b"ratelimit-reset"] = b"RateLimit-Reset: %d\r\n" % reset
        if taken:
            return None
        lines[b"retry-after"] = b"Retry-After: %d\r\n" % reset
        return exchange.core_error(self.status, self.message)


PLUGIN = RateLimiting
