"""Rows of `make soak` that a test shows: what happens once needs no hour. Not for: load (run.py)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


class Row(NamedTuple):
    what: str
    target: str
    measured: str
    holds: bool


ENDURANCE = "tests/integration/test_endurance.py::test_"
INTEGRATION = "tests/integration/test_"
WIRE = "tests/gateway/transport/test_"
CHECKED = (
    ("kill -9 of a worker: its counts", "none lost", ENDURANCE + "a_killed_worker_takes_only_its_own_streams"),
    ("kill -9 of a worker that holds a lock", "nobody waits for it", "tests/gateway/test_counters_torn.py"),
    ("a worker that hangs", "replaced", WIRE + "workers.py::test_a_worker_that_is_there_and_silent_is_replaced"),
    ("kill -9 of everything", "last acknowledged configuration", "tests/e2e/test_killed_gateway.py"),
    (
        "disk full while saving",
        "refused, the old one stays",
        ENDURANCE + "a_change_that_cannot_be_written_changes_nothing",
    ),
    ("disk read-only while saving", "the same", ENDURANCE + "a_disk_that_became_read_only_changes_nothing"),
    (
        "descriptors used up",
        "goes on with the rest",
        ENDURANCE + "when_descriptors_run_out_it_goes_on_with_those_it_has",
    ),
    ("the clock jumps, both ways", "limits, streams, logs go on", INTEGRATION + "clock_jumps.py"),
    ("signals, log rotation, log full, 10,000 idle", "no request lost", INTEGRATION + "machine_faults.py"),
    ("upstreams without end, bombs, slow readers", "told, memory bounded", INTEGRATION + "endless_upstreams.py"),
    ("clients that leave a stream", "upstream freed, tokens counted", INTEGRATION + "leaving.py"),
    ("too many clients, too many bodies", "turned away, room again", WIRE + "serving.py"),
    ("slow senders, pipelining without reading", "bounded, others go on", WIRE + "reading.py"),
    ("an upstream's faults x stream x dialect", "told in time, pool sound", WIRE + "server_faults.py"),
)
"""(what, target, the test that shows it)"""


def checked() -> Iterator[Row]:
    """Runs the tests of each row, in a process of their own."""
    for what, target, node in CHECKED:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", node],
            cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        lines = (done.stdout.strip() or done.stderr.strip()).splitlines()
        counted = next((line.strip("= ") for line in reversed(lines) if " passed" in line), lines[-1])
        yield Row(what, target, counted, done.returncode == 0)
