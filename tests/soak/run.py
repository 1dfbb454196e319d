"""Load for a long time: `make soak`. Prints a table of what must hold, as measured, and ends with 1 where it does not.

    PYTHONPATH=gateway_image:tests python tests/soak/run.py [--streams 2000] [--minutes 10] [--half-load-minutes 60]

First `streams` streams at once, 1 % of them broken by the upstream, while a worker is killed once in the middle; then
half as many for as long as asked, with memory, descriptors and threads looked at every few seconds; then SIGTERM while
streams are under way; last what a test shows (checked.py). Clients and upstream run in this process. A line a minute
tells how far it is. Ctrl-C or SIGTERM ends the phase it is in: its rows say what was measured until then.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from checked import Row, checked
from support import kong_file
from support.gateway_process import GatewayProcess
from support.process_tree import Held, children, of_tree
from support.stream_crowd import Crowd, NumberedUpstream, Told, raise_descriptor_limit

PATH = "/openai/chat"
KEY = "sk-canary-3f9a61d20b77"
ROWS: list[Row] = []


def row(what: str, target: str, measured: str, holds: bool) -> None:
    ROWS.append(Row(what, target, measured, holds))
    print(f"{what:48} {target:32} {measured:60} {'holds' if holds else 'DOES NOT HOLD'}", flush=True)


def summary(told: Told) -> str:
    return (
        f"{told.events} events: {told.whole} whole, {told.broken} broken on purpose, {told.cut} cut, "
        f"{len(told.wrong)} wrong, refused {dict(told.refused)}"
    )


class Watch:
    """The clock of a run, which somebody may stop; what the gateway's processes held meanwhile."""

    def __init__(self, gateway: GatewayProcess) -> None:
        assert gateway.process is not None
        self._pid = gateway.process.pid
        self._stopped = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._stopped.set)

    async def minutes(self, crowd: Crowd, minutes: float) -> tuple[float, list[list[Held]]]:
        """Waits so long or until it is stopped, with a line a minute. How long it was, and what was held."""
        began = told_at = time.monotonic()
        ends = began + minutes * 60
        samples: list[list[Held]] = []
        while (now := time.monotonic()) < ends and not self._stopped.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), max(0.01, min(10.0, minutes * 6, ends - now)))
            samples.append(of_tree(self._pid))
            if time.monotonic() - told_at >= 60:
                told_at = time.monotonic()
                memory, descriptors, threads = (sum(one[field] for one in samples[-1]) for field in (1, 2, 3))
                print(
                    f"  minute {(told_at - began) / 60:.0f} of {minutes:g}, load {os.getloadavg()[0]:.0f}: "
                    f"{summary(crowd.told)}; {memory / 1e6:.1f} MB, {descriptors} descriptors, {threads} threads",
                    flush=True,
                )
        self._stopped.clear()
        return (time.monotonic() - began) / 60, samples


async def load(gateway: GatewayProcess, given: argparse.Namespace, watch: Watch) -> None:
    crowd = Crowd(gateway.ports["PROXY"], PATH, given.streams, events=given.events, pace=given.pace)
    running = asyncio.ensure_future(crowd.run())
    first, _ = await watch.minutes(crowd, given.minutes / 2)
    await killed(gateway, crowd)
    second, _ = await watch.minutes(crowd, given.minutes / 2)
    crowd.stop()
    told = await running
    row(
        f"{given.streams} streams for {first + second:.1f} min, 1 % faults",
        "0 lost or reordered",
        f"{summary(told)}; load {os.getloadavg()[1]:.0f}",
        not told.wrong and not told.refused and told.whole > 0,
    )
    for text in told.wrong[:20]:
        print("  ", text)


async def killed(gateway: GatewayProcess, crowd: Crowd) -> None:
    """One worker is killed under load: the streams of the others go on, and it is replaced."""
    assert gateway.process is not None
    before = children(gateway.process.pid)
    cut, started = crowd.told.cut, time.monotonic()
    os.kill(before[0], signal.SIGKILL)
    while before[0] in (now := children(gateway.process.pid)) or len(now) < len(before):
        await asyncio.sleep(0.05)
    took = time.monotonic() - started
    await asyncio.sleep(5)
    lost = crowd.told.cut - cut
    row("kill -9 of a worker", "others go on, replaced", f"{lost} streams cut, a new worker after {took:.1f} s",
        lost <= crowd.started and took < 10)  # fmt: skip


