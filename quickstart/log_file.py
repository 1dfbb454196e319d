"""A log file of limited size, and its last lines. Not for: what is logged, containers' logs (their engine has them)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

_BLOCK = 1 << 16
KEPT = 3
"""Older files that stay beside the one in use."""


class LogFile:
    """Appends; a file that has reached `limit` bytes becomes NAME.1 at the next line end, up to NAME.`keep`."""

    def __init__(self, path: Path, limit: int = 10_000_000, keep: int = KEPT) -> None:
        self._path = path
        self._limit = limit
        self._keep = keep
        self._file = self._open()

    def _open(self) -> BinaryIO:
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        os.fchmod(handle, 0o600)
        return os.fdopen(handle, "ab", buffering=0)

    def write(self, data: bytes) -> None:
        """Best effort: on a full disk lines are lost rather than the program that writes them stopped."""
        try:
            while data:
                room = self._limit - self._file.tell()
                if room > len(data):
                    self._file.write(data)
                    return
                end = data.rfind(b"\n", 0, max(room, 0)) + 1 or data.find(b"\n") + 1
                if end == 0:  # a line that is not whole yet: it stays together
                    self._file.write(data)
                    return
                self._file.write(data[:end])
                data = data[end:]
                self._rotate()
        except OSError:
            pass

    def _rotate(self) -> None:
        self._file.close()
        for number in range(self._keep, 0, -1):
            older = self._numbered(number - 1) if number > 1 else self._path
            if older.exists():
                older.replace(self._numbered(number))
        self._file = self._open()

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")

    def close(self) -> None:
        self._file.close()


def tail(path: Path, lines: int) -> list[str]:
    """The last `lines` lines, also across rotations; none when there is no log."""
    found: list[str] = []
    for name in (path, *(path.with_name(f"{path.name}.{number}") for number in range(1, KEPT + 1))):
        if len(found) < lines:
            file = _opened(name)
            if file is not None:
                with file:
                    found = _last(file, lines - len(found)) + found
    return found


def follow(path: Path, pause: Callable[[], bool], lines: int = 0) -> Iterator[str]:
    """The last `lines` lines and those written from now on, also after rotations, until `pause` (called when there is
    nothing new) says False."""
    file = _opened(path)
    if file is not None:
        yield from _last(file, lines)
    rest = b""
    while True:
        file = file or _opened(path)
        data = file.read(_BLOCK) if file is not None else b""
        if not data and file is not None and _rotated(file, path):
            data = file.read()  # what came between the last look and the rotation
            file.close()
            file = None
        elif not data:
            if pause():
                continue
            return
        *whole, rest = (rest + data).split(b"\n")
        yield from (line.decode("utf-8", "replace") for line in whole)


def _last(file: BinaryIO, lines: int) -> list[str]:
    """The last whole lines; leaves the file's position behind them."""
    end = position = file.seek(0, os.SEEK_END)
    data = b""
    while position and lines > 0 and data.count(b"\n") <= lines:
        size = min(_BLOCK, position)
        position = file.seek(position - size)
        data = file.read(size) + data
    file.seek(end)
    return [line.decode("utf-8", "replace") for line in data.splitlines()[-lines:]] if lines > 0 else []


def _opened(path: Path) -> BinaryIO | None:
    try:
        return path.open("rb")
    except FileNotFoundError:
        return None


def _rotated(file: BinaryIO, path: Path) -> bool:
    try:
        return os.fstat(file.fileno()).st_ino != path.stat().st_ino
    except FileNotFoundError:
        return False
