"""Series are found once and kept; they are made when there is something to count."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from support.exchange import Gateway, proxied

from gateway.metrics import Registry
from gateway.plugins._metric_series import ModelSeries, RouteSeries
from gateway.plugins.prometheus import Prometheus


def names(registry: Registry) -> set[str]:
    return {name.removeprefix("kong_ai_llm_") for name in registry.dump() if "ai_llm" in name}


@pytest.mark.parametrize(
    ("call", "made"),
    [
        ((None, 0, 0, 0, 0), set()),
        ((0.0, 0, 0, 0, 0), {"provider_latency_ms"}),
        ((None, 1, 0, 1, 0), {"tokens_total"}),
        ((None, 0, 0, 0, 0.5), {"cost_total"}),
    ],
)
def test_a_models_series_begin_with_the_first_of_them(call: tuple[Any, ...], made: set[str]) -> None:
    registry = Registry()
    series = ModelSeries(registry, "openai", "m")
    assert names(registry) == {"requests_total"}
    series.add(*call)
    assert names(registry) == {"requests_total"} | made


def series_and_exchange(*plugins: dict[str, Any]) -> tuple[RouteSeries, Any]:
    config = {"name": "prometheus", "config": {"status_code_metrics": True}}
    gateway = Gateway(proxied(config, *plugins), resources={"metrics": Registry()})
    exchange = gateway.ask("GET", "/").exchange
    assert exchange.match is not None and exchange.chain is not None
    plugin = next(plugin for plugin in exchange.chain.plugins if isinstance(plugin, Prometheus))
    return RouteSeries(plugin, exchange.match), exchange


def test_only_plugins_that_tell_of_ai_calls_are_asked() -> None:
    proxy = {
        "name": "ai-proxy",
        "config": {"route_type": "llm/v1/chat", "model": {"provider": "openai", "name": "m"}},
    }
    series, exchange = series_and_exchange(
        proxy, {"name": "correlation-id"}, {"name": "ai-prompt-guard", "config": {"deny_patterns": ["x"]}}
    )
    assert [plugin.name for plugin in series.speakers(exchange.chain)] == ["ai-proxy"]
    assert series.speakers(None) == ()
    assert series.speakers(exchange.chain) is series.speakers(exchange.chain)


def test_a_status_makes_a_series_once() -> None:
    series, exchange = series_and_exchange()
    registry = series._plugin.registry
    before = registry._size
    seen = SimpleNamespace(
        status=599, replied=True, upstream_status=0, consumer=None, sent_size=1, request=exchange.request
    )
    series.count(seen)  # type: ignore[arg-type]
    series.count(seen)  # type: ignore[arg-type]
    assert registry._size == before + 1