async def soak(gateway: GatewayProcess, given: argparse.Namespace, watch: Watch) -> None:
    crowd = Crowd(gateway.ports["PROXY"], PATH, given.streams // 2, events=given.events, pace=given.pace)
    running = asyncio.ensure_future(crowd.run())
    minutes, samples = await watch.minutes(crowd, given.half_load_minutes)
    crowd.stop()
    told = await running
    early, late = samples[len(samples) // 4], samples[-1]
    for name, field, share, more in (("memory", 1, 0.05, 0), ("descriptors", 2, 0.1, 0), ("threads", 3, 0.0, 2)):
        first, last = sum(one[field] for one in early), sum(one[field] for one in late)
        target = f"flat within {more}" if more else f"flat within {share:.0%}"
        measured = f"{first} after a quarter, {last} at the end"
        row(f"{minutes:.1f} min at half load: {name}", target, measured, last <= first * (1 + share) + more)
    row("  and its streams", "0 lost or reordered", f"{summary(told)}; load {os.getloadavg()[1]:.0f}",
        not told.wrong and not told.cut)  # fmt: skip


async def drained(gateway: GatewayProcess, given: argparse.Namespace) -> None:
    assert gateway.process is not None
    crowd = Crowd(gateway.ports["PROXY"], PATH, min(200, given.streams), events=40, pace=0.05, fault_every=0)
    running = asyncio.ensure_future(crowd.run())
    await asyncio.sleep(1)
    gateway.process.terminate()
    crowd.stop()
    told = await running
    code = await asyncio.get_running_loop().run_in_executor(None, gateway.process.wait, 30)
    row("SIGTERM under load", "all streams end, code 0", f"{summary(told)}; code {code}",
        not told.wrong and not told.cut and code == 0)  # fmt: skip


async def live(given: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with NumberedUpstream() as upstream:
            url = f"http://127.0.0.1:{upstream.port}/v1/chat/completions"
            service = {
                **kong_file.service("openai", url, "m", value=f"Bearer {KEY}"),
                "read_timeout": 20_000,
                "retries": 0,
            }
            file = kong_file.write(Path(folder) / "kong.yml", service)
            log = str(Path(folder) / "access.log")
            settings = {"KONG_NGINX_WORKER_PROCESSES": str(given.workers), "KONG_PROXY_ACCESS_LOG": log}
            gateway = GatewayProcess(file, settings)
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(None, gateway.__enter__)
            watch = Watch(gateway)
            try:
                await load(gateway, given, watch)
                if given.half_load_minutes:
                    await soak(gateway, given, watch)
                await drained(gateway, given)
                logs = [gateway.log.read_text(), Path(log).read_text()]
                row("the provider's key", "in no log", f"{sum(map(len, logs))} bytes read",
                    not any(KEY in text for text in logs))  # fmt: skip
            finally:
                await loop.run_in_executor(None, gateway.stop)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--streams", type=int, default=2000)
    arguments.add_argument("--minutes", type=float, default=10)
    arguments.add_argument("--half-load-minutes", type=float, default=60)
    arguments.add_argument("--events", type=int, default=60, help="of one stream")
    arguments.add_argument("--pace", type=float, default=1.0, help="seconds between two events of a stream")
    arguments.add_argument("--workers", type=int, default=2)
    arguments.add_argument("--load-only", action="store_true", help="without the rows that a test shows")
    given = arguments.parse_args()
    limit = raise_descriptor_limit()
    assert limit > given.streams * 3, f"{limit} descriptors are too few for {given.streams} streams: see ulimit -n"
    asyncio.run(live(given))
    for one in () if given.load_only else checked():
        row(*one)
    return 0 if all(one.holds for one in ROWS) else 1


if __name__ == "__main__":
    sys.exit(main())
