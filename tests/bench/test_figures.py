"""What is told of memory says whether it holds."""

from __future__ import annotations

import subprocess
import sys

from bench.figures import told_memory
from bench.measuring import resident_bytes, worker_bytes

MB = 1 << 20
PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "held = bytearray(64 << 20); print(1, flush=True); input()"],
                         stdin=subprocess.PIPE)
sys.stdin.read()
child.communicate()
"""


def test_memory_is_held_against_growth() -> None:
    held, missed = (told_memory(40 * MB, after * MB, 1_000_000) for after in (42, 43))
    assert held.endswith("40.0 MB once warm, 42.0 MB after 1,000,000 requests: +5.0% (+5 % wanted: holds)")
    assert missed.endswith("+7.5% (+5 % wanted: missed)")


def test_a_worker_is_told_apart_from_the_process_that_started_it() -> None:
    started = subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert started.stdout is not None and started.stdout.readline() == b"1\n"
        assert worker_bytes(started.pid) > 64 * MB
        assert resident_bytes(started.pid) == worker_bytes(started.pid)
    finally:
        started.communicate()
    assert worker_bytes(started.pid) == 0
