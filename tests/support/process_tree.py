"""What the processes of a gateway hold: memory, descriptors, threads. Linux only. Not for: counting requests."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple


class Held(NamedTuple):
    """Of one process; memory in bytes."""

    pid: int
    memory: int
    descriptors: int
    threads: int


def children(pid: int) -> list[int]:
    """The direct children, oldest first."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]


def held(pid: int) -> Held:
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
    return Held(pid, int(status["VmRSS"].split()[0]) * 1024, len(os.listdir(f"/proc/{pid}/fd")), int(status["Threads"]))


def of_tree(pid: int) -> list[Held]:
    """The process and its direct children: the control process, then the workers."""
    return [held(one) for one in (pid, *children(pid))]
