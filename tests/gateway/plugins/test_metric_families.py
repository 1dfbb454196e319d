"""/metrics after the same 21 requests as a real Kong 3.9.1 answered: families, series and numbers, but for what is
listed here with its reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from support.exchange import Gateway
from support.observed import TABLE, replay

from gateway.admin.metrics_endpoint import of_node
from gateway.admin.node import Node
from gateway.metrics import Dump, Registry, merge, render
from gateway.settings import Settings

KONG: dict[str, Any] = TABLE["metrics"]["families_after_first_round"]
NOT_HERE = {
    "kong_memory_lua_shared_dict_bytes": "there are no shared dictionaries",
    "kong_memory_lua_shared_dict_total_bytes": "there are no shared dictionaries",
    "kong_nginx_timers": "there are no such timers",
}
MEASURED = {
    "kong_kong_latency_ms",
    "kong_upstream_latency_ms",
    "kong_request_latency_ms",
    "kong_memory_workers_lua_vms_bytes",
    "kong_nginx_connections_total",
    "kong_nginx_requests_total",
}
PROBE = "zz-probe"  # a route by which the recording found out when Kong had taken its configuration
MODEL = "gpt-4o-mini"
REPORTED, ESTIMATED, NOTHING = "reported", "estimated", "nothing"
# Calls whose tokens are counted otherwise. Kong counts a stream as a guess at its prompt (Anthropic's as 7 + 1 tokens),
# whatever the provider reports; it guesses prompts only, and charges one for a 429.
OTHERWISE = {
    "openai stream": REPORTED,
    "log_payloads stream": REPORTED,
    "anthropic stream": REPORTED,
    "answer without usage": ESTIMATED,
    "stream without usage": ESTIMATED,
    "provider 429": NOTHING,
}
LINE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def parsed(text: str) -> Series:
    found: Series = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            match = LINE.match(line)
            assert match, line
            key = (match[1], tuple(LABEL.findall(match[2] or "")))
            assert key not in found, f"twice: {line}"
            found[key] = float(match[3])
    return found


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry()


@pytest.fixture(scope="module")
def calls(registry: Registry) -> dict[str, Any]:
    """All requests, as the clients saw them."""
    plugins = [row for row in TABLE["table"]["plugins"] if row["name"] == "prometheus"]
    gateway = Gateway({**TABLE["table"], "plugins": plugins}, resources={"metrics": registry})
    told = {recorded["name"]: replay(gateway, recorded) for recorded in TABLE["requests"]}
    assert {name: one.status for name, one in told.items()} == {one["name"]: one["status"] for one in TABLE["requests"]}
    return {name: one.exchange.conversation for name, one in told.items() if one.exchange.conversation is not None}


@pytest.fixture(scope="module")
def dump(calls: dict[str, Any], registry: Registry) -> Dump:
    node = Node(Settings(), "node.test", statistics=lambda: {"server": {}, "workers": {7: 1 << 20}})
    return merge((registry.dump(), of_node(node)))


@pytest.fixture(scope="module")
def ours(dump: Dump) -> Series:
    return parsed(render(dump).decode())


@pytest.fixture(scope="module")
def kongs() -> Series:
    text: str = TABLE["metrics"]["text_after_first_round"]
    return {key: value for key, value in parsed(text).items() if ("route", PROBE) not in key[1]}


def test_the_families_are_kongs(dump: Dump) -> None:
    assert dump.keys() == KONG.keys() - NOT_HERE.keys()
    assert NOT_HERE.keys() <= KONG.keys()


@pytest.mark.parametrize("name", sorted(KONG.keys() - NOT_HERE.keys()))
def test_a_family_is_kongs(name: str, dump: Dump) -> None:
    kong, family = KONG[name], dump[name]
    assert (family["kind"], family["help"]) == (kong["type"], kong["help"])
    order: list[str] = next((one["label_order"] for one in kong["series"]), [])
    assert [*family["labels"]] == [label for label in order if label != "le"]
    if family["kind"] == "histogram":
        assert [*(f"{bound:g}" for bound in family["bounds"]), "+Inf"] == kong["buckets"]


def series_of(numbers: Mapping[Any, float], family: str) -> Series:
    names = (family, f"{family}_bucket", f"{family}_count", f"{family}_sum")
    return {key: value for key, value in numbers.items() if key[0] in names}


COUNTED = ["kong_http_requests_total", "kong_ai_llm_requests_total"]


@pytest.mark.parametrize("family", COUNTED)
def test_counts_are_kongs(family: str, ours: Series, kongs: Series) -> None:
    assert series_of(ours, family) == series_of(kongs, family)


def test_bytes_that_came_in_are_kongs(ours: Series, kongs: Series) -> None:
    theirs = series_of(kongs, "kong_bandwidth_bytes")
    here = series_of(ours, "kong_bandwidth_bytes")
    assert here.keys() == theirs.keys()
    incoming = {key for key in theirs if ("direction", "ingress") in key[1]}
    assert {key: here[key] for key in incoming} == {key: theirs[key] for key in incoming}
    assert len(incoming) * 2 == len(theirs)


@pytest.mark.parametrize("family", ["kong_kong_latency_ms", "kong_upstream_latency_ms", "kong_request_latency_ms"])
def test_latencies_are_measured_for_the_same_requests(family: str, ours: Series, kongs: Series) -> None:
    here, theirs = series_of(ours, family), series_of(kongs, family)
    assert here.keys() == theirs.keys()
    counts = {key: value for key, value in theirs.items() if key[0].endswith("_count") or ("le", "+Inf") in key[1]}
    assert {key: here[key] for key in counts} == counts


def tokens_of(usage: Any) -> tuple[int, int, int]:
    return (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) if usage is not None else (0, 0, 0)


def test_tokens_of_each_call_are_kongs_but_for_what_is_listed(calls: dict[str, Any]) -> None:
    compared = 0
    for recorded in TABLE["requests"]:
        name, told = recorded["name"], (recorded["file_log"][0].get("ai") or {}).get("proxy")
        if told is None or name not in calls:
            continue
        kong, usage = told["usage"], calls[name].usage
        kongs = (kong["prompt_tokens"], kong["completion_tokens"], kong["total_tokens"])
        match OTHERWISE.get(name):
            case None:
                assert tokens_of(usage) == kongs, name
            case "reported":
                reported = (30, 7, 37) if "anthropic" in name else (100, 40, 140)
                assert tokens_of(usage) == reported != kongs, name
                assert not usage.estimated
            case "estimated":
                assert usage.estimated and min(tokens_of(usage)) > 0, name
            case _:
                assert usage is None and kongs[2] > 0, name
        compared += 1
    assert compared == 11
    assert OTHERWISE.keys() <= calls.keys()


def test_tokens_and_cost_are_the_sums_of_the_calls(calls: dict[str, Any], ours: Series, kongs: Series) -> None:
    sums: dict[tuple[str, str], float] = {}
    costs: dict[str, float] = {}
    for call in calls.values():
        if call.plugin.logs["log_statistics"]:
            for kind, count in zip(("prompt", "completion", "total"), tokens_of(call.usage), strict=True):
                key = (call.provider_name, f"{kind}_tokens")
                sums[key] = sums.get(key, 0) + count
            costs[call.provider_name] = costs.get(call.provider_name, 0) + call.cost()
    here = series_of(ours, "kong_ai_llm_tokens_total")
    assert here.keys() == series_of(kongs, "kong_ai_llm_tokens_total").keys()
    assert {(dict(key[1])["ai_provider"], dict(key[1])["token_type"]): value for key, value in here.items()} == sums
    paid = series_of(ours, "kong_ai_llm_cost_total")
    assert paid.keys() == series_of(kongs, "kong_ai_llm_cost_total").keys()
    assert {dict(key[1])["ai_provider"]: value for key, value in paid.items()} == pytest.approx(costs)


def test_every_provider_that_answered_has_a_latency(ours: Series, kongs: Series) -> None:
    """Kong leaves out those of less than a millisecond."""
    here = series_of(ours, "kong_ai_llm_provider_latency_ms")
    theirs = series_of(kongs, "kong_ai_llm_provider_latency_ms")
    assert here.keys() == theirs.keys()
    asked = {key[1]: value for key, value in ours.items() if key[0] == "kong_ai_llm_requests_total"}
    counts = {key[1]: value for key, value in here.items() if key[0].endswith("_count")}
    assert counts == {labels: asked[labels] for labels in counts}


def test_the_text_is_in_kongs_order(dump: Dump) -> None:
    """Each line of a family that has no measured numbers stands where Kong has it."""

    def shape(text: str) -> list[str]:
        lines = []
        for line in text.splitlines():
            if PROBE not in line and not any(name in line for name in NOT_HERE):
                line = re.sub(r'(node_id|pid)="[^"]*"', r'\1=""', line)
                lines.append(line if line.startswith("#") else line.rpartition(" ")[0])
        return lines

    assert shape(render(dump).decode()) == shape(TABLE["metrics"]["text_after_first_round"])
