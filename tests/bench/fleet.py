"""What docs/fleet.md counts with: CPU time per request and per stream of a gateway that shares its limits through a
Redis, of that Redis, and memory per open stream.

    PYTHONPATH=gateway_image:tests python tests/bench/fleet.py [--seconds S] [--rounds N]

One gateway with one worker on one core; load, provider and Redis on another. Prints a table and the arithmetic; it
judges nothing. Not for: the gateway beside nginx (costs.py).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import nginx_parts, scenes
from bench.measuring import GATEWAY_CORE, LOAD_CORE, await_answer, cpu_seconds, load, missing, pinned, worker_bytes
from support.certificates import make_authority, make_certificate
from support.gateway_process import LISTENERS, free_ports
from support.house import ROOT
from support.redis_servers import RedisServer

STREAMS = 500
CONNECTIONS = (1, 32, 256)
Json = dict[str, Any]


def limit(port: int) -> Json:
    entry = {"name": "openai", "limit": [1_000_000_000_000], "window_size": [3600]}
    redis = {"host": "127.0.0.1", "port": port}
    return {
        "name": "ai-rate-limiting-advanced",
        "config": {"llm_providers": [entry], "strategy": "redis", "redis": redis, "identifier": "service"},
    }


def configuration(provider: int, held: int, redis: int) -> Json:
    """/chat and /stream alone, the same with a limit that is shared, and /held, whose streams do not end."""
    chat = f"http://127.0.0.1:{provider}/v1/chat/completions"
    stream = f"http://127.0.0.1:{provider}/stream"
    routes = [
        scenes.route("chat", chat),
        scenes.route("stream", stream),
        scenes.route("chat-shared", chat, limit(redis)),
        scenes.route("stream-shared", stream, limit(redis)),
        scenes.route("held", f"http://127.0.0.1:{held}/v1/chat/completions"),
    ]
    return {
        "_format_version": "3.0",
        "services": [{"name": "models", "url": f"http://127.0.0.1:{provider}", "routes": routes}],
    }


@dataclass
class Fleet:
    """One node and its Redis."""

    url: str
    gateway: subprocess.Popen[bytes]
    redis: RedisServer
    held: int
    folder: Path

    def redis_cpu(self) -> float:
        with contextlib.closing(self.redis.client()) as client:
            told = client.info("cpu")
        return float(told["used_cpu_user"]) + float(told["used_cpu_sys"])

    def batches(self) -> int:
        with contextlib.closing(self.redis.client()) as client:
            return int(client.info("commandstats").get("cmdstat_evalsha", {}).get("calls", 0))


@contextlib.contextmanager
def fleet(folder: Path) -> Iterator[Fleet]:
    provider, tls, held, port = free_ports(4)
    running: list[subprocess.Popen[bytes]] = []
    with RedisServer(folder, "--appendfsync", "everysec") as redis:
        try:
            pair = make_certificate(folder, make_authority(folder))
            command = nginx_parts.provider(folder / "provider", provider, tls, pair.certificate, pair.key)
            running.append(pinned(LOAD_CORE, command, folder / "provider.log"))
            await_answer(f"http://127.0.0.1:{provider}/", b"", {})
            file = folder / "kong.json"
            file.write_text(json.dumps(configuration(provider, held, redis.port)))
            environment = os.environ | {f"KONG_{listener}_LISTEN": "off" for listener in LISTENERS}
            environment |= {
                "KONG_PROXY_LISTEN": f"127.0.0.1:{port} backlog=4096",
                "KONG_DECLARATIVE_CONFIG": str(file),
                "KONG_NGINX_WORKER_PROCESSES": "1",
                "KONG_PROXY_ACCESS_LOG": str(folder / "access.log"),
                "PYTHONPATH": str(ROOT / "gateway_image"),
            }
            gateway = pinned(
                GATEWAY_CORE, [sys.executable, "-m", "gateway", "start"], folder / "gateway.log", env=environment
            )
            running.append(gateway)
            url = f"http://127.0.0.1:{port}"
            await_answer(f"{url}/chat", scenes.CHAT.body.encode(), {"content-type": "application/json"})
            yield Fleet(url, gateway, redis, held, folder)
        finally:
            for process in reversed(running):
                process.send_signal(signal.SIGTERM)
                process.wait(20)


@dataclass(frozen=True)
class Measured:
    """Microseconds of CPU per request, and requests per run of the script in Redis."""

    gateway: float
    redis: float
    batch: float
    trouble: str


def measure(node: Fleet, path: str, ask: scenes.Ask, connections: int, rounds: int, seconds: int) -> Measured:
    script = ask.script(node.folder)
    load(node.url + path, script, 1, connections)
    found: list[tuple[float, float, float]] = []
    trouble = ""
    for _ in range(rounds):
        before = cpu_seconds(node.gateway.pid), node.redis_cpu(), node.batches()
        told = load(node.url + path, script, seconds, connections)
        after = cpu_seconds(node.gateway.pid), node.redis_cpu(), node.batches()
        trouble = trouble or told.trouble
        batches = after[2] - before[2]
        found.append(
            (
                (after[0] - before[0]) / told.requests * 1e6,
                (after[1] - before[1]) / told.requests * 1e6,
                told.requests / batches if batches else 0.0,
            )
        )
    middle = [statistics.median(column) for column in zip(*found, strict=True)]
    return Measured(middle[0], middle[1], middle[2], trouble)


async def open_streams(node: Fleet) -> float:
    """Bytes of memory that each of many open streams takes in a worker."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    event = nginx_parts.chat_events()[0].encode()
    release = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(head + b"%x\r\n%b\r\n" % (len(event), event))
            await writer.drain()
            await release.wait()
        writer.close()

    body = scenes.STREAM.body.encode()
    request = b"POST /held HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
    port = int(node.url.rpartition(":")[2])
    server = await asyncio.start_server(serve, "127.0.0.1", node.held, backlog=STREAMS)
    async with server:
        before = worker_bytes(node.gateway.pid)
        writers = []
        for _ in range(STREAMS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request % (len(body), body))
            await reader.readuntil(b"word0")
            writers.append(writer)
        grown = worker_bytes(node.gateway.pid) - before
        release.set()
        for writer in writers:
            writer.close()
    return grown / STREAMS


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    told = parser.parse_args()
    if why := missing():
        print(why)
        return 0
    with tempfile.TemporaryDirectory(prefix="bench-fleet-") as name, fleet(Path(name)) as node:
        each = asyncio.run(open_streams(node))
        print("| work | connections | gateway, us | Redis, us | requests per round trip |\n|---|---|---|---|---|")
        costs: dict[tuple[str, int], Measured] = {}
        for path, ask in (("/chat", scenes.CHAT), ("/chat-shared", scenes.CHAT), ("/stream", scenes.STREAM)):
            for connections in CONNECTIONS if path != "/stream" else CONNECTIONS[1:2]:
                one = costs[path, connections] = measure(node, path, ask, connections, told.rounds, told.seconds)
                shown = f"{one.batch:.1f}" if "shared" in path else ""
                redis = f"{one.redis:.1f}" if "shared" in path else ""
                print(f"| {path} | {connections} | {one.gateway:.1f} | {redis} | {shown} | {one.trouble}")
        one = measure(node, "/stream-shared", scenes.STREAM, 32, told.rounds, told.seconds)
        print(f"| /stream-shared | 32 | {one.gateway:.1f} | {one.redis:.1f} | {one.batch:.1f} | {one.trouble}")
        print(f"\nmemory of an open stream: {each / 1024:.1f} KiB ({STREAMS} at once)")
        busy = costs["/chat-shared", 256]
        print(f"one core of gateway: {1e6 / busy.gateway:,.0f} requests/s; one Redis: {1e6 / busy.redis:,.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
