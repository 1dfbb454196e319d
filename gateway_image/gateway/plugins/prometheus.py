"""prometheus: counts requests, bytes, latencies, tokens and cost under Kong's metric names; GET /metrics of the Admin
and the status listener shows them.

Source: Kong's documentation and the observable /metrics of Kong 3.9.1. Deviations on purpose: streams and tokens are
counted as the provider reports them, latencies are not cut to whole milliseconds, and of the models that clients choose
only the first ones get a series of their own, the rest share ai_model="other".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from gateway.metrics import Registry
from gateway.plugins._ai_log import UNSPECIFIED
from gateway.plugins._base import Plugin, Setting
from gateway.plugins._metric_series import ModelSeries, RouteSeries
from gateway.plugins._repeat import Repeat
from gateway.schema import Boolean, Record

if TYPE_CHECKING:
    from gateway.exchange import Exchange
    from gateway.express import Express
    from gateway.router import RouteMatch


class Prometheus(Plugin):
    name = "prometheus"
    priority = 13
    protocols = ("grpc", "grpcs", "http", "https", "tcp", "tls", "tls_passthrough", "udp")
    fields = Record(
        "Counts requests for GET /metrics.",
        required=True,
        fields={
            "per_consumer": Boolean("Whether requests and bytes are counted for each consumer.", default=False),
            "status_code_metrics": Boolean("Whether requests are counted by status code.", default=False),
            "ai_metrics": Boolean(
                "Whether AI requests, tokens, cost and provider latency are counted, for AI plugins whose "
                "logging.log_statistics is on. Of the models that clients choose 100 get series of their own, the "
                'others share ai_model="other".',
                default=False,
            ),
            "latency_metrics": Boolean("Whether latencies are counted.", default=False),
            "bandwidth_metrics": Boolean("Whether bytes are counted.", default=False),
            "upstream_health_metrics": Boolean(
                "Whether the health of upstream targets is told.",
                default=False,
            ),
        },
    )

    def __init__(self, config: Mapping[str, Any], setting: Setting) -> None:
        super().__init__(config, setting)
        self.registry: Registry = setting.resources.get("metrics") or Registry()
        self.per_consumer: bool = config["per_consumer"]
        self.codes: bool = config["status_code_metrics"]
        self.ai: bool = config["ai_metrics"]
        self.latency: bool = config["latency_metrics"]
        self.bandwidth: bool = config["bandwidth_metrics"]
        if not (self.codes or self.ai or self.latency or self.bandwidth):
            self.idle = ("log",)
        self._routes: dict[str, RouteSeries] = {}
        self._models: dict[tuple[str, str], ModelSeries] = {}
        self._last_call: Any = None  # most routes make the same call again and again
        self._last_series = cast(ModelSeries, None)

    def log(self, exchange: Exchange) -> None:
        match = exchange.match
        if match is None:
            return  # like Kong: what no route took belongs to nobody
        series = self._of_route(match)
        if self.codes or self.bandwidth:
            series.count(exchange)
        if self.latency:
            series.observe(exchange)
        if self.ai:
            for plugin in series.speakers(exchange.chain):
                self._count_ai(exchange, plugin)

    def _of_route(self, match: RouteMatch) -> RouteSeries:
        route = match.route
        series = self._routes.get(route["id"])
        if series is None or series.route is not route or series.service is not match.service:
            series = self._routes[route["id"]] = RouteSeries(self, match)
        return series

    def _count_ai(self, exchange: Exchange, plugin: Plugin) -> None:
        conversation: Any = exchange.conversation
        # ai-proxy-advanced has an ai-proxy for each target, made of its own row
        if conversation is None or conversation.plugin.setting is not plugin.setting:
            self._count_told(plugin.logged(exchange).get("ai", {}))
            return
        call = conversation.call
        if call is not self._last_call:
            speaker = conversation.plugin
            if not speaker.logs["log_statistics"]:
                return
            self._last_series = self._of_model(conversation.provider_name, call.model, call.model == speaker.model)
            self._last_call = call
        finished = conversation.finished_at or exchange.first_byte_at
        latency = (finished - exchange.forwarded_at) * 1000 if finished and exchange.forwarded_at else None
        usage = conversation.usage
        if usage is None:
            self._last_series.add(latency, 0, 0, 0, 0)
        else:
            self._last_series.add(
                latency, usage.prompt_tokens, usage.completion_tokens, usage.total_tokens, conversation.cost()
            )

    def _count_told(self, told: Mapping[str, Any]) -> None:
        """Of what an AI plugin tells the log plugins: for those that hold no conversation with the client's request,
        and for requests that were refused before a model was chosen."""
        for members in told.values():
            if "meta" not in members or "usage" not in members:
                continue
            meta, usage = members["meta"], members["usage"]
            provider, model = meta["provider_name"], meta["request_model"]
            series = self._of_model(provider, model, model == UNSPECIFIED)
            series.add(
                None if provider == UNSPECIFIED else meta["llm_latency"],
                usage["prompt_tokens"],
                usage["completion_tokens"],
                usage["total_tokens"],
                usage["cost"],
            )

    def _of_model(self, provider: str, model: str, configured: bool) -> ModelSeries:
        series = self._models.get((provider, model))
        if series is not None:
            return series
        label = model if configured else self.registry.chosen("ai_model", model)
        series = self._models.get((provider, label))
        if series is None:
            series = self._models[provider, label] = ModelSeries(self.registry, provider, label)
        return series

    def repeat(self, exchange: Exchange) -> Repeat | None:
        conversation: Any = exchange.conversation
        assert exchange.match is not None
        series = self._of_route(exchange.match)
        model: ModelSeries | None = None
        if self.ai:
            speaker = conversation.plugin
            if [plugin.setting for plugin in series.speakers(exchange.chain)] != [speaker.setting]:
                return None
            if speaker.logs["log_statistics"]:
                name = conversation.call.model
                model = self._of_model(conversation.provider_name, name, name == speaker.model)
        return _Repeat(self, series, exchange, model)


class _Repeat(Repeat):
    """The series are known; what is added to them is not."""

    name = Prometheus.name

    def __init__(self, plugin: Prometheus, series: RouteSeries, exchange: Exchange, model: ModelSeries | None) -> None:
        self._latency = plugin.latency
        self._series = series
        self._model = model
        self._counts = plugin.codes or plugin.bandwidth
        self._requests, self._ingress, self._egress = series.outcome(exchange)
        self._finished: list[Express] = []

    def over(self, express: Express) -> None:
        if not self._finished:
            express.lane.recorder.later(self)
        self._finished.append(express)

    def digest(self) -> None:
        """Counts what has come together, which costs a third of counting one by one."""
        finished, self._finished = self._finished, []
        if self._counts:
            self._requests.value += len(finished)
            self._ingress.value += sum([each.size for each in finished])
            self._egress.value += sum([each.sent_size for each in finished])
        waited = [(each.first_byte_at - each.started_at) * 1000 for each in finished]
        if self._latency:
            self._series.observe_all(waited)
        if self._model is not None:
            usages = [each.usage for each in finished]
            self._model.add_all(
                len(finished),
                waited,
                sum([usage.prompt_tokens for usage in usages]),
                sum([usage.completion_tokens for usage in usages]),
                sum([usage.total_tokens for usage in usages]),
                sum([each.cost for each in finished]),
            )


PLUGIN = Prometheus
