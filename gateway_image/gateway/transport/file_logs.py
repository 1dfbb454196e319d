"""Lines for files and for standard output, written by a thread beside the traffic, because a disk, and whoever should
read a pipe, may make anyone wait. Not for: what a line says (access_line.py, plugins/file_log.py).

Lines are kept in memory until the next flush hands them over. What waits is bounded; lines beyond that, and lines that
cannot be written, are lost, which is logged once per trouble and never felt by a request.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import select
import stat
import threading
from pathlib import Path

from gateway.errors import GatewayError

MOST_BYTES = 64 << 20
"""Bytes that may wait for one worker's files."""
GATHERED = 1024
"""Lines of requests that are handed over at once, before the next flush: at twenty thousand requests a second those of
half a second would take 3 MB of every worker."""
_MODE = 0o640
_log = logging.getLogger("gateway")
_DEVICES = {"/dev/stdout": 1, "/dev/stderr": 2, "-": 1}
_ATOMIC = 4096  # a pipe takes this much in one piece (PIPE_BUF): several workers may share it


class LogError(GatewayError):
    """A log that cannot be written; str() says why and what to do."""


def check_log(variable: str, path: str) -> None:
    """Makes a log's folder and file where they are not there yet. Raises LogError."""
    if path in _DEVICES:
        return
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        os.close(_opened(path))
    except OSError as problem:
        raise LogError(
            f"{variable}={path} cannot be written: {problem.strerror}: name a file that this user may write, "
            "/dev/stdout, or off"
        ) from None


def _opened(path: str) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _MODE)


class _File:
    """One open file; used by the writing thread only."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.troubled = False
        self._descriptor = -1
        self._torn = False  # half a line was written before the disk was full

    def write(self, lines: list[bytes], reopen: bool) -> None:
        """Raises OSError."""
        if self._descriptor < 0:
            self._open()
        elif reopen and self._moved():
            self.close()
            self._torn = False
            self._open()
        pipe = stat.S_ISFIFO(os.fstat(self._descriptor).st_mode)
        for batch in _batches(lines, _ATOMIC) if pipe else (lines,):
            data = b"\n".join(batch) + b"\n"
            if self._torn:
                data = b"\n" + data
            while data:
                try:
                    written = os.write(self._descriptor, data)
                except BlockingIOError:  # whoever shares it with us does not want to wait; this thread may
                    select.select((), (self._descriptor,), ())
                    continue
                self._torn = data[written - 1 : written] != b"\n"
                data = data[written:]

    def close(self) -> None:
        if self._descriptor >= 0 and self.path not in _DEVICES:
            with contextlib.suppress(OSError):
                os.close(self._descriptor)
        self._descriptor = -1

    def _open(self) -> None:
        device = _DEVICES.get(self.path)
        self._descriptor = device if device is not None else _opened(self.path)

    def _moved(self) -> bool:
        """Whether the path leads to another file now, or to none."""
        if self.path in _DEVICES:
            return False
        try:
            there, here = Path(self.path).stat(), os.fstat(self._descriptor)
        except OSError:
            return True
        return (there.st_dev, there.st_ino) != (here.st_dev, here.st_ino)


class FileLogs:
    """All files of a worker. `append` and `flush` are called by the loop, everything else happens in the thread."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.lost = 0  # lines
        self._most = most_bytes
        self._gathered: dict[str, list[bytes]] = {}
        self._reopen: set[str] = set()
        self._waiting = 0  # bytes gathered or handed over
        self._lock = threading.Lock()
        self._handed: queue.SimpleQueue[tuple[str, list[bytes], bool] | threading.Event | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._full = False

    def append(self, path: str, line: bytes, reopen: bool) -> None:
        """Adds a line, given without its end."""
        self.extend(path, [line], reopen)

    def extend(self, path: str, lines: list[bytes], reopen: bool) -> None:
        """Adds several, all or none."""
        size = sum(map(len, lines))
        with self._lock:
            if self._waiting + size > self._most:
                self.lost += len(lines)
                full, self._full = self._full, True
            else:
                self._waiting += size
                full = True
                self._gathered.setdefault(path, []).extend(lines)
                if reopen:
                    self._reopen.add(path)
        if not full:
            _log.error("lines for %s are lost: it takes less than the traffic has to tell", path)

    def flush(self) -> None:
        """Hands what was gathered to the thread."""
        if not self._gathered:
            return
        gathered, self._gathered = self._gathered, {}
        reopen, self._reopen = self._reopen, set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._write, name="file-logs", daemon=True)
            self._thread.start()
        for path, lines in gathered.items():
            self._handed.put((path, lines, path in reopen))

    def close(self, seconds: float) -> None:
        """Writes what is left, for at most so long."""
        self.flush()
        thread, self._thread = self._thread, None
        if thread is not None:
            self._handed.put(None)
            thread.join(seconds)

    def settle(self, seconds: float) -> bool:
        """Whether everything that was handed over is written within so long."""
        if self._thread is None:
            return True
        settled = threading.Event()
        self._handed.put(settled)
        return settled.wait(seconds)

    def _write(self) -> None:
        files: dict[str, _File] = {}
        while (handed := self._handed.get()) is not None:
            if isinstance(handed, threading.Event):
                handed.set()
                continue
            path, lines, reopen = handed
            file = files.setdefault(path, _File(path))
            try:
                file.write(lines, reopen)
                file.troubled = False
            except OSError as error:
                file.close()
                self._count_lost(len(lines))
                if not file.troubled:
                    file.troubled = True
                    _log.error("lines for %s are lost: %s", path, error.strerror)
            with self._lock:
                self._waiting -= sum(map(len, lines))
                self._full = False
        for file in files.values():
            file.close()

    def _count_lost(self, count: int) -> None:
        with self._lock:
            self.lost += count


class AccessLog:
    """The lines of requests, gathered until the next flush so that none costs a lock. Where the file was moved away, as
    log rotation does, the next lines go to a new one."""

    def __init__(self, files: FileLogs, path: str) -> None:
        self._files = files
        self._path = path
        self._lines: list[bytes] = []

    def write(self, line: bytes) -> None:
        """`line` without its line end."""
        self.extend([line])

    def extend(self, lines: list[bytes]) -> None:
        self._lines += lines
        if len(self._lines) >= GATHERED:
            self.flush()
            self._files.flush()

    def flush(self) -> None:
        if self._lines:
            lines, self._lines = self._lines, []
            self._files.extend(self._path, lines, reopen=True)


def _batches(lines: list[bytes], size: int) -> list[list[bytes]]:
    """Lines in groups of at most `size` bytes; a longer line is a group of its own."""
    out: list[list[bytes]] = [[]]
    filled = 0
    for line in lines:
        if out[-1] and filled + len(line) + 1 > size:
            out.append([])
            filled = 0
        out[-1].append(line)
        filled += len(line) + 1
    return out
