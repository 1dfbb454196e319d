"""Which of several targets takes a request, and which one the next attempt: the `balancer` of ai-proxy-advanced. Not
for: which targets may take it (_model_choice), calling one (ai_proxy), how to choose (choosing.py).

Source: Kong's documentation of ai-proxy-advanced. Where it says nothing: a status in failover_criteria is reason
enough to ask another target, whatever the method, since a request that was refused did nothing; each target is asked
once; with all circuits open the targets are asked nevertheless.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gateway.choosing import Peer, Record, by_hash, fastest, in_turns, least_busy, least_used
from gateway.outbound import Target, Timeouts
from gateway.retries import UNCONNECTED
from gateway.values import Reply, UpstreamError

if TYPE_CHECKING:
    from gateway.exchange import Exchange
    from gateway.plugins._model_choice import Choice
    from gateway.plugins.ai_proxy import AiProxy

ALGORITHMS = (
    *("round-robin", "consistent-hashing", "least-connections", "lowest-latency", "lowest-usage", "priority"),
)
HASH_HEADER = "X-Kong-LLM-Request-ID"
_IDEMPOTENT = "non_idempotent"
_TIMEOUTS = ("timeout", "connect_timeout")
_STATUSES = (403, 404, 429, 500, 502, 503, 504)
CRITERIA = ("error", "timeout", "invalid_header", *(f"http_{status}" for status in _STATUSES), _IDEMPOTENT)
_NOTE = "ai_attempts"


class Member(Peer["AiProxy"]):
    """One target."""

    __slots__ = ("position", "proxy")

    def __init__(
        self, position: int, proxy: AiProxy, weight: int, name: str = "", record: Record | None = None
    ) -> None:
        super().__init__(name or str(position), weight, record or Record(), proxy)
        self.position = position  # in config.targets, from 0
        self.proxy = proxy


def _or(config: Mapping[str, Any], name: str, usual: Any) -> Any:
    """A value, or the usual one where there is none or null."""
    value = config.get(name)
    return usual if value is None else value


class Balancer:
    """`config`: the plugin's `balancer`, {} where there is none."""

    def __init__(self, config: Mapping[str, Any], members: Sequence[Member]) -> None:
        self.members = tuple(members)
        self.algorithm: str = config.get("algorithm") or "round-robin"
        self.retries: int = _or(config, "retries", 5)
        criteria = config.get("failover_criteria")
        self.criteria = frozenset(("error", "timeout") if criteria is None else criteria)
        self.statuses = frozenset(status for status in _STATUSES if f"http_{status}" in self.criteria)
        self.max_fails: int = config.get("max_fails") or 0
        self.fail_seconds: float = _or(config, "fail_timeout", 10000) / 1000
        self.hash_header = (config.get("hash_on_header") or HASH_HEADER).lower().encode("latin-1", "replace")
        self.per_token = _or(config, "latency_strategy", "tpot") == "tpot"
        self.counted: str = _or(config, "tokens_count_strategy", "total-tokens")
        self.timeouts: Timeouts | None = None  # None: the service's
        if config:
            connect, write, read = (
                _or(config, f"{name}_timeout", 60000) / 1000 for name in ("connect", "write", "read")
            )
            self.timeouts = (connect, write, read)

    def choose(self, candidates: Sequence[Member], exchange: Exchange) -> Member:
        """One of `candidates`, of which there is at least one."""
        if len(candidates) == 1:
            return candidates[0]
        peers = candidates
        if self.max_fails:
            now = exchange.runtime.now()
            peers = [member for member in candidates if member.record.open_until <= now] or candidates
        if self.algorithm == "priority":
            highest = max(member.weight for member in peers)
            peers = [member for member in peers if member.weight == highest]
        return self._choose(peers, exchange)  # type: ignore[return-value]  # the peers are members

    def _choose(self, peers: Sequence[Peer[AiProxy]], exchange: Exchange) -> Peer[AiProxy]:
        if self.algorithm == "consistent-hashing":
            return by_hash(peers, exchange.request.fields.get(self.hash_header) or exchange.id)
        if self.algorithm == "least-connections":
            return least_busy(peers)
        if self.algorithm == "lowest-latency":
            return fastest(peers, exchange.runtime.now())
        if self.algorithm == "lowest-usage":
            return least_used(peers)
        return in_turns(peers)

    def fails_over(self, error: UpstreamError) -> bool:
        """Whether another target is asked after `error`."""
        if error.kind in ("status", "protocol"):
            wanted = error.kind == "status" or "invalid_header" in self.criteria
        else:
            wanted = ("timeout" if error.kind in _TIMEOUTS else "error") in self.criteria
        harmless = error.kind == "status" or error.kind in UNCONNECTED or not error.sent
        return wanted and (harmless or _IDEMPOTENT in self.criteria)

    def failed(self, record: Record, now: float) -> None:
        """The circuit breaker: so many failures in a row, and a target rests for a while."""
        record.failures += 1
        if self.max_fails and record.failures >= self.max_fails:
            record.open_until = now + self.fail_seconds
            record.failures = 0


