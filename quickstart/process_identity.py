"""Telling a process from a later one that got the same pid, so that nobody else's process is ever killed.

Not for: starting or stopping anything.
"""

from __future__ import annotations

import sys
from pathlib import Path

_STARTED = 19  # place of `starttime` among the fields after the command name in /proc/PID/stat (proc(5): field 22)
_STATE = 0


def identity(pid: int) -> str | None:
    """A text that no other process of this machine has had or will have; None when `pid` does not run.

    A process that has ended but is not yet collected by its parent counts as not running.
    """
    if sys.platform == "linux":
        return _from_proc(pid)
    import psutil  # only here: the supervisor, which asks, must start fast

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else f"{pid}@{process.create_time()}"
    except psutil.Error:
        return None


def _from_proc(pid: int) -> str | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # the name before may hold spaces and brackets
    if fields[_STATE] in "ZX":
        return None
    # Ticks since boot, not the time of day: setting the clock does not change them.
    return f"{pid}@{fields[_STARTED]}@{boot}"


def is_alive(recorded: str) -> bool:
    """Whether the process of an earlier identity() still runs."""
    pid = pid_of(recorded)
    return pid > 0 and identity(pid) == recorded


def pid_of(recorded: str) -> int:
    """The pid of an identity, 0 when it is damaged."""
    text = recorded.partition("@")[0]
    return int(text) if text.isdecimal() else 0
