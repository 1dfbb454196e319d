"""The checks in their order: what others depend on comes first, so that the first thing that is wrong is the one to put
right. A check that breaks is told and stops nobody else. Not for: what a check looks at (the rooms beside this one).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module

from quickstart.doctor.finding import Finding, found
from quickstart.doctor.patient import Patient

ORDER = (
    *("machine", "record", "engine", "running", "listeners", "configuration", "keys_file", "limits", "proxy"),
    "konnect",
    *("hosted", "servers", "container_way", "last_test", "recent"),
)
Check = Callable[[Patient], Iterable[Finding]]


def checks() -> Iterator[tuple[str, Check]]:
    """Name and check, imported when its turn comes."""
    for name in ORDER:
        room = import_module(f"{__package__}.{name}")
        yield room.CHECK, room.check


def examine(patient: Patient, order: Iterable[tuple[str, Check]] | None = None) -> Iterator[Finding]:
    """All findings, as they are found. Never raises but for Ctrl-C."""
    for name, check in checks() if order is None else order:
        try:
            yield from check(patient)
        except Exception as error:
            last = str(error).splitlines()[:1]
            yield found(name, "warn", "check_failed", reason=f"{type(error).__name__} {' '.join(last)}".strip())
