"""Counters in windows of time, exact across the worker processes of a node: one table in shared memory. Not for:
deciding what is too much (plugins), counters shared between nodes (Redis).

A slot holds one key's current and previous window, which is what fixed and sliding windows need. A window is named by
an integer index that grows by one per window; the caller chooses it (seconds // size, or a calendar month).

For counts that nodes share, a slot also holds what the store was last heard to have in each window. What was counted
here and not yet there is the difference; settle() brings both together.
"""

from __future__ import annotations

import platform
import struct
from collections.abc import Sequence
from typing import Final

from gateway.shared_memory import EMPTY, SharedTable, digest_of
from gateway.values import Count

_SLOT: Final = struct.Struct("=16sqddddd")
"""Digest, window index, expiry (wall clock seconds), current, previous, and what a store was heard to have of both."""
_HEAD: Final = struct.Struct("=16sq")
_NOBODY: Final = bytes(_HEAD.size)
_COUNTED: Final = (_HEAD.size + 8) // 8
"""Where current and previous stand in a slot, in numbers of eight bytes."""
_IN_ORDER: Final = platform.machine() in ("x86_64", "AMD64")
"""Whether one core sees what another wrote in the order in which it was written."""


class Counters(SharedTable):
    """A view of the table."""

    NAME = "counters"
    SLOT = _SLOT
    SLOTS = 1 << 16
    """Keys that fit before the stalest are forgotten: 65,536 slots of 64 bytes, 4 MiB."""

    def __init__(self, descriptor: int, slots: int | None = None, shared: bool = True) -> None:
        super().__init__(descriptor, slots, shared)
        self.numbers = memoryview(self._memory).cast("d")
        """The same memory as numbers; each is read and written in one piece, which struct does not do."""

    def close(self) -> None:
        self.numbers.release()
        super().close()

    def read(self, key: bytes, index: int) -> tuple[float, float]:
        """What was counted for `key` in window `index` and in the one before it."""
        digest = digest_of(key)
        base = self._bucket(digest)
        self._lock(base)
        try:
            return self._load(digest, base, index)[2:4]
        finally:
            self._unlock(base)

    def tally(self, key: bytes) -> Tally:
        """For those who ask for one key again and again."""
        return Tally(self, key)

    def add(self, key: bytes, index: int, amount: float, expires: float, now: float) -> tuple[float, float]:
        """Adds `amount` and returns (current, previous) after it. `expires`: when the slot may be forgotten."""
        return self.take(key, index, amount, None, expires, now)[1:]

    def take(
        self, key: bytes, index: int, amount: float, limit: float | None, expires: float, now: float
    ) -> tuple[bool, float, float]:
        """Adds `amount` unless the current window would pass `limit`; one step, so that no two requests share the last
        place. Returns (taken, current, previous)."""
        digest = digest_of(key)
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
        digests = [digest_of(count.key) for count in counts]
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
        digest = digest_of(count.key)
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
        digest = digest_of(key)
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
        offset = self._find(digest, base)  # an expired one too: its windows are past, so it counts as nothing
        if offset is None:
            return None, index, 0.0, 0.0, 0.0, 0.0
        _, held, _, current, previous, heard, heard_before = _SLOT.unpack_from(self._memory, offset)
        if held >= index and (late or held <= index + 1):
            return offset, held, current, previous, heard, heard_before
        if held == index - 1:
            return offset, index, 0.0, current, 0.0, heard
        return offset, index, 0.0, 0.0, 0.0, 0.0

    def _store(self, offset: int | None, base: int, now: float, digest: bytes, index: int, *numbers: float) -> None:
        """Writes a slot so that who reads without the lock (Tally) never takes half of it for the whole: a number goes
        in one piece, and a slot that becomes another's or another window's is nobody's meanwhile."""
        if offset is None:
            offset = self._room(base, now)
        memory, written = self._memory, self.numbers
        head = _HEAD.pack(digest, index)
        end = offset + _HEAD.size
        moves = memory[offset:end] != head
        if moves:
            memory[offset:end] = _NOBODY
        for place, number in enumerate(numbers, end // 8):
            written[place] = number
        if moves:
            memory[offset:end] = head

    def _room(self, base: int, now: float) -> int:
        """The offset of an empty or expired slot, else of the one that expires first."""
        memory = self._memory
        best, best_expiry = base * _SLOT.size, float("inf")
        for offset in self._offsets(base):
            digest, _, expires, *_ = _SLOT.unpack_from(memory, offset)
            if digest == EMPTY or expires <= now:
                return offset
            if expires < best_expiry:
                best, best_expiry = offset, expires
        return best


def _settled(counted: float, heard: float, sent: float, total: float) -> tuple[float, float]:
    """What is counted and what was heard of a window, after `sent` of it became part of the store's `total`."""
    own = max(0.0, counted - heard - sent)  # what only this node knows yet
    heard = max(heard, total)
    return heard + own, heard


class Tally:
    """One key of a table: its slot is found once, and read without a lock for as long as window and slot are the same,
    which is looked at before and after (see Counters._store)."""

    __slots__ = (
        "_at",
        "_bucket",
        "_digest",
        "_end",
        "_head",
        "_index",
        "_memory",
        "_numbers",
        "_offset",
        "_table",
        "key",
    )

    def __init__(self, table: Counters, key: bytes) -> None:
        self._table = table
        self._memory = table._memory
        self._numbers = table.numbers
        self.key = key
        self._digest = digest_of(key)
        self._bucket = table._bucket(self._digest)
        self._offset = self._end = self._at = 0
        self._index: int | None = None
        self._head = b""

    def read(self, index: int) -> tuple[float, float]:
        """As Counters.read()."""
        if index == self._index and _IN_ORDER:
            memory, start, end, head = self._memory, self._offset, self._end, self._head
            if memory[start:end] == head:
                numbers, at = self._numbers, self._at
                current, previous = numbers[at], numbers[at + 1]
                if memory[start:end] == head:
                    return current, previous
        table = self._table
        table._lock(self._bucket)
        try:
            offset_now, held, current, previous, _, _ = table._load(self._digest, self._bucket, index)
            self._found(offset_now, index, held)
        finally:
            table._unlock(self._bucket)
        return current, previous

    def plus(self, index: int, amount: float) -> bool:
        """Adds `amount` if the slot is known and its window still this one; else it is for Counters.add()."""
        if index == self._index:
            table = self._table
            table._lock(self._bucket)
            try:
                if self._memory[self._offset : self._end] == self._head:
                    self._numbers[self._at] += amount
                    return True
            finally:
                table._unlock(self._bucket)
        return False

    def _found(self, offset: int | None, index: int, held: int) -> None:
        """Remembers a slot that holds window `index` itself: `_load` also tells of others as seen from it."""
        head = _HEAD.pack(self._digest, index)
        if offset is not None and held == index and self._memory[offset : offset + _HEAD.size] == head:
            self._offset, self._index, self._head = offset, index, head
            self._end = offset + _HEAD.size
            self._at = offset // 8 + _COUNTED
        else:
            self._index = None
