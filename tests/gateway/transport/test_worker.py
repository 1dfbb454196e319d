"""A worker process by itself, with the test in the place of the control process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
from support.house import ROOT
from support.proxy_bench import Client, run
from support.raw_upstream import RawUpstream

from gateway.counters import Counters
from gateway.entities import Config
from gateway.health_marks import HealthMarks
from gateway.transport.channel import Channel


class Control:
    """The test's end of the channel."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.lost = asyncio.Event()
        self.channel = Channel(self.messages.put_nowait, self.lost.set)
        self.process: asyncio.subprocess.Process | None = None
        self.port = 0

    async def said(self, word: str) -> dict[str, Any]:
        while True:
            message = await self.messages.get()
            if message["said"] == word:
                return message


@contextlib.asynccontextmanager
async def worker(config: Config, **environment: str) -> AsyncIterator[Control]:
    control = Control()
    counters, marks = Counters.create(), HealthMarks.create()
    ours, theirs = socket.socketpair()
    listener = socket.create_server(("127.0.0.1", 0))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KONG_")}
    control.process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "worker", str(theirs.fileno())),
        pass_fds=(theirs.fileno(), counters.descriptor, marks.descriptor, listener.fileno()),
        env={**kept, "PYTHONPATH": str(ROOT / "gateway_image"), "KONG_PROXY_ACCESS_LOG": "off", **environment},
    )
    theirs.close()
    control.port = listener.getsockname()[1]
    await asyncio.get_running_loop().create_connection(lambda: control.channel, sock=ours)
    control.channel.send(
        {
            "do": "begin",
            "generation": 1,
            "config": config.collections,
            "counters": counters.descriptor,
            "marks": marks.descriptor,
            "listeners": [[listener.fileno(), 8000, False]],
        }
    )
    try:
        yield control
    finally:
        control.channel.close()
        if control.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                control.process.kill()
        await control.process.wait()
        listener.close()
        counters.close()
        marks.close()


def config(port: int, path: str = "/a") -> Config:
    service = {"name": "s", "url": f"http://127.0.0.1:{port}", "routes": [{"name": "r", "paths": [path]}]}
    return Config.from_declarative({"_format_version": "3.0", "services": [service]})


async def connect(control: Control) -> Client:
    return Client(*await asyncio.open_connection("127.0.0.1", control.port))


def test_it_serves_once_it_is_ready() -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream, worker(config(upstream.port)) as control:
            await control.said("ready")
            client = await connect(control)
            assert (await client.ask(b"/a"))[1] == b'{"ok":true}'
            assert any(line.lower() == b"x-forwarded-port: 8000" for line in upstream.arrived[0].lines)

    run(scene())


def test_a_prepared_configuration_waits_for_its_commit() -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream, worker(config(upstream.port)) as control:
            await control.said("ready")
            client = await connect(control)
            new = config(upstream.port, "/b").collections
            control.channel.send({"do": "prepare", "generation": 2, "config": new})
            assert (await control.said("prepared"))["generation"] == 2
            assert (await client.ask(b"/b"))[0].startswith(b"HTTP/1.1 404 ")
            control.channel.send({"do": "discard", "generation": 2})
            control.channel.send({"do": "commit", "generation": 2})
            assert (await control.said("committed"))["generation"] == 1
            assert (await client.ask(b"/b"))[0].startswith(b"HTTP/1.1 404 ")
            control.channel.send({"do": "prepare", "generation": 3, "config": new})
            control.channel.send({"do": "commit", "generation": 3})
            await control.said("committed")
            assert (await client.ask(b"/b"))[0].startswith(b"HTTP/1.1 200 ")

    run(scene())


def test_it_tells_what_is_wrong() -> None:
    async def scene() -> None:
        broken = config(1)
        (service,) = broken.collections["services"].values()
        broken.collections["plugins"]["p"] = {
            "enabled": True,
            "name": "no-such-plugin",
            "config": {},
            "service": service,
        }
        async with worker(broken) as control:
            message = await control.said("refused")
            assert message["generation"] == 1
            assert message["message"]

    run(scene())


@pytest.mark.parametrize("how", ["vanish", "drain", "SIGTERM"])
def test_it_ends_with_the_control_process_or_when_told_to(how: str) -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream, worker(config(upstream.port)) as control:
            await control.said("ready")
            idle = await connect(control)
            await idle.ask(b"/a")
            assert control.process is not None
            if how == "vanish":
                control.channel._transport.abort()
            elif how == "drain":
                control.channel.send({"do": "drain"})
            else:
                control.process.send_signal(signal.SIGTERM)
            assert await control.process.wait() == 0
            assert await idle.rest() == b""

    run(scene())


def test_signals_for_the_whole_group_are_left_to_the_control_process() -> None:
    async def scene() -> None:
        async with RawUpstream() as upstream, worker(config(upstream.port)) as control:
            await control.said("ready")
            assert control.process is not None
            control.process.send_signal(signal.SIGINT)
            control.process.send_signal(signal.SIGHUP)
            assert (await (await connect(control)).ask(b"/a"))[0].startswith(b"HTTP/1.1 200 ")

    run(scene())


def test_the_access_log_is_written_at_the_latest_at_the_end(tmp_path: Any) -> None:
    async def scene() -> None:
        log = tmp_path / "access.log"
        async with RawUpstream() as upstream, worker(config(upstream.port), KONG_PROXY_ACCESS_LOG=str(log)) as control:
            await control.said("ready")
            await (await connect(control)).ask(b"/a")
            control.channel.send({"do": "drain"})
            assert control.process is not None
            await control.process.wait()
            assert b'"status":200' in log.read_bytes()

    run(scene())
