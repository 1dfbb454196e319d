"""ai-proxy-advanced when targets fail: whom it asks next, what the client gets, what rests."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from support.exchange import Answer, Gateway, Sent, Told

from gateway.values import UpstreamError

HI = {"messages": [{"role": "user", "content": "Hi"}]}
REFUSED = UpstreamError("refused", "nobody listens", False)
SILENT = UpstreamError("timeout", "silent for 60 s", True)


def chat(words: str = "Yes.", tokens: int = 2) -> Answer:
    usage = {"prompt_tokens": 3, "completion_tokens": tokens, "total_tokens": 3 + tokens}
    choice = {"message": {"role": "assistant", "content": words}, "finish_reason": "stop"}
    body = {"id": "c", "model": "m", "choices": [choice], "usage": usage}
    return Answer(200, {"Content-Type": "application/json"}, json.dumps(body).encode())


def message(words: str) -> Answer:
    body = {"content": [{"type": "text", "text": words}], "usage": {"input_tokens": 4, "output_tokens": 1}}
    return Answer(200, {"Content-Type": "application/json"}, json.dumps(body).encode())


def status(code: int) -> Answer:
    return Answer(code, {"Content-Type": "application/json"}, b'{"error":{"message":"no"}}')


def target(name: str, provider: str = "openai", weight: int = 100, **options: Any) -> dict[str, Any]:
    url = f"http://{name}.test/v1/chat/completions"
    model = {"provider": provider, "name": name, "options": {"upstream_url": url, **options}}
    logging = {"log_statistics": True}
    return {"route_type": "llm/v1/chat", "model": model, "weight": weight, "logging": logging}


def made(*targets: dict[str, Any], **balancer: Any) -> dict[str, Any]:
    plugin = {"name": "ai-proxy-advanced", "config": {"targets": list(targets), "balancer": balancer}}
    log = {"name": "file-log", "config": {"path": "/tmp/log"}}
    route = {"name": "r", "paths": ["/"], "plugins": [plugin, log]}
    return {"services": [{"name": "s", "url": "http://unused.test", "routes": [route]}]}


def ask(gateway: Gateway, upstream: Callable[[Sent], Answer], headers: Any = (), **more: Any) -> Told:
    return gateway.ask("POST", "/", headers, {**HI, **more}, answer=upstream)


def by_name(**answers: Answer) -> Callable[[Sent], Answer]:
    return lambda sent: answers[sent.origin.host.removesuffix(".test")]


def hosts(told: Told) -> list[str]:
    return [sent.origin.host.removesuffix(".test") for sent in told.attempts]


def test_a_refused_connection_goes_to_the_next_target_whatever_it_speaks() -> None:
    gateway = Gateway(made(target("a"), target("b", "anthropic", anthropic_version="2023-06-01")))
    for _ in range(2):
        told = ask(gateway, by_name(a=Answer(error=REFUSED), b=message("from b")))
        assert (told.status, told.json["choices"][0]["message"]["content"]) == (200, "from b")
    first, second = (sent.json for sent in ask(gateway, by_name(a=Answer(error=REFUSED), b=message(""))).attempts)
    assert (first["model"], second["model"]) == ("a", "b")
    assert "max_tokens" in second  # written anew in that provider's dialect


def test_the_log_tells_who_was_tried() -> None:
    gateway = Gateway(made(target("a"), target("b")))
    ask(gateway, by_name(a=Answer(error=REFUSED), b=chat()))
    ((_, line),) = gateway.runtime.appended
    proxy = json.loads(line)["ai"]["proxy"]
    assert [(tried["model"], tried.get("error"), tried.get("status_code")) for tried in proxy["tried_targets"]] == [
        ("a", "refused", None),
        ("b", None, 200),
    ]
    assert proxy["meta"]["request_model"] == "b"


@pytest.mark.parametrize(("criteria", "wanted"), [(["http_429"], ["a", "b"]), (["error", "http_500"], ["a"])])
def test_a_status_fails_over_where_it_is_listed(criteria: list[str], wanted: list[str]) -> None:
    told = ask(Gateway(made(target("a"), target("b"), failover_criteria=criteria)), by_name(a=status(429), b=chat()))
    assert hosts(told) == wanted
    assert told.status == (200 if len(wanted) == 2 else 429)


def test_a_stream_fails_over_before_its_first_byte() -> None:
    event = json.dumps({"choices": [{"delta": {"content": "hi"}}], "model": "b"})
    stream = Answer(200, {"Content-Type": "text/event-stream"}, [f"data: {event}\n\n".encode(), b"data: [DONE]\n\n"])
    gateway = Gateway(made(target("a"), target("b"), failover_criteria=["http_503"]))
    told = ask(gateway, by_name(a=status(503), b=stream), stream=True)
    assert hosts(told) == ["a", "b"]
    assert (told.status, told.header("content-type")) == (200, "text/event-stream")
    assert b"[DONE]" in told.body


def test_a_stream_that_has_begun_is_not_begun_again() -> None:
    event = json.dumps({"choices": [{"delta": {"content": "hi"}}], "model": "a"})
    broken = UpstreamError("closed", "it closed the connection", True)
    begun = Answer(200, {"Content-Type": "text/event-stream"}, [f"data: {event}\n\n".encode()], broken=broken)
    criteria = ["error", "timeout", "non_idempotent"]
    told = ask(
        Gateway(made(target("a"), target("b"), failover_criteria=criteria)), by_name(a=begun, b=chat()), stream=True
    )
    assert hosts(told) == ["a"]
    assert b"upstream_closed" in told.body


@pytest.mark.parametrize(("more", "wanted"), [([], ["a"]), (["non_idempotent"], ["a", "b"])])
def test_a_timeout_after_the_request_went_out(more: list[str], wanted: list[str]) -> None:
    criteria = ["error", "timeout", *more]
    gateway = Gateway(made(target("a"), target("b"), failover_criteria=criteria))
    told = ask(gateway, by_name(a=Answer(error=SILENT), b=chat()))
    assert hosts(told) == wanted


def test_each_target_is_asked_once_and_the_last_one_answers() -> None:
    gateway = Gateway(made(target("a"), target("b"), target("c"), failover_criteria=["error", "http_500"]))
    told = ask(gateway, by_name(a=status(500), b=Answer(error=REFUSED), c=status(500)))
    assert sorted(hosts(told)) == ["a", "b", "c"]
    assert told.status in (500, 502)


def test_retries_bound_the_attempts() -> None:
    gateway = Gateway(made(target("a"), target("b"), target("c"), retries=1))
    down = Answer(error=REFUSED)
    assert len(ask(gateway, by_name(a=down, b=down, c=down)).attempts) == 2


def test_a_client_error_is_no_reason() -> None:
    told = ask(
        Gateway(made(target("a"), target("b"), failover_criteria=["http_500"])), by_name(a=status(400), b=chat())
    )
    assert (told.status, hosts(told)) == (400, ["a"])


def test_the_circuit_breaker_lets_a_target_rest() -> None:
    gateway = Gateway(made(target("a"), target("b"), max_fails=2, fail_timeout=5000))
    upstream = by_name(a=Answer(error=REFUSED), b=chat())
    seen = [hosts(ask(gateway, upstream)) for _ in range(8)]
    assert sum("a" in attempt for attempt in seen) == 2
    gateway.runtime.pass_time(5.1)
    assert any("a" in hosts(ask(gateway, upstream)) for _ in range(2))


def test_with_all_circuits_open_targets_are_asked_nevertheless() -> None:
    gateway = Gateway(made(target("a"), max_fails=1))
    ask(gateway, by_name(a=Answer(error=REFUSED)))
    assert ask(gateway, by_name(a=chat())).status == 200


def test_priority_goes_down_a_group_when_one_is_out() -> None:
    table = made(target("a", weight=10), target("b", weight=10), target("c", weight=1), algorithm="priority")
    gateway = Gateway(table)
    well = by_name(a=chat(), b=chat(), c=chat())
    assert {hosts(ask(gateway, well))[0] for _ in range(6)} == {"a", "b"}
    told = ask(gateway, by_name(a=Answer(error=REFUSED), b=Answer(error=REFUSED), c=chat()))
    assert (hosts(told)[-1], len(told.attempts)) == ("c", 3)


def test_lowest_latency_prefers_the_fast_one() -> None:
    gateway = Gateway(made(target("a"), target("b"), algorithm="lowest-latency", latency_strategy="e2e"))

    def timed(sent: Sent) -> Answer:
        gateway.runtime.pass_time(3.0 if sent.origin.host == "a.test" else 0.5)
        return chat()

    seen = [hosts(ask(gateway, timed))[0] for _ in range(10)]
    assert set(seen[:2]) == {"a", "b"}  # nobody is judged before it was asked
    assert set(seen[2:]) == {"b"}


def test_lowest_latency_counts_per_token_unless_told_otherwise() -> None:
    gateway = Gateway(made(target("a"), target("b"), algorithm="lowest-latency"))

    def timed(sent: Sent) -> Answer:
        long = sent.origin.host == "a.test"
        gateway.runtime.pass_time(3.0 if long else 0.5)
        return chat(tokens=300 if long else 2)

    assert [hosts(ask(gateway, timed))[0] for _ in range(6)][2:] == ["a"] * 4


def test_lowest_usage_evens_out_tokens() -> None:
    gateway = Gateway(
        made(target("a"), target("b"), algorithm="lowest-usage", tokens_count_strategy="completion-tokens")
    )
    upstream = by_name(a=chat(tokens=30), b=chat(tokens=10))
    seen = [hosts(ask(gateway, upstream))[0] for _ in range(40)]
    assert (seen.count("a"), seen.count("b")) == (10, 30)


def test_consistent_hashing_keeps_a_client_at_its_target() -> None:
    gateway = Gateway(made(target("a"), target("b"), algorithm="consistent-hashing", hash_on_header="X-User"))
    upstream = by_name(a=chat(), b=chat())
    homes = {user: {hosts(ask(gateway, upstream, {"X-User": user}))[0] for _ in range(3)} for user in "abcdefgh"}
    assert all(len(home) == 1 for home in homes.values())
    assert len({next(iter(home)) for home in homes.values()}) == 2


def test_round_robin_by_weight_keeps_its_place_when_the_configuration_changes() -> None:
    gateway = Gateway(made(target("a", weight=200), target("b", weight=100)))
    upstream = by_name(a=chat(), b=chat(), c=chat())
    seen = hosts(ask(gateway, upstream))
    changed = made(target("a", weight=200), target("b", weight=100), retries=3)
    gateway.change(changed)
    seen += [hosts(ask(gateway, upstream))[0] for _ in range(5)]
    assert seen == ["a", "b", "a", "a", "b", "a"]


def test_the_balancers_timeouts_are_used() -> None:
    gateway = Gateway(made(target("a"), connect_timeout=1000, read_timeout=2000, write_timeout=3000))
    exchange = gateway.exchange("POST", "/", (), HI)
    forward: Any = exchange.start()
    assert (forward.connect_timeout, forward.write_timeout, forward.read_timeout) == (1.0, 3.0, 2.0)
    exchange.finish(0, 0, True)


def test_what_is_under_way_is_counted_down_however_it_ends() -> None:
    gateway = Gateway(made(target("a"), target("b"), algorithm="least-connections"))
    (plugin,) = (plugin for plugin in gateway.snapshot.plugins.values() if plugin.name == "ai-proxy-advanced")
    records = [member.record for member in plugin.members]  # type: ignore[attr-defined]
    exchanges = [gateway.exchange("POST", "/", (), HI) for _ in range(4)]
    for exchange in exchanges:
        exchange.start()
    assert [record.in_flight for record in records] == [2, 2]
    for exchange in exchanges:
        exchange.finish(0, 0, True)
    ask(gateway, by_name(a=Answer(error=REFUSED), b=Answer(error=REFUSED)))
    assert [record.in_flight for record in records] == [0, 0]
