"""Every way to reach a Redis and to count in it: passwords from the vault, users with few rights, TLS, a Cluster, notes
compared now and then, nodes that share a limit, and what happens when it must not be without Redis."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.certificates import make_authority, make_certificate
from support.crowd import crowd
from support.gateway_process import GatewayProcess, Got, eventually
from support.limited_chats import Spender, chat_service, token_limit, within_one_window, write
from support.redis_servers import RedisServer, cluster

pytestmark = [pytest.mark.timeout(180), pytest.mark.xdist_group("limits"), pytest.mark.redis]
PASSWORD = "canary-9f31c2"
HOUR = 3600
Json = Any


def limited(**config: Json) -> Json:
    """POST /limited is answered by the gateway itself, with 200."""
    shared = {"policy": "redis", "year": 100, **config}
    shared["redis"] = {"host": "127.0.0.1", **shared["redis"]}
    return {
        "name": "limited",
        "url": "http://localhost:32000",
        "routes": [{"name": "limited", "paths": ["/limited"]}],
        "plugins": [
            {"name": "rate-limiting", "config": shared},
            {"name": "request-termination", "config": {"status_code": 200, "message": "in"}},
        ],
    }


@contextlib.contextmanager
def node(file: Path, *services: Json, **environment: str) -> Iterator[GatewayProcess]:
    with GatewayProcess(write(file, *services), {"KONG_NGINX_WORKER_PROCESSES": "2", **environment}) as gateway:
        yield gateway


def ask(gateway: GatewayProcess, **headers: str) -> Got:
    return gateway.post("/limited", None, **headers)


def counts_in(server: RedisServer, gateway: GatewayProcess) -> None:
    """One request after another is counted there, and nobody is told of trouble or the password."""
    for number in (1, 2, 3):
        got = ask(gateway)
        assert (got.status, got.headers["x-ratelimit-remaining-year"]) == (200, str(100 - number))
        assert server.total() == number
    log = gateway.log.read_text()
    assert "does not answer" not in log
    assert PASSWORD not in log


def test_a_password_from_the_vault(tmp_path: Path) -> None:
    with RedisServer(tmp_path, "--requirepass", PASSWORD) as server:
        redis = {"port": server.port, "password": "{vault://env/redis-password}"}
        with node(tmp_path / "kong.yml", limited(redis=redis), REDIS_PASSWORD=PASSWORD) as gateway:
            counts_in(server, gateway)


def test_a_wrong_password_is_told_without_it_and_requests_pass(tmp_path: Path) -> None:
    with RedisServer(tmp_path, "--requirepass", "another") as server:
        redis = {"port": server.port, "password": PASSWORD}
        with node(tmp_path / "kong.yml", limited(year=2, redis=redis)) as gateway:
            assert [ask(gateway).status for _ in range(3)] == [200, 200, 429]
            eventually(lambda: "does not answer" in gateway.log.read_text(), "the reason")
        log = gateway.log.read_text()
        assert log.count("does not answer") == 1
        assert "password" in log and PASSWORD not in log


def test_a_user_who_may_do_nothing_else(tmp_path: Path) -> None:
    rights = f"limits on >{PASSWORD} ~ai-gateway:* -@all +evalsha +eval +get +set +incrbyfloat +pexpire +select"
    with RedisServer(tmp_path, "--user", *rights.split()) as server:
        redis = {"port": server.port, "username": "limits", "password": PASSWORD, "database": 3}
        with node(tmp_path / "kong.yml", limited(redis=redis)) as gateway:
            assert ask(gateway).headers["x-ratelimit-remaining-year"] == "99"
            assert ask(gateway).headers["x-ratelimit-remaining-year"] == "98"
            assert "does not answer" not in gateway.log.read_text()
        with contextlib.closing(server.client()) as client:
            client.select(3)
            assert [client.get(key) for key in client.keys("ai-gateway:*") if ":sent:" not in key] == ["2"]


@pytest.mark.parametrize("name", ["", "redis.internal"])
def test_tls_with_a_checked_certificate(tmp_path: Path, name: str) -> None:
    authority = make_authority(tmp_path)
    pair = make_certificate(tmp_path, authority, name or "localhost")
    with RedisServer(tmp_path, tls=pair) as server:
        redis = {"port": server.port, "ssl": True, "ssl_verify": True, **({"server_name": name} if name else {})}
        trust = {"SSL_CERT_FILE": str(authority.certificate)}
        with node(tmp_path / "kong.yml", limited(redis=redis), **trust) as gateway:
            counts_in(server, gateway)


def test_a_certificate_that_nobody_vouches_for(tmp_path: Path) -> None:
    pair = make_certificate(tmp_path, make_authority(tmp_path))
    with RedisServer(tmp_path, tls=pair) as server:
        redis = {"port": server.port, "ssl": True, "ssl_verify": True}
        with node(tmp_path / "kong.yml", limited(redis=redis)) as gateway:
            assert ask(gateway).status == 200
            eventually(lambda: "certificate" in gateway.log.read_text(), "the reason")
            assert server.total() == 0
        unchecked = {"port": server.port, "ssl": True}
        with node(tmp_path / "unchecked.yml", limited(redis=unchecked)) as gateway:
            counts_in(server, gateway)


def test_a_cluster(tmp_path: Path) -> None:
    """Each caller's counts are on one node, different callers' on all of them; each limit has two windows."""

    def scenario(attempt: int) -> None:
        with cluster(tmp_path / f"redis-{attempt}") as servers, Spender() as spender:
            nodes = [{"ip": "127.0.0.1", "port": server.port} for server in servers[:2]]  # the third is found
            limit = token_limit(1, strategy="redis", redis={"cluster_nodes": nodes})
            entry = {"name": "openai", "limit": [100, 1000], "window_size": [HOUR, 86400]}
            limit["config"] |= {"llm_providers": [entry], "identifier": "header", "header_name": "x-team"}
            with node(tmp_path / f"kong-{attempt}.yml", chat_service("chat", spender.url, limit)) as gateway:
                said: Json = {"messages": [{"role": "user", "content": "60 0"}]}
                teams = [f"team-{number}" for number in range(12)]
                assert {gateway.post("/chat", said, x_team=team).status for team in teams} == {200}
                eventually(lambda: sum(server.total() for server in servers) == 12 * 60 * 2, "12 teams to be counted")
                assert all(server.total() for server in servers), "the callers are spread"
                for team in teams:
                    got = gateway.post("/chat", said, x_team=team)
                    assert got.status == 200
                    assert got.headers["x-ai-ratelimit-remaining-hour-openai"] == "40"
                    assert got.headers["x-ai-ratelimit-remaining-day-openai"] == "940"
                eventually(lambda: sum(server.total() for server in servers) == 12 * 120 * 2, "it to be counted")
                assert {gateway.post("/chat", said, x_team=team).status for team in teams} == {429}
                assert "does not answer" not in gateway.log.read_text()

    within_one_window(HOUR, scenario)


def test_nodes_share_a_limit_exactly(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server:
        service = limited(year=150, redis={"port": server.port})
        with (
            node(tmp_path / "first.yml", service) as first,
            node(tmp_path / "second.yml", service) as second,
        ):

            async def both() -> list[Counter[int]]:
                ports = (first.ports["PROXY"], second.ports["PROXY"])
                return await asyncio.gather(*(crowd(port, "/limited", 200) for port in ports))

            found = asyncio.run(both())
            assert sum(found, Counter()) == Counter({200: 150, 429: 250})
            assert server.total() == 150


def test_notes_compared_now_and_then(tmp_path: Path) -> None:
    """With a sync_rate each node counts alone in between, and learns what the others counted."""
    with RedisServer(tmp_path) as server:
        service = limited(year=20, sync_rate=0.1, redis={"port": server.port})
        with (
            node(tmp_path / "first.yml", service) as first,
            node(tmp_path / "second.yml", service) as second,
        ):
            assert [ask(first).status for _ in range(15)] == [200] * 15
            eventually(lambda: server.total() == 15, "the first node's notes")
            asked: list[int] = []

            def knows() -> bool:
                asked.append(int(ask(second).headers["x-ratelimit-remaining-year"]))
                return asked[-1] <= 20 - 15 - len(asked)

            eventually(knows, "the second node to hear of it")
            eventually(lambda: server.total() == 15 + len(asked), "the second node's notes")
            for gateway in (first, second):
                eventually(lambda one=gateway: ask(one).status == 429, "the limit")
            assert server.total() >= 20


def test_what_is_not_sent_yet_is_sent_at_the_end(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server:
        with node(tmp_path / "kong.yml", limited(sync_rate=3600, redis={"port": server.port})) as gateway:
            assert [ask(gateway).status for _ in range(5)] == [200] * 5
            assert server.total() == 0
        assert server.total() == 5


def test_never_comparing_notes_is_counting_alone(tmp_path: Path) -> None:
    def scenario(attempt: int) -> None:
        with RedisServer(tmp_path / f"redis-{attempt}") as server, Spender() as spender:
            limit = token_limit(100, HOUR, strategy="redis", sync_rate=-1, redis={"port": server.port})
            with node(tmp_path / f"kong-{attempt}.yml", chat_service("chat", spender.url, limit)) as gateway:
                assert [gateway.chat("/chat", "60 0").status for _ in range(3)] == [200, 200, 429]
            assert server.total() == 0

    within_one_window(HOUR, scenario)


def test_not_without_redis(tmp_path: Path) -> None:
    """fault_tolerant: false is Kong's 500 while Redis is away, and no request of that time is counted."""
    with RedisServer(tmp_path) as server:
        service = limited(fault_tolerant=False, redis={"port": server.port})
        with node(tmp_path / "kong.yml", service, KONG_NGINX_WORKER_PROCESSES="1") as gateway:
            assert ask(gateway).status == 200
            server.kill()
            for _ in range(3):
                got = ask(gateway)
                assert (got.status, got.json["message"]) == (500, "An unexpected error occurred")
                assert "x-ratelimit-remaining-year" not in got.headers
            server.start()
            eventually(lambda: ask(gateway).status == 200, "Redis to be noticed")
            assert ask(gateway).headers["x-ratelimit-remaining-year"] == f"{100 - server.total():g}"


def test_a_redis_that_was_never_there(tmp_path: Path) -> None:
    """Requests pass and are limited by the node; what was counted is sent when Redis comes."""
    server = RedisServer(tmp_path)
    service = limited(year=3, redis={"port": server.port})
    with node(tmp_path / "kong.yml", service) as gateway:
        assert [ask(gateway).status for _ in range(5)] == [200, 200, 200, 429, 429]
        with server:
            eventually(lambda: server.total() == 3, "what was counted meanwhile")
            assert ask(gateway).status == 429
            eventually(lambda: "answers again" in gateway.log.read_text(), "the log")
    assert gateway.log.read_text().count("does not answer") == 1
    assert gateway.log.read_text().count("answers again") == 1
