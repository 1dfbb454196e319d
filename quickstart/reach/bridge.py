"""The network between this machine and its containers: its interface and this machine's address there.

Not for: what that means (inside.py).
"""

from __future__ import annotations

import shutil
import socket

USUAL = "docker0"


def interface_of(address: str) -> str:
    """The interface of this machine with that address; Docker's own bridge where none has it."""
    for name, found in _addresses():
        if found == address:
            return name
    return USUAL


def address_of(interface: str = USUAL) -> str:
    """This machine's address there, "" for none."""
    return next((found for name, found in _addresses() if name == interface), "")


def installed(program: str) -> bool:
    return shutil.which(program) is not None


def _addresses() -> list[tuple[str, str]]:
    import psutil  # slow to import, and only wanted when something is wrong

    return [
        (name, entry.address)
        for name, entries in psutil.net_if_addrs().items()
        for entry in entries
        if entry.family == socket.AF_INET
    ]
