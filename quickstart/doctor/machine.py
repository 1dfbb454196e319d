"""Versions, platform, Windows' Linux, room on the disk. Not for: engines (engine.py)."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from pathlib import Path

from quickstart import __version__
from quickstart.doctor.finding import Finding, found
from quickstart.doctor.patient import Patient
from quickstart.engine_kind import default_gateway, is_wsl2
from quickstart.preflight import ROOM, free_bytes

CHECK = "machine"


def text_of(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def check(
    patient: Patient, read: Callable[[str], str] = text_of, free: Callable[[Path], int] = free_bytes
) -> Iterator[Finding]:
    windows = is_wsl2(read("/proc/version"))
    system = f"{platform.system()} {platform.machine()}{', WSL2' if windows else ''}"
    yield found(CHECK, "ok", "machine", version=__version__, python=platform.python_version(), system=system)
    if windows:
        gateway = default_gateway(read("/proc/net/route")) or "WINDOWS-ADDRESS"
        yield found(CHECK, "note", "quirk_wsl2", gateway=gateway)
    space, path = free(patient.places.data), patient.places.data
    if space < ROOM:
        yield found(CHECK, "bad", "disk_full", needed=ROOM // 1_000_000, free=space // 1_000_000, path=path)
    else:
        yield found(CHECK, "ok", "disk_ok", free=space // 1_000_000_000, path=path)