class ModelAttempts:
    """The attempts of one request at the targets that it means."""

    __slots__ = ("_balancer", "_before", "_left", "_model", "_since", "_untried", "member", "name", "tried")

    def __init__(self, name: str, balancer: Balancer, choice: Choice, exchange: Exchange) -> None:
        self.name = name
        self._balancer = balancer
        self._model = choice.model
        self._untried = list(choice.members)
        self._left = balancer.retries
        self._since = 0.0
        self._before = (exchange.body, exchange.changed, dict(exchange.response_changes))
        self.member: Member | None = None
        self.tried: list[dict[str, Any]] = []
        exchange.notes[_NOTE] = self

    def start(self, exchange: Exchange) -> Reply | None:
        """Aims the exchange at the next target, or refuses the request as that target does."""
        member = self._balancer.choose(self._untried, exchange)
        self._untried.remove(member)
        self.member = exchange.notes[self.name] = member
        refusal = member.proxy.access(exchange, self._model)
        if refusal is not None:
            self.member = None
            return refusal
        member.record.in_flight += 1
        self._since = exchange.runtime.now()
        target = exchange.target
        if target is not None and self._balancer.timeouts is not None:
            target.timeouts = self._balancer.timeouts
        return None

    def next(self, exchange: Exchange, error: UpstreamError) -> Target | None:
        member = self.member
        if member is None:
            return None
        self._note(exchange, error.kind if error.kind != "status" else exchange.status)
        if error.kind != "status":  # which heard() counted
            self._balancer.failed(member.record, exchange.runtime.now())
        self._leave()
        if not self._more() or not self._balancer.fails_over(error):
            return None
        self._left -= 1
        before = exchange.conversation, exchange.target
        body, exchange.changed, changes = self._before
        exchange.body, exchange.response_changes = body, dict(changes)
        if self.start(exchange) is not None:
            exchange.conversation, exchange.target = before
            return None
        return exchange.target

    def heard(self, exchange: Exchange, status: int) -> bool:
        member = self.member
        if member is None:
            return False
        if status not in self._balancer.statuses:
            if status < 500:
                member.record.failures = 0
            elif not self._balancer.statuses:
                self._balancer.failed(member.record, exchange.runtime.now())
            return False
        self._balancer.failed(member.record, exchange.runtime.now())
        return self._more()

    def done(self, exchange: Exchange) -> None:
        member = self.member
        if member is None:
            return
        conversation: Any = exchange.conversation
        if conversation is not None and conversation.usage is not None and not conversation.failed:
            now = exchange.runtime.now()
            seconds = (conversation.finished_at or now) - self._since
            usage = conversation.usage
            if self._balancer.per_token:
                seconds /= max(1, usage.completion_tokens)
            member.record.measure(max(0.0, seconds), now)
            member.record.used += self._use(conversation)
        if self.tried:
            self._note(exchange, exchange.upstream_status)
        self._leave()

    def _use(self, conversation: Any) -> float:
        counted, usage = self._balancer.counted, conversation.usage
        if counted == "cost":
            return float(conversation.cost())
        if counted == "prompt-tokens":
            return float(usage.prompt_tokens)
        return float(usage.completion_tokens if counted == "completion-tokens" else usage.total_tokens)

    def _more(self) -> bool:
        return self._left > 0 and bool(self._untried)

    def _note(self, exchange: Exchange, outcome: int | str) -> None:
        """For the log: whom it was tried at, and what came of it."""
        member, target = self.member, exchange.target
        assert member is not None and target is not None
        model = exchange.conversation.call.model if exchange.conversation is not None else None  # type: ignore[attr-defined]
        told = {"provider": member.proxy.provider.name, "model": model, "route_type": member.proxy.route_type}
        told |= {"upstream_scheme": target.origin.scheme, "upstream_host": target.origin.host}
        told |= {"port": target.origin.port}
        told |= {"status_code": outcome} if isinstance(outcome, int) else {"error": outcome}
        self.tried.append(told)

    def _leave(self) -> None:
        member, self.member = self.member, None
        if member is not None:
            member.record.in_flight -= 1


def tried_targets(exchange: Exchange) -> list[dict[str, Any]]:
    """The attempts of a request that took more than one."""
    attempts: ModelAttempts | None = exchange.notes.get(_NOTE)
    return attempts.tried if attempts is not None else []
