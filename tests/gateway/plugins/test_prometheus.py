"""What is counted when, and what it is called."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.exchange import Answer, Gateway, Sent, TestRuntime, proxied

from gateway.metrics import MOST_CHOSEN, Registry, render
from gateway.values import UpstreamError

ALL = ("status_code_metrics", "ai_metrics", "latency_metrics", "bandwidth_metrics")
CHAT = {"messages": [{"role": "user", "content": "hi"}]}
USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 12}  # the provider's own idea of a total
CHOICES = [{"index": 0, "message": {"role": "assistant", "content": "ho"}, "finish_reason": "stop"}]
ANSWER = Answer(200, {"Content-Type": "application/json"}, json.dumps({"choices": CHOICES, "usage": USAGE}).encode())


def prometheus(*on: str) -> dict[str, Any]:
    return {"name": "prometheus", "config": dict.fromkeys(on, True)}


def ai_proxy(model: str | None = "m", **logging: bool) -> dict[str, Any]:
    options = {"upstream_url": "http://llm.test/v1", "input_cost": 10, "output_cost": 20}
    return {
        "name": "ai-proxy",
        "config": {
            "route_type": "llm/v1/chat",
            "logging": {"log_statistics": True, **logging},
            "model": {"provider": "openai", "name": model, "options": options},
        },
    }


def made(config: dict[str, Any], runtime: Any = None) -> Gateway:
    return Gateway(config, resources={"metrics": Registry()}, runtime=runtime)


def lines(gateway: Gateway, word: str = "") -> list[str]:
    """The series, without the labels that are the same everywhere."""
    text = render(gateway.resources["metrics"].dump()).decode()
    for label in ("cache_status", "vector_db", "embeddings_provider", "embeddings_model"):
        text = text.replace(f',{label}=""', "")
    text = text.replace(',workspace="default"', "")
    return [line.removeprefix("kong_") for line in text.splitlines() if word in line and line[0] != "#"]


@pytest.mark.parametrize("family", ALL)
def test_each_family_is_asked_for_by_its_own_field(family: str) -> None:
    gateway = made(proxied(prometheus(family), ai_proxy()))
    gateway.ask("POST", "/", (), CHAT, answer=ANSWER)
    text = "\n".join(lines(gateway))
    shown = {
        "status_code_metrics": "http_requests_total{" in text,
        "ai_metrics": "ai_llm_" in text,
        "latency_metrics": "latency_ms_count{service" in text,
        "bandwidth_metrics": "bandwidth_bytes{" in text,
    }
    assert shown == {name: name == family for name in ALL}


def test_without_any_of_them_nothing_is_done() -> None:
    gateway = made(proxied(prometheus("per_consumer", "upstream_health_metrics")))
    told = gateway.ask("GET", "/")
    assert told.exchange.chain is not None
    assert told.exchange.chain.log == ()
    assert lines(gateway) == ["nginx_metric_errors_total 0"]


def test_requests_are_counted_by_route_status_and_source() -> None:
    service = {"name": "s", "url": "http://s.test", "routes": [{"name": "r", "paths": ["/r"]}, {"paths": ["/n"]}]}
    nameless = {"url": "http://nameless.test", "name": None, "routes": [{"name": "q", "paths": ["/q"]}]}
    gateway = made(
        {
            "services": [service, nameless],
            "routes": [{"name": "alone", "paths": ["/alone"]}],
            "plugins": [prometheus("status_code_metrics")],
        }
    )
    for target in ("/r", "/r", "/q", "/alone", "/zzz"):
        gateway.ask("GET", target, answer=Answer(200))
    gateway.ask("GET", "/r", answer=Answer(503))
    gateway.ask("GET", "/r", answer=Answer(error=UpstreamError("refused", "s.test:80: refused", False)))
    gateway.ask("GET", "/n")
    route_id = next(
        row["id"] for row in gateway.snapshot.config.collections["routes"].values() if row["paths"] == ["/n"]
    )
    assert sorted(lines(gateway, "http_requests")) == sorted(
        [
            'http_requests_total{service="",route="alone",code="503",source="kong",consumer=""} 1',
            'http_requests_total{service="nameless.test",route="q",code="200",source="service",consumer=""} 1',
            'http_requests_total{service="s",route="r",code="200",source="service",consumer=""} 2',
            'http_requests_total{service="s",route="r",code="502",source="kong",consumer=""} 1',
            'http_requests_total{service="s",route="r",code="503",source="service",consumer=""} 1',
            f'http_requests_total{{service="s",route="{route_id}",code="200",source="service",consumer=""}} 1',
        ]
    )


@pytest.mark.parametrize("per_consumer", [True, False])
def test_consumers_are_told_apart_where_that_is_asked(per_consumer: bool) -> None:
    consumers = [
        {"username": "alice", "custom_id": "al-1", "keyauth_credentials": [{"key": "a"}]},
        {"custom_id": "b-2", "keyauth_credentials": [{"key": "b"}]},
    ]
    on = ("status_code_metrics", "bandwidth_metrics", *(["per_consumer"] if per_consumer else []))
    gateway = made(proxied(prometheus(*on), {"name": "key-auth"}, consumers=consumers))
    for key in ("a", "a", "b"):
        gateway.ask("GET", "/", {"apikey": key})
    gateway.ask("GET", "/")
    found = {line.partition('consumer="')[2] for line in lines(gateway, "http_requests") if 'code="200"' in line}
    assert found == ({'alice"} 2', 'b-2"} 1'} if per_consumer else {'"} 3'})
    assert len(lines(gateway, "bandwidth")) == (6 if per_consumer else 2)


def test_bytes_of_requests_and_answers() -> None:
    gateway = made(proxied(prometheus("bandwidth_metrics")))
    told = gateway.ask("POST", "/a?b=c", {"X-A": "b"}, b"12345", answer=Answer(200, (), b"123"))
    assert told.exchange.request.size == len(
        b"POST /a?b=c HTTP/1.1\r\nHost: gateway.test\r\nX-A: b\r\nContent-Length: 5\r\n\r\n12345"
    )
    gateway.ask("POST", "/a?b=c", {"X-A": "b"}, b"12345", answer=Answer(200, (), b"123"))
    size = told.exchange.request.size * 2
    assert lines(gateway) == [
        f'bandwidth_bytes{{service="plain",route="all",direction="{direction}",consumer=""}} {count}'
        for direction, count in (("egress", 6), ("ingress", size))
    ] + ["nginx_metric_errors_total 0"]


def test_latencies() -> None:
    runtime = TestRuntime()

    def slow(sent: Sent) -> Answer:
        runtime.pass_time(0.0600005)
        return Answer(200)

    gateway = made(proxied(prometheus("latency_metrics")), runtime)
    gateway.ask("GET", "/", answer=slow)
    sums = {line.partition("{")[0]: float(line.split()[-1]) for line in lines(gateway, "_sum")}
    assert sums == pytest.approx(
        {"kong_latency_ms_sum": 0, "upstream_latency_ms_sum": 60, "request_latency_ms_sum": 60}, abs=0.01
    )
    assert [line.split()[-1] for line in lines(gateway, "upstream_latency_ms_bucket")][:4] == ["0", "0", "1", "1"]


def test_an_answer_of_the_gateway_has_no_upstream_latency() -> None:
    gateway = made(proxied(prometheus("latency_metrics"), {"name": "request-termination"}))
    gateway.ask("GET", "/")
    assert [line.split()[-1] for line in lines(gateway, "_count")] == ["1", "1"]
    assert not lines(gateway, "upstream_latency")


def test_tokens_and_cost() -> None:
    gateway = made(proxied(prometheus("ai_metrics"), ai_proxy()))
    for _ in range(2):
        gateway.ask("POST", "/", (), CHAT, answer=ANSWER)
    labels = 'ai_provider="openai",ai_model="m"'
    assert [line for line in lines(gateway, "ai_llm") if "latency" not in line] == [
        f"ai_llm_cost_total{{{labels}}} 0.00026",
        f"ai_llm_requests_total{{{labels}}} 2",
        f'ai_llm_tokens_total{{{labels},token_type="completion_tokens"}} 6',
        f'ai_llm_tokens_total{{{labels},token_type="prompt_tokens"}} 14',
        f'ai_llm_tokens_total{{{labels},token_type="total_tokens"}} 24',
    ]
    assert lines(gateway, "provider_latency_ms_count")[0].endswith(" 2")


def test_statistics_that_are_off_are_not_counted() -> None:
    gateway = made(proxied(prometheus("ai_metrics"), ai_proxy(log_statistics=False)))
    gateway.ask("POST", "/", (), CHAT, answer=ANSWER)
    gateway.ask("POST", "/", (), {})
    assert not lines(gateway, "ai_llm")


def test_a_call_that_was_refused_before_a_model_was_known() -> None:
    gateway = made(proxied(prometheus("ai_metrics"), ai_proxy()))
    gateway.ask("POST", "/", (), {})
    assert lines(gateway, "ai_llm") == ['ai_llm_requests_total{ai_provider="UNSPECIFIED",ai_model="UNSPECIFIED"} 1']


def test_an_upstream_that_does_not_answer_is_a_call_without_tokens_and_latency() -> None:
    gateway = made(proxied(prometheus("ai_metrics"), ai_proxy()))
    gateway.ask("POST", "/", (), CHAT, answer=Answer(error=UpstreamError("refused", "llm.test:80: refused", False)))
    assert lines(gateway, "ai_llm") == ['ai_llm_requests_total{ai_provider="openai",ai_model="m"} 1']


def test_models_that_clients_choose_are_bounded() -> None:
    gateway = made(proxied(prometheus("ai_metrics"), ai_proxy(model=None)))
    for number in range(MOST_CHOSEN + 5):
        gateway.ask("POST", "/", (), {**CHAT, "model": f"m{number}"}, answer=ANSWER)
    requests = lines(gateway, "ai_llm_requests_total")
    assert len(requests) == MOST_CHOSEN + 1
    assert next(line for line in requests if 'ai_model="other"' in line).endswith(" 5")


def test_a_model_that_is_configured_is_always_told_apart() -> None:
    registry = Registry(most_chosen=0)
    gateway = Gateway(proxied(prometheus("ai_metrics"), ai_proxy("mine")), resources={"metrics": registry})
    gateway.ask("POST", "/", (), CHAT, answer=ANSWER)
    assert 'ai_model="mine"' in lines(gateway, "ai_llm_requests_total")[0]


def test_counts_go_on_after_a_change_and_follow_a_new_name() -> None:
    gateway = made(proxied(prometheus("status_code_metrics")))
    gateway.ask("GET", "/")
    gateway.change(proxied(prometheus("status_code_metrics"), {"name": "cors"}))
    gateway.ask("GET", "/")
    changed = proxied(prometheus("status_code_metrics"))
    changed["services"][0]["routes"][0] = {
        **changed["services"][0]["routes"][0],
        "name": "renamed",
        "id": next(iter(gateway.snapshot.config.collections["routes"])),
    }
    gateway.change(changed)
    gateway.ask("GET", "/")
    assert [line.split('route="')[1] for line in lines(gateway, "http_requests")] == [
        'all",code="200",source="service",consumer=""} 2',
        'renamed",code="200",source="service",consumer=""} 1',
    ]


def test_two_instances_count_into_the_same_series() -> None:
    service = {"name": "s", "url": "http://s.test"}
    routes = [
        {"name": name, "paths": [f"/{name}"], "plugins": [prometheus("ai_metrics"), ai_proxy()]} for name in ("a", "b")
    ]
    gateway = made({"services": [{**service, "routes": routes}]})
    for name in ("a", "b"):
        gateway.ask("POST", f"/{name}", (), CHAT, answer=ANSWER)
    assert lines(gateway, "ai_llm_requests_total")[0].endswith(" 2")


def test_it_runs_where_there_is_no_registry() -> None:
    assert Gateway(proxied(prometheus(*ALL))).ask("GET", "/").status == 200


def test_targets_of_ai_proxy_advanced_are_told_apart() -> None:
    def target(model: str, statistics: bool) -> dict[str, Any]:
        return ai_proxy(model, log_statistics=statistics)["config"]

    plugin = {
        "name": "ai-proxy-advanced",
        "config": {"targets": [target("a", True), target("b", True), target("silent", False)]},
    }
    gateway = made(proxied(prometheus("ai_metrics"), plugin))
    for model in ("a", "b", "b", "silent"):
        gateway.ask("POST", "/", (), {**CHAT, "model": model}, answer=ANSWER)
    gateway.ask("POST", "/", (), {**CHAT, "model": "unknown"})
    counted = {
        line.split('ai_model="')[1].partition('"')[0]: line.split()[-1] for line in lines(gateway, "llm_requests_total")
    }
    assert counted == {"a": "1", "b": "2", "UNSPECIFIED": "1"}
    totals = [line.split()[-1] for line in lines(gateway, "tokens_total") if "total_tokens" in line]
    assert totals == ["12", "24"]


def test_calls_of_the_transformers_are_counted_too() -> None:
    llm = ai_proxy("rewriter")["config"]
    plugin = {"name": "ai-request-transformer", "config": {"prompt": "Rewrite.", "llm": llm}}
    gateway = made(proxied(prometheus("ai_metrics"), plugin))
    told = gateway.ask("POST", "/", (), {"a": 1}, fetched=lambda sent: ANSWER)
    assert told.status == 200
    assert 'ai_llm_requests_total{ai_provider="openai",ai_model="rewriter"} 1' in lines(gateway, "ai_llm")
    assert lines(gateway, "provider_latency_ms_count")[0].endswith(" 1")
    assert len(lines(gateway, "tokens_total")) == 3
