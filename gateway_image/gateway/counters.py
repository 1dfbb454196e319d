"""Counters in windows of time, exact across the worker processes of a node: one table in shared memory, a byte-range
lock per slot. Not for: deciding what is too much (plugins), counters shared between nodes (Redis).

A slot holds one key's current and previous window, which is what fixed and sliding windows need. A window is named by
an integer index that grows by one per window; the caller chooses it (seconds // size, or a calendar month).
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import tempfile
from hashlib import blake2b
from typing import Final

SLOTS: Final = 1 << 16
"""Keys that fit before the stalest are forgotten: 65,536 slots of 48 bytes, 3 MiB."""
_SLOT: Final = struct.Struct("=16sqddd")  # digest, window index, current, previous, expiry (wall clock seconds)
_PROBES: Final = 32
_EMPTY: Final = bytes(16)


class Counters:
    """A view of the table. `descriptor` is handed to worker processes, which attach to the same memory."""

    def __init__(self, descriptor: int, slots: int = SLOTS, shared: bool = True) -> None:
        self.descriptor = descriptor
        self.slots = slots
        self.shared = shared  # False: one process only, no locks needed
        self._memory = mmap.mmap(descriptor, slots * _SLOT.size)

    @classmethod
    def create(cls, slots: int = SLOTS, shared: bool = True) -> Counters:
        """A new, empty table."""
        if hasattr(os, "memfd_create"):
            descriptor = os.memfd_create("counters", 0)
        else:
            with tempfile.TemporaryFile() as file:
                descriptor = os.dup(file.fileno())
        os.ftruncate(descriptor, slots * _SLOT.size)
        return cls(descriptor, slots, shared)

    def close(self) -> None:
        self._memory.close()
        os.close(self.descriptor)

    def read(self, key: bytes, index: int) -> tuple[float, float]:
        """What was counted for `key` in window `index` and in the one before it."""
        digest = _digest(key)
        base = self._bucket(digest)
        self._lock(base)
        try:
            offset = self._find(digest, base)
            if offset is None:
                return 0.0, 0.0
            _, held, current, previous, _ = _SLOT.unpack_from(self._memory, offset)
            return _aligned(held, current, previous, index)
        finally:
            self._unlock(base)

    def add(self, key: bytes, index: int, amount: float, expires: float, now: float) -> tuple[float, float]:
        """Adds `amount` and returns (current, previous) after it. `expires`: when the slot may be forgotten."""
        return self.take(key, index, amount, None, expires, now)[1:]

    def take(
        self, key: bytes, index: int, amount: float, limit: float | None, expires: float, now: float
    ) -> tuple[bool, float, float]:
        """Adds `amount` unless the current window would pass `limit`; one step, so that no two requests share the last
        place. Returns (taken, current, previous)."""
        digest = _digest(key)
        base = self._bucket(digest)
        self._lock(base)
        try:
            offset = self._find(digest, base)
            current = previous = 0.0
            if offset is None:
                offset = self._room(base, now)
            else:
                _, held, current, previous, _ = _SLOT.unpack_from(self._memory, offset)
                if held > index:  # another worker is a window ahead: count there
                    index = held
                current, previous = _aligned(held, current, previous, index)
            if limit is not None and current + amount > limit:
                return False, current, previous
            current += amount
            _SLOT.pack_into(self._memory, offset, digest, index, current, previous, expires)
            return True, current, previous
        finally:
            self._unlock(base)

    # Keys whose digests begin alike share a bucket: a lock guards all slots that a probe may touch.

    def _bucket(self, digest: bytes) -> int:
        return int.from_bytes(digest[:4], "big") % (self.slots // _PROBES) * _PROBES

    def _find(self, digest: bytes, base: int) -> int | None:
        memory, size = self._memory, _SLOT.size
        for slot in range(base, base + _PROBES):
            offset = slot * size
            if memory[offset : offset + 16] == digest:
                return offset  # an expired one too: its windows are past, so it counts as nothing
        return None

    def _room(self, base: int, now: float) -> int:
        """The offset of an empty or expired slot, else of the one that expires first."""
        memory, size = self._memory, _SLOT.size
        best, best_expiry = base * size, float("inf")
        for slot in range(base, base + _PROBES):
            offset = slot * size
            digest, _, _, _, expires = _SLOT.unpack_from(memory, offset)
            if digest == _EMPTY or expires <= now:
                return offset
            if expires < best_expiry:
                best, best_expiry = offset, expires
        return best

    def _lock(self, base: int) -> None:
        if self.shared:
            fcntl.lockf(self.descriptor, fcntl.LOCK_EX, 1, base)

    def _unlock(self, base: int) -> None:
        if self.shared:
            fcntl.lockf(self.descriptor, fcntl.LOCK_UN, 1, base)


def _digest(key: bytes) -> bytes:
    return blake2b(key, digest_size=16).digest()


def _aligned(held: int, current: float, previous: float, index: int) -> tuple[float, float]:
    """Counts as seen from window `index`."""
    if held == index:
        return current, previous
    if held == index - 1:
        return 0.0, current
    return (current, previous) if held > index else (0.0, 0.0)
