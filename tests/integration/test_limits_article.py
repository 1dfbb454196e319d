"""The second article, word for word and over real sockets: 100 tokens in 100 seconds for a route with the header
`llm: openai` and the path `~/ai-ratelimit$`. Every strategy, streaming and not; counted by two workers together, in a
Redis, and behind Sentinels while the master is killed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.gateway_process import GatewayProcess, Got, ask, eventually
from support.limited_chats import WINDOW, Spender, chat_service, token_limit, within_one_window, write
from support.redis_servers import MASTER, RedisServer, Sentinels

pytestmark = [pytest.mark.timeout(180), pytest.mark.xdist_group("limits")]
WORKERS = {"KONG_NGINX_WORKER_PROCESSES": "2", "KONG_COMPATIBLE_VERSION": "3.7"}
FIRST, SECOND = 19, 543


@dataclass(frozen=True)
class Case:
    strategy: str
    stream: bool

    @property
    def name(self) -> str:
        return f"{self.strategy}-{'stream' if self.stream else 'whole'}"

    def costs(self, spent: int) -> str:
        """What the upstream is to say so that `spent` is counted."""
        return {"prompt_tokens": f"{spent} 7", "completion_tokens": f"7 {spent}"}.get(self.strategy, f"9 {spent - 9}")

    def service(self, upstream: str, attempt: int, **config: Any) -> Any:
        limit = token_limit(100, tokens_count_strategy=self.strategy, namespace=f"{self.name}-{attempt}", **config)
        # one gateway serves all cases, so they are told apart by a host beside what the article has
        where = {"paths": ["~/ai-ratelimit$"], "headers": {"llm": ["openai"]}, "hosts": [f"{self.name}.test"]}
        return chat_service(self.name, upstream, limit, price=1 if self.strategy == "cost" else 0, **where)

    def ask(self, gateway: GatewayProcess, spent: int) -> Got:
        body: Any = {"messages": [{"role": "user", "content": self.costs(spent)}]}
        if self.stream:
            body["stream"] = True
        headers = {"Host": f"{self.name}.test", "llm": "openai"}
        return ask(gateway.ports["PROXY"], "POST", "/ai-ratelimit", body, headers)


CASES = [
    Case(strategy, stream)
    for strategy in ("total_tokens", "prompt_tokens", "completion_tokens", "cost")
    for stream in (False, True)
]


def started(folder: Path, spender: Spender, attempt: int, **config: Any) -> GatewayProcess:
    services = [case.service(spender.url, attempt, **config) for case in CASES]
    return GatewayProcess(write(folder / f"kong-{attempt}.yml", *services), WORKERS)


def spends(case: Case, gateway: GatewayProcess, spent: int, left: str) -> None:
    got = case.ask(gateway, spent)
    assert got.status == 200, (case, got.body)
    assert got.headers["x-ai-ratelimit-limit-100-openai"] == "100", case
    assert got.headers["x-ai-ratelimit-remaining-100-openai"] == left, case
    if case.stream:
        assert (got.events[-1], got.streamed_text) == ("[DONE]", "2")
        assert not [event for event in got.events if event != "[DONE]" and event.get("usage")]  # not asked for
    else:
        assert got.json["choices"][0]["message"]["content"] == "2"


def is_refused(case: Case, gateway: GatewayProcess) -> None:
    got = case.ask(gateway, 1)
    assert got.status == 429, case
    assert got.json == {"message": "API rate limit exceeded for provider(s): openai"}
    assert got.headers["content-type"] == "application/json; charset=utf-8"
    assert got.headers["x-ai-ratelimit-remaining-100-openai"] == "0"
    for name in ("reset", "retry-after", "reset-100-openai", "retry-after-100-openai"):
        assert int(got.headers[f"x-ai-ratelimit-{name}"]) > 0, name
    assert int(got.headers["retry-after"]) > 0


def story(
    gateway: GatewayProcess, counted: Callable[[float], bool], between: Callable[[], None] = lambda: None
) -> None:
    """`counted(amount)`: whether so much is counted by now, where that comes a moment after the answer."""
    for case in CASES:
        spends(case, gateway, FIRST, "100")
    eventually(lambda: counted(FIRST * len(CASES)), "the first answers to be counted")
    between()
    for case in CASES:
        spends(case, gateway, SECOND, "81")
    eventually(lambda: counted((FIRST + SECOND) * len(CASES)), "the second answers to be counted")
    for case in CASES:
        is_refused(case, gateway)


def test_two_workers_count_together(tmp_path: Path) -> None:
    def scenario(attempt: int) -> None:
        with Spender() as spender, started(tmp_path, spender, attempt) as gateway:
            story(gateway, lambda amount: True)
            assert len(spender.asked) == 2 * len(CASES), "a refused request does not go up"

    within_one_window(WINDOW, scenario)


@pytest.mark.redis
def test_nodes_count_together_in_redis(tmp_path: Path) -> None:
    """The second node asks for the second time: what the first counted is there."""

    def scenario(attempt: int) -> None:
        with RedisServer(tmp_path / str(attempt)) as server, Spender() as spender:
            redis = {"strategy": "redis", "redis": {"port": server.port}}
            with started(tmp_path, spender, attempt, **redis) as gateway:
                story(gateway, lambda amount: server.total() == amount)
            with started(tmp_path, spender, attempt, **redis) as another:
                for case in CASES:
                    is_refused(case, another)

    within_one_window(WINDOW, scenario)


@pytest.mark.redis
def test_a_failover_in_the_middle_loses_no_count_and_no_request(tmp_path: Path) -> None:
    def scenario(attempt: int) -> None:
        with Sentinels(tmp_path / str(attempt)) as redis, Spender() as spender:
            told = {"sentinel_master": MASTER, "sentinel_role": "master", "sentinel_nodes": redis.nodes}
            first = redis.master()
            with started(tmp_path, spender, attempt, strategy="redis", redis=told) as gateway:

                def kill() -> None:
                    eventually(redis.copied, "the replicas to have it all")
                    first.kill()

                def counted(amount: float) -> bool:
                    return redis.master() is not first and redis.master().total() == amount

                story(gateway, lambda amount: first.total() == amount if not first.ended() else counted(amount), kill)
                assert redis.master() is not first
                eventually(lambda: "answers again" in gateway.log.read_text(), "the log")
                for case in CASES:
                    is_refused(case, gateway)
                log = gateway.log.read_text()
            assert log.count("does not answer") == 1, log
            assert log.count("answers again") == 1, log

    within_one_window(WINDOW, scenario)
