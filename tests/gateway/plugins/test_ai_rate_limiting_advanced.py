"""Token limits: the second article's story, every strategy, streams, identities and windows."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from support.exchange import Answer, Gateway, Told

from gateway.counters import Counters
from gateway.errors import ConfigError


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


def ask(gateway: Gateway, prompt: int = 9, completion: int = 10, **headers: str) -> Told:
    usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    choice = {"index": 0, "message": {"role": "assistant", "content": "2"}, "finish_reason": "stop"}
    answer = Answer(
        200, {"Content-Type": "application/json"}, json.dumps({"choices": [choice], "usage": usage}).encode()
    )
    body = {"messages": [{"role": "user", "content": "1+1?"}]}
    return gateway.ask("POST", "/ai-ratelimit", {"llm": "openai", **headers}, body, answer=answer)


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
