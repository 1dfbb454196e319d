"""Memory that the processes of a node share, a file that has no name and is handed on by its descriptor; and the table
in it that counters and health marks are kept in. Not for: what a slot of the table holds beyond whose it is.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from typing import ClassVar, Final, Self

ALONE: Final = -1
"""In place of a descriptor: memory of one process."""
EMPTY: Final = bytes(16)
"""The digest of a slot that is nobody's."""
_BUCKET: Final = 32


def memory_file(name: str, size: int) -> int:
    """The descriptor of `size` zero bytes. Raises OSError."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create(name, 0)
    else:
        import tempfile  # late: it brings many others, which no worker needs

        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, size)
    return descriptor


def digest_of(key: bytes) -> bytes:
    """What a slot of a table calls its owner by: 16 bytes."""
    return blake2b(key, digest_size=16).digest()


class SharedTable:
    """A view of a table of equal slots. `descriptor` is handed to worker processes, which attach to the same memory.

    A slot begins with the digest of its owner. Digests that begin alike share a bucket of neighbouring slots, and a
    byte-range lock guards a bucket: all slots that a search for one owner may touch. A bucket is named by the number of
    its first slot, a slot by the offset of its first byte.
    """

    NAME: ClassVar[str]
    SLOT: ClassVar[struct.Struct]
    SLOTS: ClassVar[int]
    """How many slots a table has where nobody says."""

    def __init__(self, descriptor: int, slots: int | None = None, shared: bool = True) -> None:
        self.descriptor = descriptor
        self.slots = self.SLOTS if slots is None else slots
        self.shared = shared  # False: one process only, no locks needed
        self._memory = mmap.mmap(descriptor, self.slots * self.SLOT.size)
        self._closing: Callable[[], object] | None = None

    @classmethod
    def create(cls, slots: int | None = None, shared: bool = True) -> Self:
        """A new, empty table."""
        if not shared:
            return cls(ALONE, slots, shared)
        slots = cls.SLOTS if slots is None else slots
        made = cls(memory_file(cls.NAME, slots * cls.SLOT.size), slots, shared)
        made._closing = weakref.finalize(made, os.close, made.descriptor)  # when closed, or when nobody has it any more
        return made

    def close(self) -> None:
        """Of the one that made it."""
        self._memory.close()
        if self._closing is not None:
            self._closing()

    def _bucket(self, digest: bytes) -> int:
        return int.from_bytes(digest[:4], "big") % (self.slots // _BUCKET) * _BUCKET

    def _offsets(self, bucket: int) -> range:
        """Where the slots of a bucket begin."""
        size = self.SLOT.size
        return range(bucket * size, (bucket + _BUCKET) * size, size)

    def _find(self, digest: bytes, bucket: int) -> int | None:
        memory = self._memory
        for offset in self._offsets(bucket):
            if memory[offset : offset + 16] == digest:
                return offset
        return None

    def _lock(self, bucket: int) -> None:
        if self.shared:
            fcntl.lockf(self.descriptor, fcntl.LOCK_EX, 1, bucket)

    def _unlock(self, bucket: int) -> None:
        if self.shared:
            fcntl.lockf(self.descriptor, fcntl.LOCK_UN, 1, bucket)

    @contextmanager
    def held(self, offset: int) -> Iterator[None]:
        """Locks the bucket of the slot at `offset`."""
        bucket = offset // self.SLOT.size // _BUCKET * _BUCKET
        self._lock(bucket)
        try:
            yield
        finally:
            self._unlock(bucket)
