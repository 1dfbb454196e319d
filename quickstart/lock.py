"""One command at a time changes what is set up. Not for: reading, which needs no lock."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from quickstart.errors import EnvironmentProblem
from quickstart.files import Places, private_directory, sweep


@contextmanager
def exclusively(places: Places) -> Iterator[None]:
    """Holds the lock of this user's gateway; the system lets go of it when the process ends, however it ends.

    Raises EnvironmentProblem when another command holds it.
    """
    private_directory(places.run)
    handle = os.open(places.run / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.read(handle, 32).decode("ascii", "replace").strip()
            raise EnvironmentProblem(
                f"Another ai-gateway command is at work (pid {pid or 'unknown'}).", "Wait for it, then try again."
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        sweep(places)
        yield
    finally:
        os.close(handle)
