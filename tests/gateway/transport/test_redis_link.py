"""A link to real servers: what it runs, why it does not, and what never shows in a reason. Every kind of store is
proved with whole gateways in tests/integration/test_limits_redis.py."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from support.certificates import make_authority, make_certificate
from support.gateway_process import eventually, free_ports
from support.house import ROOT
from support.redis_servers import MASTER, RedisServer, Sentinels

from gateway.transport.redis_link import Link, LinkError, shown
from gateway.transport.redis_script import Batch
from gateway.values import Count, RedisStore

SECRET = "canary-5d21"
NOW = 1000.0


def batch(number: int) -> tuple[list[bytes], list[bytes]]:
    one = Batch(number, b"ai-gateway:{}:sent:me")
    one.charges.append(Count(b"{t}:a", 7, 2.0, 10.0, 0.0, NOW + 60))
    return one.written(NOW)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path, "--requirepass", SECRET) as running:
        yield running


def store(port: int, password: str = SECRET, **more: object) -> RedisStore:
    return RedisStore(port=port, password=password, **more)  # type: ignore[arg-type]


def run(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(work())  # type: ignore[arg-type]


@pytest.mark.redis
def test_it_runs_the_script_whether_or_not_redis_knows_it(server: RedisServer) -> None:
    async def work() -> None:
        link = Link(store(server.port))
        assert await link.run(*batch(1)) == [b"2", b"0"]
        assert await link.run(*batch(2)) == [b"4", b"0"]
        server.client().script_flush()
        assert await link.run(*batch(3)) == [b"6", b"0"]
        await link.close()

    run(work)


@pytest.mark.redis
def test_a_broken_connection_says_whether_it_had_worked(server: RedisServer) -> None:
    async def work() -> None:
        link = Link(store(server.port))
        await link.run(*batch(1))
        server.kill()
        with pytest.raises(LinkError) as broken:
            await link.run(*batch(2))
        with pytest.raises(LinkError) as refused:
            await link.run(*batch(2))
        assert (broken.value.kept, refused.value.kept) == (True, False)
        server.start()
        assert await link.run(*batch(2)) == [b"4", b"0"]
        await link.close()

    run(work)


@pytest.mark.redis
def test_a_reason_is_one_line_without_secrets(server: RedisServer) -> None:
    async def work() -> None:
        wrong = store(server.port, SECRET + "-wrong")
        for one in (wrong, store(free_ports(1)[0]), store(server.port, "")):
            link = Link(one)
            with pytest.raises(LinkError) as refused:
                await link.run(*batch(1))
            await link.close()
            text = str(refused.value)
            assert text and "\n" not in text and SECRET not in text
        assert SECRET not in repr(wrong)

    run(work)


@pytest.mark.redis
@pytest.mark.parametrize("name", ["", "redis.internal"])
def test_a_sentinel_with_tls_and_passwords_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    authority = make_authority(tmp_path)
    pair = make_certificate(tmp_path, authority, name or "localhost")
    with RedisServer(tmp_path, "--requirepass", SECRET, tls=pair) as server:
        port = free_ports(1)[0]
        file = tmp_path / "sentinel.conf"
        file.write_text(
            f"port 0\ntls-port {port}\ntls-auth-clients no\ntls-replication yes\nbind 127.0.0.1\ndir {tmp_path}\n"
            f"tls-cert-file {pair.certificate}\ntls-key-file {pair.key}\ntls-ca-cert-file {authority.certificate}\n"
            f"requirepass watch-{SECRET}\nsentinel monitor {MASTER} 127.0.0.1 {server.port} 1\n"
            f"sentinel auth-pass {MASTER} {SECRET}\n"
        )
        command = ["redis-server", str(file), "--sentinel"]
        with (tmp_path / "sentinel.log").open("wb") as log:
            sentinel = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        told = RedisStore(
            password=SECRET,
            tls=True,
            verify=True,
            server_name=name,
            sentinels=(("127.0.0.1", port),),
            sentinel_master=MASTER,
            sentinel_password=f"watch-{SECRET}",
        )

        async def answer() -> list[bytes]:
            link = Link(told)
            try:
                return await link.run(*batch(1))
            except LinkError:
                return []
            finally:
                await link.close()

        monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
        try:
            eventually(lambda: asyncio.run(answer()) == [b"2", b"0"], "the Sentinel to name its master")
        finally:
            sentinel.kill()
            sentinel.wait()


def waits(server: RedisServer) -> int:
    """How often it was asked to wait for a replica."""
    found = server.client().info("commandstats").get("cmdstat_wait", {})
    return int(found.get("calls", 0))


@pytest.mark.redis
def test_what_was_answered_is_known_to_a_replica(tmp_path: Path) -> None:
    """So the next master has it, however suddenly the present one dies."""
    with Sentinels(tmp_path) as sentinels:
        told = RedisStore(sentinels=tuple(("127.0.0.1", port) for port in sentinels.ports), sentinel_master=MASTER)
        master, *replicas = sentinels.servers

        async def work() -> None:
            link = Link(told)
            for number in range(1, 101):
                assert await link.run(*batch(number)) == [b"%d" % (2 * number), b"0"]
                assert max(replica.total() for replica in replicas) == 2 * number
            assert waits(master) == 101  # the script was not known the first time
            for replica in replicas:
                replica.send(signal.SIGSTOP)
            # nobody to wait for: once a second in vain, else without
            for number in range(101, 121):
                assert await link.run(*batch(number)) == [b"%d" % (2 * number), b"0"]
            assert 102 <= waits(master) < 110
            await link.close()

        run(work)


@pytest.mark.redis
def test_a_user_who_may_not_wait_for_replicas_counts_all_the_same(tmp_path: Path) -> None:
    with Sentinels(tmp_path) as sentinels:
        for server in sentinels.servers:
            rights = f"limits on >{SECRET} ~ai-gateway:* -@all +evalsha +eval +get +set +incrbyfloat +pexpire"
            server.client().execute_command("ACL", "SETUSER", *rights.split())
        told = RedisStore(
            username="limits",
            password=SECRET,
            sentinels=tuple(("127.0.0.1", port) for port in sentinels.ports),
            sentinel_master=MASTER,
        )

        async def work() -> None:
            link = Link(told)
            assert await link.run(*batch(1)) == [b"2", b"0"]
            assert await link.run(*batch(2)) == [b"4", b"0"]
            await link.close()

        run(work)


def test_sentinels_that_know_no_master_are_told_in_short() -> None:
    async def work() -> None:
        port = free_ports(1)[0]
        link = Link(RedisStore(sentinels=(("127.0.0.1", port),), sentinel_master=MASTER, sentinel_password=SECRET))
        with pytest.raises(LinkError, match=f"no Sentinel that answers knows a living master {MASTER}"):
            await link.run(*batch(1))
        await link.close()

    run(work)


def test_stores_are_shown_by_their_addresses() -> None:
    assert shown(RedisStore(host="::1", password=SECRET)) == "Redis at [::1]:6379"
    assert shown(RedisStore(sentinels=(("a", 1), ("b", 2)), sentinel_master="m")) == (
        "the Redis m of the Sentinels a:1, b:2"
    )
    assert shown(RedisStore(cluster=(("a", 1), ("b", 2)))) == "the Redis Cluster of a:1, b:2"


def test_the_client_library_is_loaded_only_when_a_redis_is_used() -> None:
    """It costs memory and time that a gateway without Redis has better uses for."""
    code = "import sys, gateway.transport.worker; print('redis' in sys.modules)"
    path = {"PYTHONPATH": str(ROOT / "gateway_image")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=path)
    assert done.stdout.strip() == "False", done.stderr
