"""What a second worker brings, beside what this machine allows: the load and the provider need cores too. Not for: the
cost of one request (costs.py).

Of a request, gateway, load and provider each take some CPU time. Divided by the cores, less what everybody else had of
them meanwhile, that is the most requests a second there can be, with no core ever idle and a request as cheap with two
workers as with one. A second worker holds when it brings 1.8 times one, or nine tenths of that bound.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import nginx_parts, scenes
from bench.costs import Systems, systems
from bench.measuring import cpu_seconds, load
from bench.scenes import GATEWAY, NGINX
from support.gateway_process import free_ports

WANTED = 1.8
SHARE_OF_THE_BOUND = 0.9
SECONDS = 3


@dataclass(frozen=True)
class Carried:
    """One run: requests per second, and how many cores were busy with the system, with load and provider, and with
    everybody else."""

    rate: float
    system: float
    load: float
    others: float

    @property
    def cost(self) -> float:
        """Of the system, in microseconds of CPU per request."""
        return self.system / self.rate * 1e6


def bound(one: Carried, two: Carried, cores: int) -> float:
    """How many times one worker's load two can carry at most, here and while others had what they had."""
    return min(2.0, (cores - two.others) / (one.system + one.load))


def told(name: str, one: Carried, two: Carried, cores: int) -> Iterator[str]:
    """`one` and `two`: with so many workers."""
    ratio, most = two.rate / one.rate, bound(one, two, cores)
    wanted = min(WANTED, SHARE_OF_THE_BOUND * most)
    verdict = "holds" if ratio >= wanted else "missed"
    rates = f"{one.rate:,.0f} requests/s with one worker, {two.rate:,.0f} with two: {ratio:.2f} x"
    yield f"- {name}, a second worker: {rates} ({WANTED} or nine tenths of this machine's {most:.2f} wanted: {verdict})"
    idle = max(0.0, cores - two.system - two.load - two.others)
    yield (
        f"  - a request costs it {one.cost:.1f} us with one, {two.cost:.1f} us with two; of {cores} cores two workers "
        f"had {two.system:.2f}, load and provider {two.load:.2f}, others {two.others:.2f}, nobody {idle:.2f}"
    )


def two_workers(folder: Path, rounds: int) -> Iterator[str]:
    """Everything may use every core, the load and the provider too; systems and numbers of workers turn and turn
    about."""
    cores = os.sched_getaffinity(0)
    seen: dict[tuple[str, int], list[Carried]] = {(name, count): [] for name in (GATEWAY, NGINX) for count in (1, 2)}
    with systems([]) as (made, _):
        script = scenes.CHAT.script(folder)
        provider = made.running["provider"][1]
        os.sched_setaffinity(provider.pid, cores)
        running: dict[tuple[str, int], tuple[str, subprocess.Popen[bytes]]] = {}
        try:
            for name, count in seen:
                running[name, count] = _started(made, name, count)
                load(running[name, count][0], script, 1, cores=_named(cores))
            for number in range(rounds):
                for each in list(seen) if number % 2 else list(reversed(seen)):
                    url, process = running[each]
                    seen[each].append(_carried(url, script, process.pid, provider.pid, cores))
        finally:
            for _, process in running.values():
                process.send_signal(signal.SIGTERM)
                process.wait(20)
    for name in (GATEWAY, NGINX):
        yield from told(name, _middle(seen[name, 1]), _middle(seen[name, 2]), len(cores))


def _middle(runs: list[Carried]) -> Carried:
    return sorted(runs, key=lambda run: run.rate)[len(runs) // 2]


def _carried(url: str, script: Path, system: int, provider: int, cores: set[int]) -> Carried:
    """One run; `system` and `provider` are process ids."""
    before = _used(system, provider, cores)
    started = time.perf_counter()
    rate = load(url, script, SECONDS, cores=_named(cores)).per_second
    took = time.perf_counter() - started
    ours, provided, asked, busy = (now - then for now, then in zip(_used(system, provider, cores), before, strict=True))
    others = max(0.0, busy - ours - provided - asked)
    return Carried(rate, ours / took, (provided + asked) / took, others / took)


def _used(system: int, provider: int, cores: set[int]) -> tuple[float, float, float, float]:
    """CPU seconds so far: of the system, of the provider, of the load (and all other children that ended), of all."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return cpu_seconds(system), cpu_seconds(provider), ended.ru_utime + ended.ru_stime, _busy_seconds(cores)


def _busy_seconds(cores: set[int]) -> float:
    """Everything but idling and waiting for disks, of these cores."""
    ticks = 0
    for line in Path("/proc/stat").read_text().splitlines():
        name, *numbers = line.split()
        if name.removeprefix("cpu").isdigit() and int(name.removeprefix("cpu")) in cores:
            user, nice, system, _, _, *rest = map(int, numbers[:8])
            ticks += user + nice + system + sum(rest)
    return ticks / os.sysconf("SC_CLK_TCK")


def _named(cores: set[int]) -> str:
    return ",".join(map(str, sorted(cores)))


def _started(made: Systems, name: str, workers: int) -> tuple[str, subprocess.Popen[bytes]]:
    """A system that may use every core."""
    (port,) = free_ports(1)
    if name == NGINX:
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
