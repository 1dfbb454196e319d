"""What is no cost per request: the time that is added to a stream's first byte, the start, memory after many requests.
Not for: costs (costs.py), a second worker (scaling.py), endurance (soak).
"""

from __future__ import annotations

import socket
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from bench import nginx_parts, scaling, scenes
from bench.costs import Systems, systems
from bench.measuring import load, worker_bytes
from bench.scenes import GATEWAY, NGINX

MILLION = 1_000_000
PLAIN = "1 route"
FRESH_MB = 30
START_SECONDS = 0.4


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
    added = f"{gateway - nginx:+.0f} us (+30 wanted: {_verdict(gateway - nginx <= 30)})"
    yield f"- first byte of a stream: {gateway:.0f} us, nginx {nginx:.0f} us: {added}"


def fresh_memory(made: Systems) -> Iterator[str]:
    """Of workers that have answered one request."""
    for name, what in ((PLAIN, "one chat route"), (GATEWAY, "every plugin of the rows, and RE2 for the guard")):
        size = worker_bytes(made.running[name][1].pid) / (1 << 20)
        yield f"- memory of a fresh worker, {what}: {size:.1f} MB ({FRESH_MB} wanted: {_verdict(size <= FRESH_MB)})"


def memory(made: Systems, requests: int) -> Iterator[str]:
    """Of the worker: once buffers and caches have their size, and after many requests."""
    url, process = made.running[GATEWAY]
    script = scenes.CHAT.script(made.folder)
    load(url + "/chat", script, 5)
    warm = worker_bytes(process.pid)
    done = 0
    while done < requests:
        done += load(url + "/chat", script, 10).requests
    yield told_memory(warm, worker_bytes(process.pid), done)


def told_memory(warm: int, after: int, requests: int) -> str:
    growth = (after - warm) / warm
    sizes = f"{warm / (1 << 20):.1f} MB once warm, {after / (1 << 20):.1f} MB after {requests:,} requests"
    return f"- memory of a worker, later: {sizes}: {growth:+.1%} (+5 % wanted: {_verdict(growth <= 0.05)})"


def starts(made: Systems, first: float, rounds: int) -> Iterator[str]:
    """From nothing to the first answer of a chat; `first`: the seconds of the one that is running."""
    took = statistics.median([first, *(made.start(f"{GATEWAY} {number}") for number in range(1, rounds))])
    verdict = _verdict(took <= START_SECONDS)
    yield f"- start to the first answer: {took:.2f} s ({START_SECONDS} wanted: {verdict})"


def _verdict(holds: bool) -> str:
    return "holds" if holds else "missed"


def lines(rounds: int, requests: int = MILLION) -> Iterator[str]:
    """All of it, as it is measured."""
    with systems([GATEWAY, PLAIN, NGINX]) as (made, seconds):
        yield from fresh_memory(made)
        if nginx_parts.has_lua():
            yield from added_to_first_byte(made, rounds)
        yield from starts(made, seconds[GATEWAY], rounds)
        yield from memory(made, requests)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        yield from scaling.two_workers(Path(folder), rounds)
