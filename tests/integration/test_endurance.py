"""Short forms of `make soak`, and what a machine may do to a gateway: kill it, fill its disk, take its descriptors."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import kong_file
from support.gateway_process import GatewayProcess, ask, eventually
from support.process_tree import children, of_tree
from support.stream_crowd import Crowd, NumberedUpstream

pytestmark = pytest.mark.timeout(120)
PATH = "/openai/chat"
LIMITED = {"name": "rate-limiting", "config": {"hour": 1000, "policy": "local", "limit_by": "ip"}}


async def in_thread(work: Any, *arguments: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(None, work, *arguments)


@contextlib.asynccontextmanager
async def served(folder: Path, workers: int = 2, **more: Any) -> Any:
    """A gateway before a NumberedUpstream, which both end with the block."""
    async with NumberedUpstream() as upstream:
        url = f"http://127.0.0.1:{upstream.port}/v1/chat/completions"
        service = {**kong_file.service("openai", url, "m"), "read_timeout": 2000, "retries": 0}
        file = kong_file.write(folder / "kong.yml", service, **more)
        gateway = GatewayProcess(file, {"KONG_NGINX_WORKER_PROCESSES": str(workers)})
        await in_thread(gateway.__enter__)
        try:
            yield gateway, upstream
        finally:
            await in_thread(gateway.stop)


async def under_way(upstream: NumberedUpstream, count: int) -> None:
    """Waits until so many streams are being answered."""
    while upstream.open < count:
        await asyncio.sleep(0.02)


def test_no_event_is_lost_or_reordered_and_every_break_is_told(tmp_path: Path) -> None:
    async def scene() -> None:
        async with served(tmp_path) as (gateway, _):
            crowd = Crowd(gateway.ports["PROXY"], PATH, 60, events=20, pace=0.01, fault_every=10)
            await asyncio.gather(*(crowd.one() for _ in range(240)))
            told = crowd.told
            assert told.wrong == [] and not told.refused and not told.cut
            assert (told.whole, told.broken) == (216, 24)
            idle = of_tree(gateway.process.pid)
            for _ in range(3):
                await asyncio.gather(*(crowd.one() for _ in range(240)))
            for before, after in zip(idle, of_tree(gateway.process.pid), strict=True):
                assert after.threads <= before.threads + 2  # the loop's own, for names
                assert after.descriptors < 300  # kept connections, one for each of 240 streams at most
                assert after.memory < before.memory * 1.3

    asyncio.run(scene())


def test_a_killed_worker_takes_only_its_own_streams(tmp_path: Path) -> None:
    async def scene() -> None:
        async with served(tmp_path, plugins=[LIMITED]) as (gateway, upstream):
            proxy, pid = gateway.ports["PROXY"], gateway.process.pid
            crowd = Crowd(proxy, PATH, 40, events=60, pace=0.05, fault_every=0)
            running = [asyncio.ensure_future(crowd.one()) for _ in range(40)]
            await under_way(upstream, 40)
            before = children(pid)
            os.kill(before[0], signal.SIGKILL)
            await asyncio.gather(*running)
            told = crowd.told
            assert told.wrong == [] and not told.refused
            assert told.whole + told.cut == 40 and told.whole and told.cut
            await in_thread(eventually, lambda: len(set(children(pid)) - {before[0]}) == 2, "another worker")
            await asyncio.gather(*(crowd.one() for _ in range(20)))
            assert told.whole + told.cut == 60 and not told.wrong
            left = int((await in_thread(ask, proxy, "POST", PATH, {})).headers["x-ratelimit-remaining-hour"])
            assert left == 1000 - 61  # what the killed one counted is counted

    asyncio.run(scene())


def test_sigterm_lets_every_stream_end(tmp_path: Path) -> None:
    async def scene() -> None:
        async with served(tmp_path) as (gateway, upstream):
            crowd = Crowd(gateway.ports["PROXY"], PATH, 30, events=30, pace=0.05, fault_every=0)
            running = [asyncio.ensure_future(crowd.one()) for _ in range(30)]
            await under_way(upstream, 30)
            gateway.process.terminate()
            await asyncio.gather(*running)
            assert crowd.told.wrong == [] and crowd.told.whole == 30
            assert await in_thread(gateway.process.wait, 20) == 0

    asyncio.run(scene())


FEW = 96


def routed(port: int) -> bool:
    try:
        return ask(port, "GET", "/nothing").status == 404
    except OSError:  # of those that were taken and dropped while there were none left
        return False


def test_when_descriptors_run_out_it_goes_on_with_those_it_has(tmp_path: Path) -> None:
    file = kong_file.write(tmp_path / "kong.yml", kong_file.service("openai", "http://127.0.0.1:9/v1", "m"))
    with GatewayProcess(file, {"KONG_NGINX_WORKER_PROCESSES": "1"}) as gateway:
        before = of_tree(gateway.process.pid)[1]  # type: ignore[union-attr]
        resource.prlimit(before.pid, resource.RLIMIT_NOFILE, (FEW, FEW))
        address = ("127.0.0.1", gateway.ports["PROXY"])
        assert ask(gateway.ports["PROXY"], "GET", "/nothing").status == 404
        crowd = [socket.create_connection(address, 10) for _ in range(2 * FEW)]
        pid = gateway.process.pid  # type: ignore[union-attr]
        eventually(lambda: of_tree(pid)[1].descriptors >= FEW - 10, "the worker to have taken whom it could")
        worker = of_tree(pid)[1]
        assert ask(gateway.ports["ADMIN"], "GET", "/status").status == 200  # another process: not touched by it
        for one in crowd:
            one.close()
        eventually(lambda: routed(gateway.ports["PROXY"]), "the proxy to answer again")
        assert children(pid) == [worker.pid]


def services(gateway: GatewayProcess) -> set[str]:
    return {row["name"] for row in ask(gateway.ports["ADMIN"], "GET", "/services").json["data"]}


@pytest.fixture
def no_large_files() -> Iterator[None]:
    """What is started now cannot write more than 5 MiB to one file: as on a full disk, the write fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5 << 20, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("no_large_files")
