"""The series that a request is counted in, found once and then only added to. Not for: which plugin counts what
(prometheus.py), names and labels (_metric_families.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gateway.metrics import Counter, Definition, Histogram, Registry
from gateway.plugins._base import Plugin
from gateway.plugins._metric_families import (
    AI_COST,
    AI_LATENCY,
    AI_REQUESTS,
    AI_TOKENS,
    BANDWIDTH,
    KONG_LATENCY,
    NO_CACHE,
    REQUEST_LATENCY,
    REQUESTS,
    UPSTREAM_LATENCY,
    WORKSPACE,
)

if TYPE_CHECKING:
    from gateway.exchange import Exchange
    from gateway.plugins.prometheus import Prometheus
    from gateway.router import RouteMatch
    from gateway.snapshot import Chain


class RouteSeries:
    """The series of one route, found once."""

    __slots__ = (
        "_chain",
        "_kong",
        "_outcomes",
        "_plugin",
        "_request",
        "_speakers",
        "_upstream",
        "labels",
        "route",
        "service",
    )

    def __init__(self, plugin: Prometheus, match: RouteMatch) -> None:
        self.route = route = match.route
        self.service = service = match.service
        self._plugin = plugin
        name = (service["name"] or service["host"]) if service is not None else ""
        self.labels = (name, route["name"] or route["id"])
        self._outcomes: dict[tuple[int, bool, str], tuple[Counter, Counter, Counter]] = {}
        self._upstream: Histogram | None = None  # there is none before a request went up
        if plugin.latency:
            self._kong = self._histogram(KONG_LATENCY)
            self._request = self._histogram(REQUEST_LATENCY)
        self._chain: Chain | None = None
        self._speakers: tuple[Plugin, ...] = ()

    def count(self, exchange: Exchange) -> None:
        requests, ingress, egress = self.outcome(exchange)
        requests.value += 1
        ingress.value += exchange.request.size
        egress.value += exchange.sent_size

    def outcome(self, exchange: Exchange) -> tuple[Counter, Counter, Counter]:
        """Requests, bytes that came and bytes that went, of those that ended like this one."""
        consumer = ""
        if exchange.consumer is not None and self._plugin.per_consumer:
            who = exchange.consumer
            consumer = who["username"] or who["custom_id"] or who["id"]
        key = (exchange.status, exchange.replied or not exchange.upstream_status, consumer)
        found = self._outcomes.get(key)
        if found is None:
            found = self._outcomes[key] = self._outcome(*key)
        return found

    def _outcome(self, status: int, own: bool, consumer: str) -> tuple[Counter, Counter, Counter]:
        plugin = self._plugin
        registry = plugin.registry
        ingress, egress, requests = Counter(), Counter(), Counter()  # where not asked for, nobody looks at them
        if plugin.bandwidth:
            ingress = registry.counter(BANDWIDTH, (*self.labels, "ingress", WORKSPACE, consumer))
            egress = registry.counter(BANDWIDTH, (*self.labels, "egress", WORKSPACE, consumer))
        if plugin.codes:
            source = "kong" if own else "service"
            requests = registry.counter(REQUESTS, (*self.labels, str(status), source, WORKSPACE, consumer))
        return requests, ingress, egress

    def observe(self, exchange: Exchange) -> None:
        now = exchange.runtime.now()
        started, forwarded = exchange.started_at, exchange.forwarded_at
        self._request.observe((now - started) * 1000)
        if not forwarded:
            self._kong.observe((now - started) * 1000)
            return
        upstream = (exchange.first_byte_at or now) - forwarded
        self._went_up(((forwarded - started) * 1000,), (upstream * 1000,))

    def observe_all(self, waited: Sequence[float]) -> None:
        """Requests that went up as soon as they came and ended with their answers; milliseconds of waiting for them."""
        self._request.observe_all(waited)
        self._went_up([0.0] * len(waited), waited)

    def _went_up(self, kong: Sequence[float], upstream: Sequence[float]) -> None:
        self._kong.observe_all(kong)
        if self._upstream is None:
            self._upstream = self._histogram(UPSTREAM_LATENCY)
        self._upstream.observe_all(upstream)

    def _histogram(self, definition: Definition) -> Histogram:
        return self._plugin.registry.histogram(definition, (*self.labels, WORKSPACE))

    def speakers(self, chain: Chain | None) -> tuple[Plugin, ...]:
        """The plugins of the chain that tell of AI calls."""
        if chain is not self._chain:
            self._chain = chain
            self._speakers = tuple(
                plugin
                for plugin in (chain.plugins if chain is not None else ())
                if plugin.name.startswith("ai-") and type(plugin).logged is not Plugin.logged
            )
        return self._speakers


class ModelSeries:
    """The series of one model. Like Kong's, those of latency, tokens and cost begin with the first of them."""

    __slots__ = ("_completion", "_cost", "_labels", "_latency", "_prompt", "_registry", "_requests", "_total")

    def __init__(self, registry: Registry, provider: str, model: str) -> None:
        self._registry = registry
        self._labels = (provider, model, *NO_CACHE)
        self._requests = registry.counter(AI_REQUESTS, (*self._labels, WORKSPACE))
        self._latency: Histogram | None = None
        self._prompt: Counter | None = None
        self._completion: Counter | None = None
        self._total: Counter | None = None
        self._cost: Counter | None = None

    def add(self, latency: float | None, prompt: int, completion: int, total: int, cost: float) -> None:
        """One call: milliseconds or None when nobody was asked, tokens, USD."""
        self.add_all(1, () if latency is None else (latency,), prompt, completion, total, cost)

    def add_all(
        self, calls: int, latencies: Sequence[float], prompt: int, completion: int, total: int, cost: float
    ) -> None:
        """The same for several; tokens and USD of all together."""
        self._requests.value += calls
        if latencies:
            if self._latency is None:
                self._latency = self._registry.histogram(AI_LATENCY, (*self._labels, WORKSPACE))
            self._latency.observe_all(latencies)
        if prompt:
            if self._prompt is None:
                self._prompt = self._tokens("prompt_tokens")
            self._prompt.value += prompt
        if completion:
            if self._completion is None:
                self._completion = self._tokens("completion_tokens")
            self._completion.value += completion
        if total:
            if self._total is None:
                self._total = self._tokens("total_tokens")
            self._total.value += total
        if cost:
            if self._cost is None:
                self._cost = self._registry.counter(AI_COST, (*self._labels, WORKSPACE))
            self._cost.value += cost

    def _tokens(self, kind: str) -> Counter:
        return self._registry.counter(AI_TOKENS, (*self._labels, kind, WORKSPACE))
