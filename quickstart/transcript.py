"""What setup said and what was answered, kept for whoever asks later what happened: `setup.log` in the state directory,
0600, without keys. Not for: the gateway's log (log_file.py), reports of a bug (crash.py).
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from quickstart import crash

NAME = "setup.log"
MOST_BYTES = 256 * 1024
"""Older runs go when the file has grown beyond this."""


def keep(
    folder: Path, lines: Collection[str], environment: Mapping[str, str], secrets: Iterable[str], now: datetime
) -> Path | None:
    """Adds one run to the file. None where `folder` is not there: a run that set nothing up leaves nothing behind.
    Raises OSError."""
    if not folder.is_dir() or not lines:
        return None
    path = folder / NAME
    head = f"== {now.astimezone(UTC).isoformat(timespec='seconds')}"
    added = crash.redact("\n".join([head, *(line.rstrip() for line in lines), "", ""]), environment, secrets)
    before = _end_of(path)
    # a link that somebody put here is not followed, and a file of somebody else is not added to
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(before + added.encode(errors="replace"))
    return path


def _end_of(path: Path) -> bytes:
    """The last whole runs that fit, b"" when there is nothing yet."""
    try:
        content = path.read_bytes()
    except OSError:
        return b""
    if len(content) <= MOST_BYTES:
        return content
    rest = content[-MOST_BYTES // 2 :]
    return rest[rest.find(b"\n== ") + 1 :]
