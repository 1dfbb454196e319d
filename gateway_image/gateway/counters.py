"""Counters in windows of time, exact across the worker processes of a node: one table in shared memory, a byte-range
lock per slot. Not for: deciding what is too much (plugins), counters shared between nodes (Redis).

A slot holds one key's current and previous window, which is what fixed and sliding windows need. A window is named by
an integer index that grows by one per window; the caller chooses it (seconds // size, or a calendar month).

For counts that nodes share, a slot also holds what the store was last heard to have in each window. What was counted
here and not yet there is the difference; settle() brings both together.
"""

from __future__ import annotations

import fcntl
import mmap
import struct
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Final

from gateway.shared_memory import ALONE, closed_with, memory_file
from gateway.values import Count

SLOTS: Final = 1 << 16
"""Keys that fit before the stalest are forgotten: 65,536 slots of 64 bytes, 4 MiB."""
_SLOT: Final = struct.Struct("=16sqddddd")
"""Digest, window index, expiry (wall clock seconds), current, previous, and what a store was heard to have of both."""
_PROBES: Final = 32
_EMPTY: Final = bytes(16)


class Counters:
    """A view of the table. `descriptor` is handed to worker processes, which attach to the same memory."""

    def __init__(self, descriptor: int, slots: int = SLOTS, shared: bool = True) -> None:
        self.descriptor = descriptor
        self.slots = slots
        self.shared = shared  # False: one process only, no locks needed
        self._memory = mmap.mmap(descriptor, slots * _SLOT.size)
        self._closing: Callable[[], object] | None = None

    @classmethod
    def create(cls, slots: int = SLOTS, shared: bool = True) -> Counters:
        """A new, empty table."""
        if not shared:
            return cls(ALONE, slots, shared)
        made = cls(memory_file("counters", slots * _SLOT.size), slots, shared)
        made._closing = closed_with(made, made.descriptor)
        return made

    def close(self) -> None:
        """Of the one that made it."""
        self._memory.close()
        if self._closing is not None:
            self._closing()

    def read(self, key: bytes, index: int) -> tuple[float, float]:
        """What was counted for `key` in window `index` and in the one before it."""
        digest = _digest(key)
        base = self._bucket(digest)
        self._lock(base)
        try:
            return self._load(digest, base, index)[2:4]
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
            offset, index, current, previous, heard, heard_before = self._load(digest, base, index)
            if limit is not None and current + amount > limit:
                return False, current, previous
            current += amount
            self._store(offset, base, now, digest, index, expires, current, previous, heard, heard_before)
            return True, current, previous
        finally:
            self._unlock(base)

    def take_all(self, counts: Sequence[Count], now: float) -> tuple[bool, list[tuple[float, float]]]:
        """Adds every amount if no count is full, else none; one step. Returns whether they were added, and (current,
        previous) of each before that."""
        if len(counts) == 1:
            return self._take_one(counts[0], now)
        digests = [_digest(count.key) for count in counts]
        bases = [self._bucket(digest) for digest in digests]
        held = sorted(set(bases))  # always in this order: no two wait for each other
        for base in held:
            self._lock(base)
        try:
            slots = [
                self._load(digest, base, count.window)
                for digest, base, count in zip(digests, bases, counts, strict=True)
            ]
            found = [slot[2:4] for slot in slots]
            for count, (current, previous) in zip(counts, found, strict=True):
                if current + previous * count.weight >= count.limit:
                    return False, found
            for count, digest, base, slot in zip(counts, digests, bases, slots, strict=True):
                if count.amount:
                    offset, index, current, previous, heard, heard_before = slot
                    if offset is not None and self._memory[offset : offset + 16] != digest:
                        offset = None  # a new key of this very call took the place of the stalest
                    current += count.amount
                    self._store(offset, base, now, digest, index, count.expires, current, previous, heard, heard_before)
            return True, found
        finally:
            for base in held:
                self._unlock(base)

    def _take_one(self, count: Count, now: float) -> tuple[bool, list[tuple[float, float]]]:
        """The same for a single count, without the bookkeeping of several."""
        digest = _digest(count.key)
        base = self._bucket(digest)
        self._lock(base)
        try:
            offset, index, current, previous, heard, heard_before = self._load(digest, base, count.window)
            if current + previous * count.weight >= count.limit:
                return False, [(current, previous)]
            if count.amount:
                new = current + count.amount
                self._store(offset, base, now, digest, index, count.expires, new, previous, heard, heard_before)
            return True, [(current, previous)]
        finally:
            self._unlock(base)

    def settle(
        self, key: bytes, index: int, sent: float, totals: tuple[float, float], expires: float, now: float
    ) -> None:
        """A store answered: `sent` of what was counted here is in its `totals` of window `index` and the one before,
        with what others counted. Totals only grow, so that answers may come in any order."""
        digest = _digest(key)
        base = self._bucket(digest)
        self._lock(base)
        try:
            offset, newest, current, previous, heard, heard_before = self._load(digest, base, index, late=True)
            if newest == index:
                current, heard = _settled(current, heard, sent, totals[0])
                previous, heard_before = _settled(previous, heard_before, 0.0, totals[1])
            elif newest == index + 1:
                previous, heard_before = _settled(previous, heard_before, sent, totals[0])
            else:
                return
            self._store(offset, base, now, digest, newest, expires, current, previous, heard, heard_before)
        finally:
            self._unlock(base)

    def _load(
        self, digest: bytes, base: int, index: int, late: bool = False
    ) -> tuple[int | None, int, float, float, float, float]:
        """A key's slot as seen from window `index`: offset (None: it has none), index, current, previous, and what was
        heard of both. Where another worker is a window ahead, everything counts there. More than one ahead was
        another time: the clock was set back, and nobody may wait for it to catch up; unless `index` may be `late`."""
        offset = self._find(digest, base)
        if offset is None:
            return None, index, 0.0, 0.0, 0.0, 0.0
        _, held, _, current, previous, heard, heard_before = _SLOT.unpack_from(self._memory, offset)
        if held >= index and (late or held <= index + 1):
            return offset, held, current, previous, heard, heard_before
        if held == index - 1:
            return offset, index, 0.0, current, 0.0, heard
        return offset, index, 0.0, 0.0, 0.0, 0.0

    def _store(self, offset: int | None, base: int, now: float, *slot: bytes | int | float) -> None:
        _SLOT.pack_into(self._memory, self._room(base, now) if offset is None else offset, *slot)

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
            digest, _, expires, *_ = _SLOT.unpack_from(memory, offset)
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


def _settled(counted: float, heard: float, sent: float, total: float) -> tuple[float, float]:
    """What is counted and what was heard of a window, after `sent` of it became part of the store's `total`."""
    own = max(0.0, counted - heard - sent)  # what only this node knows yet
    heard = max(heard, total)
    return heard + own, heard
