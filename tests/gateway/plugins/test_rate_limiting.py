"""rate-limiting: Kong's recorded answers, every period and way to count by, all windows or none, counts in Redis."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from support.exchange import Gateway, TestRuntime, Told, proxied, taken_apart

from gateway.counters import Counters
from gateway.errors import ConfigError
from gateway.values import Consult, Consulted, RedisStore

CASES = Path(__file__).resolve().parents[2] / "conformance" / "kong-3.9.1.cases.json"
START = datetime(2026, 11, 22, 3, 30, 13, tzinfo=UTC).timestamp()


@pytest.fixture
def counters() -> Iterator[Counters]:
    table = Counters.create(slots=1024)
    yield table
    table.close()


def made(counters: Counters, at: float = START, **config: Any) -> Gateway:
    runtime = TestRuntime()
    runtime.epoch = at
    plugin = {"name": "rate-limiting", "config": config}
    return Gateway(proxied(plugin), resources={"counters": counters}, runtime=runtime)


def limits(told: Told) -> dict[str, str]:
    names = ("x-ratelimit", "ratelimit", "retry-after")
    return {name.lower(): value for name, value in told.headers if name.lower().startswith(names)}


def test_answers_are_those_that_a_real_kong_gave(counters: Counters) -> None:
    cases = [case for case in json.loads(CASES.read_text()) if case["name"].startswith("rate-limiting minute=3")]
    assert len(cases) == 5
    for number, case in enumerate(cases):
        start, _, block = case["response_head"].encode().replace(b"\n", b"\r\n").partition(b"\r\n")
        recorded = {name.lower(): value for name, value in taken_apart(block)}
        if number == 0:
            gateway = made(counters, parsedate_to_datetime(recorded["date"]).timestamp(), minute=3, policy="local")
        told = gateway.ask("POST", "/rl/chat")
        assert told.status == int(start.split()[1])
        assert limits(told) == {name: value for name, value in recorded.items() if "limit" in name or "retry" in name}
        if told.status == 429:
            assert told.body.decode() == case["response_body"].replace(
                json.loads(case["response_body"])["request_id"], told.json["request_id"]
            )


def test_the_window_with_the_least_left_is_told(counters: Counters) -> None:
    gateway = made(counters, second=5, hour=100)
    assert limits(gateway.ask("GET", "/")) == {
        "x-ratelimit-limit-second": "5",
        "x-ratelimit-remaining-second": "4",
        "x-ratelimit-limit-hour": "100",
        "x-ratelimit-remaining-hour": "99",
        "ratelimit-limit": "5",
        "ratelimit-remaining": "4",
        "ratelimit-reset": "1",
    }


def test_of_equals_the_longest_window_is_told(counters: Counters) -> None:
    found = limits(made(counters, minute=5, day=5).ask("GET", "/"))
    assert (found["ratelimit-remaining"], found["ratelimit-reset"]) == ("4", str(86400 - 3 * 3600 - 30 * 60 - 13))


def test_a_refused_request_counts_in_no_window(counters: Counters) -> None:
    gateway = made(counters, second=2, hour=4)
    assert [gateway.ask("GET", "/").status for _ in range(5)] == [200, 200, 429, 429, 429]
    refused = limits(gateway.ask("GET", "/"))
    assert (refused["x-ratelimit-remaining-second"], refused["x-ratelimit-remaining-hour"]) == ("0", "2")
    assert refused["retry-after"] == refused["ratelimit-reset"] == "1"
    gateway.runtime.pass_time(1)
    assert [gateway.ask("GET", "/").status for _ in range(2)] == [200, 200]
    refused = limits(gateway.ask("GET", "/"))
    assert (refused["x-ratelimit-remaining-hour"], refused["ratelimit-limit"]) == ("0", "4")
    assert refused["retry-after"] == str(3600 - 30 * 60 - 14)


@pytest.mark.parametrize(
    ("period", "seconds"),
    [("second", 1), ("minute", 47), ("hour", 1787), ("day", 73787), ("month", 8 * 86400 + 73787),
     ("year", 39 * 86400 + 73787)],
)  # fmt: skip
def test_a_period_ends_with_the_calendar(counters: Counters, period: str, seconds: int) -> None:
    gateway = made(counters, **{period: 1})
    first = gateway.ask("GET", "/")
    assert limits(first)[f"x-ratelimit-limit-{period}"] == "1"
    refused = gateway.ask("GET", "/")
    assert (refused.status, refused.header("retry-after")) == (429, str(seconds))
    if seconds > 1:
        gateway.runtime.pass_time(seconds - 1)
        assert gateway.ask("GET", "/").status == 429
    gateway.runtime.pass_time(1)
    assert gateway.ask("GET", "/").status == 200


def test_a_fraction_of_a_request_lets_one_more_in(counters: Counters) -> None:
    gateway = made(counters, minute=2.5)
    assert [gateway.ask("GET", "/").status for _ in range(4)] == [200, 200, 200, 429]
    assert limits(gateway.ask("GET", "/"))["x-ratelimit-limit-minute"] == "2.5"


@pytest.mark.parametrize(
    ("config", "one", "another"),
    [
        ({"limit_by": "ip"}, {"client": "10.0.0.1"}, {"client": "10.0.0.2"}),
        ({"limit_by": "header", "header_name": "X-Team"}, {"headers": {"x-team": "a"}}, {"headers": {"x-team": "b"}}),
        ({"limit_by": "header", "header_name": "X-Team"}, {"headers": {"x-team": "a"}}, {}),
        ({"limit_by": "consumer"}, {"client": "10.0.0.1"}, {"client": "10.0.0.2"}),
    ],
)
def test_callers_are_told_apart(counters: Counters, config: Any, one: Any, another: Any) -> None:
    gateway = made(counters, minute=1, **config)
    assert [gateway.ask("GET", "/", **one).status for _ in range(2)] == [200, 429]
    assert gateway.ask("GET", "/", **another).status == 200


def test_a_path_is_counted_for_everyone(counters: Counters) -> None:
    gateway = made(counters, minute=1, limit_by="path", path="/shared")
    assert gateway.ask("GET", "/shared?a=1", client="10.0.0.1").status == 200
    assert gateway.ask("GET", "/shared", client="10.0.0.2").status == 429
    assert gateway.ask("GET", "/other", client="10.0.0.2").status == 200, "by address elsewhere"


def test_a_refusal_can_be_worded_and_headers_hidden(counters: Counters) -> None:
    gateway = made(counters, minute=1, hide_client_headers=True, error_code=503, error_message="slow down")
    assert limits(gateway.ask("GET", "/")) == {}
    refused = gateway.ask("GET", "/")
    assert (refused.status, refused.json["message"], limits(refused)) == (503, "slow down", {})


def test_a_changed_limit_keeps_the_count(counters: Counters) -> None:
    gateway = made(counters, minute=2)
    gateway.ask("GET", "/")
    gateway.change(proxied({"name": "rate-limiting", "config": {"minute": 5}}))
    assert limits(gateway.ask("GET", "/"))["x-ratelimit-remaining-minute"] == "3"


@pytest.mark.parametrize(
    ("config", "where"),
    [
        ({}, "at least one of these fields must be non-empty: 'config.second', 'config.minute'"),
        ({"minute": 0}, "minute: value must be greater than 0"),
        (
            {"second": 20, "minute": 10},
            r"The limit for minute\(10.0\) cannot be lower than the limit for second\(20.0\)",
        ),
        ({"hour": 10, "year": 5}, r"The limit for year\(5.0\) cannot be lower than the limit for hour\(10.0\)"),
        ({"minute": 1, "sync_rate": 1}, "sync_rate can only be used with the redis policy"),
        ({"minute": 1, "policy": "redis"}, "host: required field missing"),
        ({"minute": 1, "policy": "cluster"}, "policy: expected one of: local, redis"),
        ({"minute": 1, "limit_by": "header"}, "header_name: required field missing"),
        ({"minute": 1, "limit_by": "path"}, "path: required field missing"),
        ({"minute": 1, "path": "x"}, "path: should start with: /"),
    ],
)
def test_what_is_wrong_is_named(counters: Counters, config: Any, where: str) -> None:
    with pytest.raises(ConfigError, match=where):
        made(counters, **config)


# -- counted in Redis -------------------------------------------------------------------------------------------

REDIS = {"policy": "redis", "redis": {"host": "redis.test", "password": "p"}}


def test_redis_is_asked_for_all_windows_at_once(counters: Counters) -> None:
    gateway = made(counters, minute=3, month=9, **REDIS)
    asked: list[Consult] = []

    def played(consult: Consult) -> Consulted:
        asked.append(consult)
        return Consulted(True, [(1, 0), (4, 0)])

    told = gateway.ask("GET", "/", consulted=played)
    assert told.status == 200
    assert limits(told) == {
        "x-ratelimit-limit-minute": "3",
        "x-ratelimit-remaining-minute": "1",
        "x-ratelimit-limit-month": "9",
        "x-ratelimit-remaining-month": "4",
        "ratelimit-limit": "3",
        "ratelimit-remaining": "1",
        "ratelimit-reset": "47",
    }
    consult = asked[0]
    assert (consult.store, consult.tolerant) == (RedisStore(host="redis.test", password="p"), True)
    minute, month = consult.counts
    assert [(one.amount, one.limit, one.weight) for one in consult.counts] == [(1, 3, 0), (1, 9, 0)]
    assert (minute.window, month.window) == (START // 60, 2026 * 12 + 10)
    assert minute.expires == START - 13 + 60
    tags = {one.key.partition(b":")[0] for one in consult.counts}
    assert len(tags) == 1 and b"127.0.0.1" not in minute.key
    assert counters.read(minute.key, minute.window) == (0, 0), "nothing is counted here"


def test_a_full_window_in_redis_refuses(counters: Counters) -> None:
    told = made(counters, minute=3, **REDIS).ask("GET", "/", consulted=lambda _: Consulted(False, [(3, 0)]))
    assert (told.status, limits(told)["x-ratelimit-remaining-minute"], told.attempts) == (429, "0", [])


def test_without_redis_a_request_that_needs_it_gets_kongs_500(counters: Counters) -> None:
    gateway = made(counters, minute=3, fault_tolerant=False, **REDIS)
    asked: list[Consult] = []

    def played(consult: Consult) -> Consulted:
        asked.append(consult)
        return Consulted(False, (), "gone")

    told = gateway.ask("GET", "/", consulted=played)
    assert (told.status, told.json["message"], limits(told)) == (500, "An unexpected error occurred", {})
    assert [consult.tolerant for consult in asked] == [False]


@pytest.mark.parametrize(("given", "wanted"), [(-1, 0), (0, 0), (0.5, 0.5)])
def test_how_often_notes_are_compared(counters: Counters, given: float, wanted: float) -> None:
    gateway = made(counters, minute=3, sync_rate=given, **REDIS)
    asked: list[Consult] = []
    gateway.ask("GET", "/", consulted=lambda consult: asked.append(consult) or Consulted(True, [(0, 0)]))
    assert asked[0].store.sync_rate == wanted
