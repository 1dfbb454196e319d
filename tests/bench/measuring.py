"""Processes pinned to a core, load from wrk, and CPU time of whole process trees. Not for: what is compared
(scenes.py), judging (costs.py).

The figure to trust is CPU time per request: requests per second on a shared machine say little.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.gateway_process import moments

GATEWAY_CORE, LOAD_CORE = 0, 1
CONNECTIONS = 32


def missing() -> str:
    """Why nothing can be measured here; "" when it can."""
    absent = [name for name in ("wrk", "nginx", "taskset") if shutil.which(name) is None]
    if absent:
        return f"{', '.join(absent)} not installed; type: apt install wrk nginx-light libnginx-mod-http-lua lua-cjson"
    if len(os.sched_getaffinity(0)) < 2:
        return "one core is not enough: the load needs one of its own"
    return ""


def pinned(core: int, command: list[str], log: Path, **more: Any) -> subprocess.Popen[bytes]:
    with log.open("ab") as out:
        return subprocess.Popen(
            ["taskset", "-c", str(core), *command], stdin=subprocess.DEVNULL, stdout=out, stderr=out, **more
        )


def tree(pid: int) -> list[int]:
    """A process and all that came of it."""
    found, todo = [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        try:
            for task in Path(f"/proc/{one}/task").iterdir():
                todo += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


def cpu_seconds(pid: int) -> float:
    """What the tree has used so far, user and system."""
    total = 0
    for one in tree(pid):
        try:
            tasks = list(Path(f"/proc/{one}/task").iterdir())
            total += sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)
        except OSError:
            continue
    return total / 1e9


def resident_bytes(pid: int) -> int:
    """Of the largest process of the tree."""
    return _largest(tree(pid))


def worker_bytes(pid: int) -> int:
    """Of the gateway's largest worker; `pid` is the control process."""
    return _largest([one for one in tree(pid) if one != pid])


def _largest(pids: list[int]) -> int:
    """Pages that are shared count too, the interpreter and its libraries: what one worker alone would need."""
    sizes = [0]
    for one in pids:
        try:
            sizes.append(int(Path(f"/proc/{one}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
        except OSError:
            continue
    return max(sizes)


@dataclass(frozen=True)
class Loaded:
    """What wrk saw. `first_ms`: the median latency."""

    requests: int
    per_second: float
    median_ms: float
    trouble: str


def load(url: str, script: Path, seconds: int, connections: int = CONNECTIONS, cores: str = str(LOAD_CORE)) -> Loaded:
    """Asks `url` as fast as answers come; `cores` as taskset has them."""
    command = ["taskset", "-c", cores, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s"]
    done = subprocess.run(
        [*command, "--latency", "-s", str(script), url], capture_output=True, text=True, timeout=seconds + 60
    )
    lines = done.stdout.splitlines()
    counted = next((line.split() for line in lines if "requests in" in line), None)
    if counted is None:
        raise RuntimeError(f"wrk: {done.stdout}{done.stderr}")
    rate = next(line.split()[1] for line in lines if line.startswith("Requests/sec"))
    median = next(line.split()[1] for line in lines if line.strip().startswith("50%"))
    bad = [line.strip() for line in lines if "Non-2xx" in line or "Socket errors" in line]
    return Loaded(int(counted[0]), float(rate), _milliseconds(median), "; ".join(bad))


def _milliseconds(text: str) -> float:
    for unit, factor in (("us", 0.001), ("ms", 1.0), ("s", 1000.0)):
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * factor
    raise ValueError(text)


def await_answer(url: str, body: bytes, headers: dict[str, str], seconds: float = 20.0) -> float:
    """Seconds until the first 200."""
    started = time.perf_counter()
    for _ in moments(seconds, 0.005):
        try:
            request = urllib.request.Request(url, body or None, headers)
            with urllib.request.urlopen(request, timeout=5) as answer:
                answer.read()
                return time.perf_counter() - started
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{url}: {error.code} {error.read()[:300]!r}") from None
        except OSError:
            continue
    raise RuntimeError(f"nothing answers at {url}")
