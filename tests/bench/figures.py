"""What is no cost per request: the time that is added to a stream's first byte, memory after many requests, what a
second worker brings. Not for: costs (costs.py), endurance (soak).
"""

from __future__ import annotations

import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from bench import nginx_parts, scenes
from bench.costs import Systems, systems
from bench.measuring import load, resident_bytes
from bench.scenes import GATEWAY, NGINX
from support.gateway_process import free_ports

MILLION = 1_000_000


def first_byte(url: str, body: bytes, times: int) -> float:
    """Median seconds from a request's last byte to the first byte of the answer's body, one connection."""
    place = urlsplit(url)
    head = f"POST {place.path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    request = head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body
    took = []
    with socket.create_connection((place.hostname or "", place.port or 80), 20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(times):
            started = time.perf_counter()
            connection.sendall(request)
            got = connection.recv(65536)
            while b"data:" not in got:
                got += connection.recv(65536)
            took.append(time.perf_counter() - started)
            while b"0\r\n\r\n" not in got[-16:]:
                got = got[-16:] + connection.recv(65536)
    return statistics.median(took)


def added_to_first_byte(made: Systems, rounds: int) -> Iterator[str]:
    """Beside nginx, turn and turn about."""
    body = scenes.STREAM.body.encode()
    seen: dict[str, list[float]] = {GATEWAY: [], NGINX: []}
    for number in range(rounds):
        for name in list(seen) if number % 2 else list(reversed(seen)):
            seen[name].append(first_byte(made.running[name][0] + "/stream", body, 200))
    gateway, nginx = (statistics.median(seen[name]) * 1e6 for name in (GATEWAY, NGINX))
    verdict = "holds" if gateway - nginx <= 30 else "missed"
    added = f"{gateway - nginx:+.0f} us (+30 wanted: {verdict})"
    yield f"- first byte of a stream: {gateway:.0f} us, nginx {nginx:.0f} us: {added}"


def memory(made: Systems, requests: int) -> Iterator[str]:
    """Of the worker, before and after many requests."""
    url, process = made.running[GATEWAY]
    script = scenes.CHAT.script(made.folder)
    load(url + "/chat", script, 5)  # buffers and caches have their size from here on
    before = resident_bytes(process.pid)
    done = 0
    while done < requests:
        done += load(url + "/chat", script, 10).requests
    after = resident_bytes(process.pid)
    growth = (after - before) / before
    verdict = "holds" if growth <= 0.05 else "missed"
    size = f"{before / (1 << 20):.1f} MB, {after / (1 << 20):.1f} MB after {done:,} requests"
    yield f"- memory of a worker: {size}: {growth:+.1%} (+5 % wanted: {verdict})"


def two_workers(folder: Path) -> Iterator[str]:
    """What a second worker brings, and what it brings nginx: the machine's limit, because the load needs cores too."""
    rates = {}
    with systems([NGINX]) as (made, _):
        script = scenes.CHAT.script(folder)
        for name in ("nginx", "gateway"):
            for workers in (1, 2):
                url, process = _free(made, name, workers)
                try:
                    load(url, script, 1)
                    rates[name, workers] = statistics.median(load(url, script, 3).per_second for _ in range(3))
                finally:
                    process.send_signal(signal.SIGTERM)
                    process.wait(20)
    for name in ("gateway", "nginx"):
        one, two = rates[name, 1], rates[name, 2]
        told = f"{one:,.0f} requests/s with one worker, {two:,.0f} with two ({two / one:.2f} x)"
        yield f"- {name}: {told}, the load on the same cores"


def _free(made: Systems, name: str, workers: int) -> tuple[str, subprocess.Popen[bytes]]:
    """A system that may use every core."""
    (port,) = free_ports(1)
    if name == "nginx":
        folder = made.folder / f"nginx{workers}"
        command = nginx_parts.limit(folder, port, made.provider_port, made.tls_port)
        conf = folder / "nginx.conf"
        conf.write_text(
            conf.read_text().replace("master_process off;", f"master_process on; worker_processes {workers};")
        )
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        return made.answering(f"http://127.0.0.1:{port}{scenes.COMPLETIONS}"), process
    file = made.folder / f"gateway{workers}.json"
    file.write_text(scenes.many_routes(made.provider_port, 1))
    environment = made.environment(file, port, workers)
    with (made.folder / "gateway.out").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", "gateway", "start"], env=environment, stdout=log, stderr=log)
    return made.answering(f"http://127.0.0.1:{port}/chat"), process


def lines(rounds: int, requests: int = MILLION) -> Iterator[str]:
    """All of it, as it is measured."""
    with systems([GATEWAY, NGINX]) as (made, _):
        if nginx_parts.has_lua():
            yield from added_to_first_byte(made, rounds)
        yield from memory(made, requests)
        if len(os.sched_getaffinity(0)) > 1:
            yield from two_workers(made.folder)
