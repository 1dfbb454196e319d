"""Load for a long time: `make soak`. Prints a table of what must hold, as measured, and ends with 1 where it does not.

    PYTHONPATH=gateway_image:tests python tests/soak/run.py [--streams 2000] [--minutes 10] [--half-load-minutes 60]

First `streams` streams at once, 1 % of them broken by the upstream, while a worker is killed once in the middle; then
half as many for as long as asked, with memory, descriptors and threads looked at every few seconds; then SIGTERM while
streams are under way. Clients and upstream run in this process.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from support import kong_file
from support.gateway_process import GatewayProcess
from support.process_tree import Held, children, of_tree
from support.stream_crowd import Crowd, NumberedUpstream, Told, raise_descriptor_limit

PATH = "/openai/chat"
ROWS: list[tuple[str, str, str, bool]] = []


def row(what: str, target: str, measured: str, holds: bool) -> None:
    ROWS.append((what, target, measured, holds))
    print(f"{what:48} {target:24} {measured:60} {'holds' if holds else 'DOES NOT HOLD'}", flush=True)


def summary(told: Told) -> str:
    return (
        f"{told.events} events: {told.whole} whole, {told.broken} broken on purpose, {told.cut} cut, "
        f"{len(told.wrong)} wrong, refused {dict(told.refused)}"
    )


async def load(gateway: GatewayProcess, given: argparse.Namespace) -> None:
    assert gateway.process is not None
    crowd = Crowd(gateway.ports["PROXY"], PATH, given.streams, events=given.events, pace=given.pace)
    running = asyncio.ensure_future(crowd.run())
    await asyncio.sleep(given.minutes * 30)
    await killed(gateway, crowd)
    await asyncio.sleep(given.minutes * 30)
    crowd.stop()
    told = await running
    row(
        f"{given.streams} streams for {given.minutes:g} min, 1 % faults",
        "0 lost or reordered",
        summary(told),
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


async def soak(gateway: GatewayProcess, given: argparse.Namespace) -> None:
    assert gateway.process is not None
    crowd = Crowd(gateway.ports["PROXY"], PATH, given.streams // 2, events=given.events, pace=given.pace)
    running = asyncio.ensure_future(crowd.run())
    samples: list[list[Held]] = []
    ends = time.monotonic() + given.half_load_minutes * 60
    while time.monotonic() < ends:
        await asyncio.sleep(min(10.0, given.half_load_minutes * 6))
        samples.append(of_tree(gateway.process.pid))
    crowd.stop()
    told = await running
    early, late = samples[len(samples) // 4], samples[-1]
    for name, field, share, more in (("memory", 1, 0.05, 0), ("descriptors", 2, 0.1, 0), ("threads", 3, 0.0, 2)):
        first, last = sum(one[field] for one in early), sum(one[field] for one in late)
        target = f"flat within {more}" if more else f"flat within {share:.0%}"
        measured = f"{first} after a quarter, {last} at the end"
        row(
            f"{given.half_load_minutes:g} min at half load: {name}",
            target,
            measured,
            last <= first * (1 + share) + more,
        )
    row("  and its streams", "0 lost or reordered", summary(told), not told.wrong and not told.cut)


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
            service = {**kong_file.service("openai", url, "m"), "read_timeout": 20_000, "retries": 0}
            file = kong_file.write(Path(folder) / "kong.yml", service)
            settings = {"KONG_NGINX_WORKER_PROCESSES": str(given.workers), "KONG_PROXY_ACCESS_LOG": "off"}
            gateway = GatewayProcess(file, settings)
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(None, gateway.__enter__)
            try:
                await load(gateway, given)
                await soak(gateway, given)
                await drained(gateway, given)
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
    given = arguments.parse_args()
    limit = raise_descriptor_limit()
    assert limit > given.streams * 3, f"{limit} descriptors are too few for {given.streams} streams: see ulimit -n"
    asyncio.run(live(given))
    return 0 if all(holds for *_, holds in ROWS) else 1


if __name__ == "__main__":
    sys.exit(main())