def test_a_change_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "kong.yml"
    file.write_text('_format_version: "3.0"\n')
    settings = {"KONG_PREFIX": str(tmp_path / "prefix"), "KONG_NGINX_WORKER_PROCESSES": "1"}
    with GatewayProcess(file, {**settings, "KONG_PROXY_ACCESS_LOG": "off"}) as gateway:
        admin = gateway.ports["ADMIN"]
        assert ask(admin, "POST", "/services", {"name": "small", "host": "h.test"}).status == 201
        big = {"name": "big", "host": "h.test", "tags": [f"{number:04d}" + "x" * 900 for number in range(7000)]}
        refused = ask(admin, "POST", "/services", big)
        assert refused.status == 500 and "cannot be saved" in refused.json["message"]
        assert "KONG_PREFIX" in refused.json["message"]  # and what to do
        assert services(gateway) == {"small"}
        assert ask(admin, "POST", "/services", {"name": "other", "host": "h.test"}).status == 201
        gateway.process.kill()  # type: ignore[union-attr]
        gateway.process.wait()  # type: ignore[union-attr]
    with GatewayProcess(file, settings) as again:
        assert services(again) == {"small", "other"}


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to make a disk read-only")
def test_a_disk_that_became_read_only_changes_nothing(tmp_path: Path) -> None:
    file, disk = tmp_path / "kong.yml", tmp_path / "disk"
    file.write_text('_format_version: "3.0"\n')
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"nothing can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        with GatewayProcess(file, {"KONG_PREFIX": str(disk / "prefix"), "KONG_NGINX_WORKER_PROCESSES": "1"}) as gateway:
            admin = gateway.ports["ADMIN"]
            assert ask(admin, "POST", "/services", {"name": "before", "host": "h.test"}).status == 201
            subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
            refused = ask(admin, "POST", "/services", {"name": "lost", "host": "h.test"})
            assert refused.status == 500 and "Read-only file system" in refused.json["message"]
            assert services(gateway) == {"before"}
            subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
            assert ask(admin, "POST", "/services", {"name": "after", "host": "h.test"}).status == 201
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
