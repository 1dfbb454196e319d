"""Real worker processes: started, fed in two steps, replaced when they die."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from pathlib import Path

import pytest
from support.house import ROOT
from support.proxy_bench import Client, run
from support.raw_upstream import RawUpstream
from support.worker_processes import started

from gateway.entities import Config
from gateway.errors import ConfigError
from gateway.transport import workers as room
from gateway.transport.workers import WorkerError


def config(port: int, path: str = "/a", secret: str = "") -> Config:
    plugin = {
        "name": "ai-proxy",
        "config": {
            "route_type": "llm/v1/chat",
            "auth": {"header_name": "Authorization", "header_value": secret},
            "model": {"provider": "openai", "name": "m"},
        },
    }
    route = {"name": "r", "paths": [path], "plugins": [plugin] if secret else []}
    return Config.from_declarative(
        {
            "_format_version": "3.0",
            "services": [{"name": "s", "url": f"http://127.0.0.1:{port}", "routes": [route]}],
        }
    )


async def status(port: int, path: bytes = b"/a") -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    client = Client(reader, writer)
    head, _ = await client.ask(path, extra=b"Connection: close\r\n")
    client.close()
    return int(head.split(b" ")[1])


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "gateway_image"))
    monkeypatch.setenv("KONG_PROXY_ACCESS_LOG", "off")
    for name in [name for name in os.environ if name.startswith("KONG_") and name != "KONG_PROXY_ACCESS_LOG"]:
        monkeypatch.delenv(name)


def test_they_serve_and_all_take_a_new_configuration() -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream, started(config(upstream.port)) as (workers, port):
            assert workers.ready == 2
            assert [await status(port) for _ in range(8)] == [200] * 8
            await workers.publish(config(upstream.port, "/b"))
            assert [await status(port, b"/b") for _ in range(8)] == [200] * 8
            assert [await status(port, b"/a") for _ in range(8)] == [404] * 8

    run(scene())


def test_what_one_refuses_none_takes() -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream, started(config(upstream.port)) as (workers, port):
            with pytest.raises(ConfigError, match="unset-name"):
                await workers.publish(config(upstream.port, "/b", "{vault://env/unset-name}"))
            assert [await status(port) for _ in range(8)] == [200] * 8
            assert workers.config.collections == config(upstream.port).collections
            await workers.publish(config(upstream.port, "/c"))
            assert await status(port, b"/c") == 200

    run(scene())


def test_a_worker_that_dies_is_replaced_and_serves_the_newest() -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream, started(config(upstream.port)) as (workers, port):
            await workers.publish(config(upstream.port, "/b"))
            process = workers.members[0].process
            assert process is not None
            before = process.pid
            process.send_signal(signal.SIGKILL)
            while workers.ready == 2:
                await workers._wait_change()
            while workers.ready < 2:
                await workers._wait_change()
            after = workers.members[0].process
            assert after is not None
            assert after.pid != before
            assert [await status(port, b"/b") for _ in range(8)] == [200] * 8

    run(scene())


def test_their_heaps_keep_what_a_large_body_took_unless_somebody_knows_better(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MALLOC_MMAP_THRESHOLD_", "4096")
    monkeypatch.delenv("MALLOC_TRIM_THRESHOLD_", raising=False)

    async def scene() -> None:
        async with RawUpstream() as upstream, started(config(upstream.port)) as (workers, _):
            process = workers.members[0].process
            assert process is not None
            told = Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
            assert b"MALLOC_TRIM_THRESHOLD_=8388608" in told
            assert b"MALLOC_MMAP_THRESHOLD_=4096" in told

    run(scene())


def test_a_worker_that_is_there_and_silent_is_replaced(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(room, "PULSE_SECONDS", 0.1)
    monkeypatch.setattr(room, "HUNG_SECONDS", 1.0)
    monkeypatch.setattr(room, "GRACE_SECONDS", 1.0)

    async def scene() -> None:
        async with RawUpstream() as upstream, started(config(upstream.port)) as (workers, port):
            silent, well = (member.process for member in workers.members)
            assert silent is not None and well is not None
            silent.send_signal(signal.SIGSTOP)
            while workers.ready == 2:
                await workers._wait_change()
            while workers.ready < 2:
                await workers._wait_change()
            assert silent.returncode == -signal.SIGKILL
            assert workers.members[1].process is well and well.returncode is None
            assert [await status(port) for _ in range(8)] == [200] * 8

    run(scene())
    assert "worker 0 was silent for 2 s: it is killed" in [record.getMessage() for record in caplog.records]


def test_no_worker_is_taken_for_silent_because_the_control_process_stood_still(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(room, "PULSE_SECONDS", 0.01)
    monkeypatch.setattr(room, "HUNG_SECONDS", 0.2)

    async def scene() -> None:
        async with RawUpstream() as upstream, started(config(upstream.port)) as (workers, _):
            before = [member.process for member in workers.members]
            for _ in range(5):
                asked = workers._questions
                while workers._questions == asked:
                    await asyncio.sleep(0)
                threading.Event().wait(0.5)  # the whole loop stands still
                await asyncio.sleep(0.1)
            assert [member.process for member in workers.members] == before and workers.ready == 2

    run(scene())
    assert not caplog.records


def test_connections_wait_for_the_replacement() -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream, started(config(upstream.port), 1) as (workers, port):
            process = workers.members[0].process
            assert process is not None
            process.send_signal(signal.SIGKILL)
            await process.wait()
            assert await status(port) == 200

    run(scene())


def test_a_worker_that_dies_while_it_is_asked_leaves_all_on_the_old() -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream, started(config(upstream.port)) as (workers, port):
            process = workers.members[1].process
            assert process is not None
            process.send_signal(signal.SIGSTOP)
            publishing = asyncio.ensure_future(workers.publish(config(upstream.port, "/b")))
            await asyncio.sleep(0)
            process.send_signal(signal.SIGKILL)
            with pytest.raises(WorkerError, match="before it answered"):
                await publishing
            while workers.ready < 2:
                await workers._wait_change()
            assert [await status(port) for _ in range(8)] == [200] * 8

    run(scene())


def test_they_tell_what_they_counted() -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream, started(config(upstream.port)) as (workers, port):
            for _ in range(5):
                await status(port)
            while workers.statistics()["server"].get("total_requests", 0) < 5:
                await workers._wait_change()
            numbers = workers.statistics()
            assert numbers["server"]["connections_accepted"] == 5
            assert set(numbers["workers"]) == {member.process.pid for member in workers.members if member.process}
            assert all(memory > 1 << 20 for memory in numbers["workers"].values())

    run(scene())


def test_workers_that_end_at_once_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "DELAYS", (0.0, 0.0))

    async def scene() -> None:
        with pytest.raises(WorkerError, match="ended at once"):
            async with started(config(1), 2, (sys.executable, "-c", "import sys; sys.exit(3)")):
                pass

    run(scene())


def test_a_program_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "DELAYS", (0.0, 0.0))

    async def scene() -> None:
        with pytest.raises(WorkerError):
            async with started(config(1), 1, ("/no/such/program",)):
                pass

    run(scene())


def test_stopping_lets_requests_finish() -> None:
    async def scene() -> None:
        go = asyncio.Event()

        async def late(arrived: object, writer: asyncio.StreamWriter) -> None:
            await go.wait()
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

        async with RawUpstream(late) as upstream, started(config(upstream.port)) as (workers, port):
            asked = asyncio.ensure_future(status(port))
            await upstream.until(lambda: len(upstream.arrived) == 1)
            stopping = asyncio.ensure_future(workers.stop(5.0))
            await asyncio.sleep(0)
            go.set()
            assert await asked == 204
            await stopping
            assert [member.process.returncode for member in workers.members if member.process] == [0, 0]

    run(scene())
