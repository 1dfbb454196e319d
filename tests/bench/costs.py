"""CPU time per request of the gateway beside nginx: one interleaved run, medians.

Every system runs alone on one core, the load and the provider on another; the order is turned round every other round.
Not for: what is no cost per request (figures.py), endurance (soak).
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import nginx_parts, scenes
from bench.measuring import GATEWAY_CORE, LOAD_CORE, await_answer, cpu_seconds, load, pinned, worker_bytes
from bench.scenes import GATEWAY, NGINX, Row
from support.certificates import make_authority, make_certificate
from support.gateway_process import LISTENERS, free_ports
from support.house import ROOT

KONGS_SHARE = 0.25
ROUTES = {"1 route": 1, "100 routes": 100, "10,000 routes": 10_000}


@dataclass(frozen=True)
class Told:
    """A row as measured: microseconds of CPU per request, and the ratio of the rounds."""

    row: Row
    cost: float
    beside: float
    ratio: float
    trouble: str

    @property
    def holds(self) -> bool:
        return self.ratio <= self.row.most and not self.trouble

    def line(self) -> str:
        verdict = "holds" if self.holds else self.trouble or "missed"
        return (
            f"| {self.row.title} | {self.cost:.1f} us | {self.row.beside[0]}{_path(self.row)} {self.beside:.1f} us "
            f"| {self.ratio:.2f} x | {self.row.most:g} x | {verdict} |"
        )

    def line_beside_kong(self) -> str:
        """The same against what Kong was measured with; `row.kong` is not 0."""
        share = self.cost / self.row.kong
        verdict = self.trouble or ("holds" if share <= KONGS_SHARE else "missed")
        beside = f"Kong 3.9.1 {self.row.kong:g} us, measured before"
        return f"| {self.row.title} | {self.cost:.1f} us | {beside} | {share:.2f} x | {KONGS_SHARE:g} x | {verdict} |"


def _path(row: Row) -> str:
    return f" {row.beside[1]}" if row.beside[0] == row.system[0] else ""


class Systems:
    """What is running, by name: its first address and its process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: dict[str, tuple[str, subprocess.Popen[bytes]]] = {}
        self.provider_port, self.tls_port = free_ports(2)
        self._authority = make_authority(folder)
        self._pair = make_certificate(folder, self._authority)

    def start_provider(self) -> None:
        command = nginx_parts.provider(
            self.folder / "provider", self.provider_port, self.tls_port, self._pair.certificate, self._pair.key
        )
        self._keep("provider", self.provider_port, pinned(LOAD_CORE, command, self.folder / "provider.log"))
        await_answer(f"http://127.0.0.1:{self.provider_port}/", b"", {})

    def start(self, name: str) -> float:
        """Seconds until the first answer."""
        (port,) = free_ports(1)
        started = time.perf_counter()
        path = "/chat"
        if name == NGINX:
            path = scenes.COMPLETIONS
            command = nginx_parts.limit(self.folder / "limit", port, self.provider_port, self.tls_port)
            self._keep(name, port, pinned(GATEWAY_CORE, command, self.folder / "limit.log"))
        elif name == "nginx+lua":
            command = nginx_parts.lua_gateway(self.folder / "lua", port, self.provider_port)
            self._keep(name, port, pinned(GATEWAY_CORE, command, self.folder / "lua.log"))
        elif name in ROUTES:
            self._gateway(name, port, scenes.many_routes(self.provider_port, ROUTES[name]))
        else:
            self._gateway(name, port, scenes.configuration(self.provider_port, self.tls_port))
        await_answer(f"http://127.0.0.1:{port}{path}", scenes.CHAT.body.encode(), {"content-type": "application/json"})
        return time.perf_counter() - started

    def _gateway(self, name: str, port: int, document: str) -> None:
        file = self.folder / f"{name}.json"
        file.write_text(document)
        environment = self.environment(file, port, 1)
        command = [sys.executable, "-m", "gateway", "start"]
        log = self.folder / f"{name}.out"
        self._keep(name, port, pinned(GATEWAY_CORE, command, log, env=environment, start_new_session=True))

    def environment(self, file: Path, port: int, workers: int) -> dict[str, str]:
        """Of a gateway that serves `file` on `port`, with its access log on."""
        return {
            **os.environ,
            **{f"KONG_{listener}_LISTEN": "off" for listener in LISTENERS},
            "KONG_PROXY_LISTEN": f"127.0.0.1:{port}",
            "KONG_DATABASE": "off",
            "KONG_DECLARATIVE_CONFIG": str(file),
            "KONG_NGINX_WORKER_PROCESSES": str(workers),
            "KONG_PROXY_ACCESS_LOG": str(file.with_suffix(".log")),
            "PYTHONPATH": str(ROOT / "gateway_image"),
            "SSL_CERT_FILE": str(self._authority.certificate),
        }

    def answering(self, url: str) -> str:
        """`url`, once it answers."""
        await_answer(url, scenes.CHAT.body.encode(), {"content-type": "application/json"})
        return url

    def _keep(self, name: str, port: int, process: subprocess.Popen[bytes]) -> None:
        self.running[name] = (f"http://127.0.0.1:{port}", process)

    def stop(self) -> None:
        for _, process in self.running.values():
            process.send_signal(signal.SIGTERM)
        for _, process in self.running.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def systems(names: Sequence[str]) -> Iterator[tuple[Systems, dict[str, float]]]:
    """Everything running, and how long each took to its first answer."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        made = Systems(Path(folder))
        compiled = [sys.executable, "-m", "compileall", "-q", str(ROOT / "gateway_image" / "gateway")]
        subprocess.run(compiled, check=True)  # as every installation does: else a start is measured that compiles
        try:
            made.start_provider()
            yield made, {name: made.start(name) for name in names}
        finally:
            made.stop()


def measure(made: Systems, row: Row, rounds: int, seconds: int) -> Told:
    script = row.ask.script(made.folder)
    costs: dict[tuple[str, str], list[float]] = {row.system: [], row.beside: []}
    trouble = ""
    for place in costs:
        load(made.running[place[0]][0] + place[1], script, 1)
    for number in range(rounds):
        for place in list(costs) if number % 2 else list(reversed(costs)):
            url, process = made.running[place[0]]
            before = cpu_seconds(process.pid)
            loaded = load(url + place[1], script, seconds)
            costs[place].append((cpu_seconds(process.pid) - before) / max(1, loaded.requests) * 1e6)
            trouble = trouble or loaded.trouble
    ratios = [one / other for one, other in zip(costs[row.system], costs[row.beside], strict=True)]
    one, other = (statistics.median(costs[place]) for place in (row.system, row.beside))
    return Told(row, one, other, statistics.median(ratios), trouble)


def table(rounds: int, seconds: int, words: Sequence[str] = ()) -> Iterator[str]:
    """The lines of the table, as they are measured."""
    rows = [row for row in scenes.ROWS if not words or any(word in row.title for word in words)]
    if not nginx_parts.has_lua():
        rows = [row for row in rows if not row.needs_lua]
    names = sorted({name for row in rows for name, _ in (row.system, row.beside)})
    yield "| work | gateway | beside | ratio | target | |"
    yield "|---|---|---|---|---|---|"
    with systems(names) as (made, starts):
        for row in rows:
            told = measure(made, row, rounds, seconds)
            yield told.line()
            if row.kong:
                yield told.line_beside_kong()
        yield ""
        for name in (GATEWAY, *ROUTES):
            if name in made.running:
                size = worker_bytes(made.running[name][1].pid) / (1 << 20)
                yield f"- {name}: {starts[name]:.2f} s to its first answer; a worker has {size:.1f} MB after the load"
