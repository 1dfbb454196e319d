"""Which targets of upstreams are ill, and what was counted on the way there: one table in shared memory, so that every
worker and the control process see the same at once. Not for: which results count (peer_health.py), probes
(transport/probing.py), who is asked (balancing.py).

A slot belongs to one target of one upstream as long as the configuration has it. Reading takes no lock.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterable
from typing import Final

from gateway.shared_memory import EMPTY, SharedTable, digest_of

_SLOT: Final = struct.Struct("=16s5B3x")
"""Digest, whether it is ill, successes, and failures by FAILURES."""
FAILURES: Final = ("http", "tcp", "timeouts")
_STATE: Final = struct.Struct("=5B")
_QUIET: Final = bytes(_STATE.size)
_MOST: Final = 255


class Mark:
    """The state of one target."""

    __slots__ = ("_at", "_digest", "_marks", "_memory")

    def __init__(self, marks: HealthMarks, memory: mmap.mmap | bytearray, at: int, digest: bytes) -> None:
        self._marks = marks
        self._memory = memory
        self._at = at  # where the slot begins
        self._digest = digest

    @property
    def ill(self) -> bool:
        return self._memory[self._at + 16] != 0

    def failed(self, what: str, threshold: int) -> None:
        """One more failure of this kind (FAILURES) since the last success; `threshold` of them make it ill, 0 never."""
        which = FAILURES.index(what)
        with self._marks.held(self._at):
            ill, _, *failures = self._load()
            failures[which] = min(failures[which] + 1, _MOST)
            if threshold and failures[which] >= threshold:
                ill = 1
            self._store(ill, 0, *failures)

    def succeeded(self, threshold: int) -> None:
        """One more success; `threshold` of them in a row make it well, 0 never."""
        at = self._at + 16
        if self._memory[at : at + 5] == _QUIET:
            return  # the usual case: well, and nothing counted against it
        with self._marks.held(self._at):
            ill, successes, *_ = self._load()
            successes = min(successes + 1, _MOST) if ill else 0
            if threshold and successes >= threshold:
                ill = successes = 0
            self._store(ill, successes, 0, 0, 0)

    def set(self, ill: bool) -> None:
        """What somebody says by hand; what was counted is forgotten."""
        with self._marks.held(self._at):
            self._store(int(ill), 0, 0, 0, 0)

    def _load(self) -> tuple[int, ...]:
        return _STATE.unpack_from(self._memory, self._at + 16)

    def _store(self, *state: int) -> None:
        if self._memory[self._at : self._at + 16] == self._digest:  # not when it was given to another target meanwhile
            _STATE.pack_into(self._memory, self._at + 16, *state)


class HealthMarks(SharedTable):
    """A view of the table."""

    NAME = "health-marks"
    SLOT = _SLOT
    SLOTS = 1 << 15
    """Targets that workers share marks of: 32,768 of 24 bytes. Any beyond are marked by each worker for itself."""

    def mark(self, upstream: str, target: str) -> Mark:
        """The mark of a target by the names of both; a new one is well."""
        digest = _digest(upstream, target)
        bucket = self._bucket(digest)
        with self.held(bucket * _SLOT.size):
            free: int | None = None
            for at in self._offsets(bucket):
                found = self._memory[at : at + 16]
                if found == digest:
                    return Mark(self, self._memory, at, digest)
                if found == EMPTY and free is None:
                    free = at
            if free is None:
                return Mark(self, bytearray(_SLOT.pack(digest, 0, 0, 0, 0, 0)), 0, digest)
            _SLOT.pack_into(self._memory, free, digest, 0, 0, 0, 0, 0)
            return Mark(self, self._memory, free, digest)

    def ill(self, upstream: str, target: str) -> bool:
        """Whether a target is ill; one that was never marked is well."""
        digest = _digest(upstream, target)
        at = self._find(digest, self._bucket(digest))
        return at is not None and self._memory[at + 16] != 0

    def keep(self, names: Iterable[tuple[str, str]]) -> None:
        """Forgets all targets but these (upstream, target)."""
        wanted = {_digest(*name) for name in names}
        memory = self._memory
        for at in range(0, self.slots * _SLOT.size, _SLOT.size):
            digest = memory[at : at + 16]
            if digest != EMPTY and digest not in wanted:
                with self.held(at):
                    memory[at : at + _SLOT.size] = bytes(_SLOT.size)


def _digest(upstream: str, target: str) -> bytes:
    return digest_of(f"{upstream}\0{target}".encode())
