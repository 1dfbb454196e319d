"""Token limits: the second article's story, every strategy, streams, identities and windows."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from support.exchange import Answer, Gateway, Told

from gateway.counters import Counters
from gateway.errors import ConfigError
from gateway.values import Consult, Consulted, RedisStore


@pytest.fixture
def counters() -> Iterator[Counters]:
    table = Counters.create(slots=1024)
    yield table
    table.close()


def made(counters: Counters, version: tuple[int, int] = (3, 9), options: Any = None, **config: Any) -> Gateway:
    limits = {"llm_providers": [{"name": "openai", "limit": 100, "window_size": 100}], **config}
    proxy = {
        "route_type": "llm/v1/chat",
        "model": {"provider": "openai", "name": "gpt-6-luna", "options": options or {}},
        "logging": {"log_statistics": True},
    }
    plugins = [{"name": "ai-proxy", "config": proxy}, {"name": "ai-rate-limiting-advanced", "config": limits}]
    route = {"name": "r", "paths": ["~/ai-ratelimit$"], "headers": {"llm": ["openai"]}}
    services = [{"name": "s", "url": "http://localhost:32000", "routes": [route], "plugins": plugins}]
    return Gateway({"services": services}, resources={"counters": counters, "kong_version": version})


def ask(gateway: Gateway, prompt: int = 9, completion: int = 10, consulted: Any = None, **headers: str) -> Told:
    usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    choice = {"index": 0, "message": {"role": "assistant", "content": "2"}, "finish_reason": "stop"}
    answer = Answer(
        200, {"Content-Type": "application/json"}, json.dumps({"choices": [choice], "usage": usage}).encode()
    )
    body = {"messages": [{"role": "user", "content": "1+1?"}]}
    named = {"llm": "openai", **headers}
    return gateway.ask("POST", "/ai-ratelimit", named, body, answer=answer, consulted=consulted)


def left(told: Told, window: str = "100") -> str | None:
    return told.header(f"x-ai-ratelimit-remaining-{window}-openai")


def test_the_second_article_word_for_word(counters: Counters) -> None:
    gateway = made(counters, version=(3, 7))
    first = ask(gateway)
    assert (first.status, first.header("x-ai-ratelimit-limit-100-openai"), left(first)) == (200, "100", "100")
    second = ask(gateway, 17, 526)
    assert (second.status, left(second)) == (200, "81")
    third = ask(gateway)
    assert (third.status, left(third)) == (429, "0")
    assert third.json == {"message": "API rate limit exceeded for provider(s): openai"}
    for name in (
        "x-ai-ratelimit-reset",
        "x-ai-ratelimit-retry-after",
        "x-ai-ratelimit-reset-100-openai",
        "retry-after",
    ):
        assert int(third.header(name) or 0) > 0


def test_the_newest_text_is_the_default(counters: Counters) -> None:
    gateway = made(counters)
    ask(gateway, 50, 60)
    assert ask(gateway).json == {"message": "AI token rate limit exceeded for provider(s): openai"}


@pytest.mark.parametrize(
    ("strategy", "expected"), [("total_tokens", "81"), ("prompt_tokens", "91"), ("completion_tokens", "90")]
)
def test_each_strategy_counts_its_own(counters: Counters, strategy: str, expected: str) -> None:
    gateway = made(counters, tokens_count_strategy=strategy)
    ask(gateway)
    assert left(ask(gateway)) == expected


def test_cost_is_counted_in_money(counters: Counters) -> None:
    gateway = made(counters, tokens_count_strategy="cost", options={"input_cost": 100_000, "output_cost": 200_000})
    ask(gateway, 9, 10)
    assert left(ask(gateway)) == "97.1"


def test_a_streams_usage_counts_exactly(counters: Counters) -> None:
    gateway = made(counters)
    events = [
        b'data: {"choices":[{"index":0,"delta":{"content":"2"}}]}\n\n',
        b'data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":10,"total_tokens":19}}\n\n',
        b"data: [DONE]\n\n",
    ]
    body = {"messages": [{"role": "user", "content": "1+1?"}], "stream": True}
    told = gateway.ask(
        "POST",
        "/ai-ratelimit",
        {"llm": "openai"},
        body,
        answer=Answer(200, {"Content-Type": "text/event-stream"}, events),
    )
    assert (told.status, left(told)) == (200, "100")
    assert left(ask(gateway)) == "81"


def test_a_fixed_window_starts_again(counters: Counters) -> None:
    gateway = made(counters, window_type="fixed")
    ask(gateway, 100, 100)
    refused = ask(gateway)
    assert refused.status == 429
    gateway.runtime.pass_time(int(refused.header("retry-after") or 0))
    assert (ask(gateway).status, left(ask(gateway))) == (200, "81")


def test_a_sliding_window_lets_through_after_the_told_wait(counters: Counters) -> None:
    gateway = made(counters)
    ask(gateway, 17, 526)
    wait = int(ask(gateway).header("retry-after") or 0)
    gateway.runtime.pass_time(wait - 1)
    assert ask(gateway).status == 429
    gateway.runtime.pass_time(1)
    assert ask(gateway).status == 200


def test_several_windows_are_all_checked(counters: Counters) -> None:
    gateway = made(counters, llm_providers=[{"name": "openai", "limit": [10, 1000], "window_size": [60, 3600]}])
    told = ask(gateway)
    assert (left(told, "minute"), left(told, "hour")) == ("10", "1000")
    refused = ask(gateway)
    assert (refused.status, left(refused, "minute"), left(refused, "hour")) == (429, "0", "981")


def test_each_identity_has_its_own_count(counters: Counters) -> None:
    gateway = made(counters, identifier="header", header_name="x-team")
    ask(gateway, **{"x-team": "a"})
    assert left(ask(gateway, **{"x-team": "a"})) == "81"
    assert left(ask(gateway, **{"x-team": "b"})) == "100"


def test_other_providers_are_not_limited(counters: Counters) -> None:
    gateway = made(counters, llm_providers=[{"name": "cohere", "limit": 1, "window_size": 60}])
    told = ask(gateway)
    assert told.status == 200
    assert [name for name, _ in told.headers if "ratelimit" in name.lower()] == []
    assert ask(gateway).status == 200


def test_refusals_and_failures_are_not_charged(counters: Counters) -> None:
    gateway = made(counters)
    body = {"messages": [{"role": "user", "content": "1+1?"}]}
    gateway.ask("POST", "/ai-ratelimit", {"llm": "openai"}, body, answer=Answer(500, {}, b"{}"))
    assert left(ask(gateway)) == "100"


def test_headers_can_be_hidden_but_not_the_wait(counters: Counters) -> None:
    gateway = made(counters, hide_client_headers=True)
    assert left(ask(gateway, 100, 1)) is None
    refused = ask(gateway)
    assert (refused.status, left(refused)) == (429, None)
    assert refused.header("retry-after") is not None


def test_the_refusal_can_be_worded(counters: Counters) -> None:
    gateway = made(counters, error_code=402, error_message="Budget spent: ", error_hide_providers=True)
    ask(gateway, 100, 1)
    refused = ask(gateway)
    assert (refused.status, refused.json) == (402, {"message": "Budget spent: "})


def test_a_prompt_can_be_charged_before_it_goes_up(counters: Counters) -> None:
    gateway = made(
        counters,
        llm_providers=[{"name": "requestPrompt", "limit": 2, "window_size": 60}],
        request_prompt_count_function="requests",
    )
    assert [ask(gateway).status for _ in range(3)] == [200, 200, 429]


def test_lua_is_refused_by_name(counters: Counters) -> None:
    with pytest.raises(ConfigError, match="Lua"):
        made(
            counters,
            llm_providers=[{"name": "requestPrompt", "limit": 2, "window_size": 60}],
            request_prompt_count_function="return 1",
        )


def test_windows_and_limits_come_in_pairs(counters: Counters) -> None:
    with pytest.raises(ConfigError, match="same number of windows and limits"):
        made(counters, llm_providers=[{"name": "openai", "limit": [1, 2], "window_size": [60]}])


def test_the_shortest_reset_and_the_longest_wait_are_told(counters: Counters) -> None:
    gateway = made(
        counters, window_type="fixed", llm_providers=[{"name": "openai", "limit": [1, 1], "window_size": [60, 3600]}]
    )
    ask(gateway)
    refused = ask(gateway)
    minute, hour = (refused.header(f"x-ai-ratelimit-reset-{window}-openai") for window in ("minute", "hour"))
    assert int(minute or 0) < int(hour or 0)
    assert refused.header("x-ai-ratelimit-reset") == minute
    assert refused.header("x-ai-ratelimit-retry-after") == refused.header("retry-after") == hour


# -- counted in Redis -------------------------------------------------------------------------------------------


def shared(counters: Counters, **config: Any) -> Gateway:
    redis = {"host": "redis.test", "password": "p"}
    return made(counters, **{"strategy": "redis", "redis": redis, **config})


def test_redis_is_looked_at_before_and_charged_after(counters: Counters) -> None:
    gateway = shared(counters, namespace="ours")
    asked: list[Consult] = []

    def played(consult: Consult) -> Consulted:
        asked.append(consult)
        return Consulted(True, [(19, 0)])

    told = ask(gateway, 17, 526, consulted=played)
    assert (told.status, left(told)) == (200, "81")
    ((looked,),) = (consult.counts for consult in asked)
    ((store, charged),) = gateway.runtime.charged
    assert store == asked[0].store == RedisStore(host="redis.test", password="p")
    assert (looked.amount, looked.limit, charged.amount) == (0, 100, 543)
    assert (looked.key, looked.window) == (charged.key, charged.window)
    assert looked.window == 1_800_000_000 // 100
    assert charged.expires == 1_800_000_200, "the next window still weighs it"
    assert counters.read(looked.key, looked.window) == (0, 0), "nothing is counted here"


def test_a_sliding_window_says_how_much_of_the_previous_one_weighs(counters: Counters) -> None:
    asked: list[Consult] = []
    gateway = shared(counters)
    gateway.runtime.pass_time(25)
    told = ask(gateway, consulted=lambda consult: asked.append(consult) or Consulted(True, [(10, 40)]))
    assert (asked[0].counts[0].weight, left(told)) == (0.75, "60")
    fixed = shared(counters, window_type="fixed")
    ask(fixed, consulted=lambda consult: asked.append(consult) or Consulted(True, [(10, 40)]))
    assert asked[1].counts[0].weight == 0


def test_a_full_window_in_redis_refuses_and_charges_nothing(counters: Counters) -> None:
    gateway = shared(counters)
    refused = ask(gateway, consulted=lambda _: Consulted(False, [(562, 0)]))
    assert (refused.status, left(refused), refused.attempts, gateway.runtime.charged) == (429, "0", [], [])
    assert refused.json == {"message": "AI token rate limit exceeded for provider(s): openai"}
    assert int(refused.header("retry-after") or 0) > 0


def test_a_prompt_is_charged_in_redis_in_the_same_step(counters: Counters) -> None:
    limits = [{"name": name, "limit": 2, "window_size": 60} for name in ("openai", "requestPrompt")]
    gateway = shared(counters, llm_providers=limits, request_prompt_count_function="requests")
    asked: list[Consult] = []

    def played(consult: Consult, taken: bool) -> Consulted:
        asked.append(consult)
        return Consulted(taken, [(0, 0), (2, 0)])

    assert ask(gateway, consulted=lambda consult: played(consult, True)).status == 200
    assert [count.amount for count in asked[0].counts] == [0, 1]
    assert [count.amount for _, count in gateway.runtime.charged] == [19]
    assert ask(gateway, consulted=lambda consult: played(consult, False)).status == 429
    assert [count.amount for _, count in gateway.runtime.charged[1:]] == [1], "a refused prompt costs, too"
    lenient = shared(counters, llm_providers=limits, request_prompt_count_function="requests", disable_penalty=True)
    assert ask(lenient, consulted=lambda consult: played(consult, False)).status == 429
    assert lenient.runtime.charged == []


@pytest.mark.parametrize("config", [{"strategy": "cluster"}, {"sync_rate": -1}])
def test_what_counts_on_this_node_alone(counters: Counters, config: dict[str, Any]) -> None:
    gateway = shared(counters, **config)
    ask(gateway)
    assert left(ask(gateway)) == "81"
    assert gateway.runtime.charged == []


def test_one_callers_counts_stay_together_and_its_header_is_not_shown(counters: Counters) -> None:
    limits = [{"name": "openai", "limit": [10, 100], "window_size": [60, 3600]}]
    gateway = shared(counters, llm_providers=limits, identifier="header", header_name="x-key", sync_rate=0.5)
    asked: list[Consult] = []

    def played(consult: Consult) -> Consulted:
        asked.append(consult)
        return Consulted(True, [(0, 0), (0, 0)])

    for key in ("canary-1", "canary-2"):
        ask(gateway, consulted=played, **{"x-key": key})
    tags = [{count.key.partition(b":")[0] for count in consult.counts} for consult in asked]
    assert [len(tag) for tag in tags] == [1, 1] and tags[0] != tags[1]
    assert b"canary" not in b"".join(count.key for consult in asked for count in consult.counts)
    assert asked[0].store.sync_rate == 0.5


def test_a_request_that_no_limit_is_about_asks_nobody(counters: Counters) -> None:
    assert ask(shared(counters, llm_providers=[{"name": "cohere", "limit": 1, "window_size": 60}])).status == 200
