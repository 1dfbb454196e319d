"""Memory that is handed on by a descriptor and given back with its owner, and the table in it."""

from __future__ import annotations

import fcntl
import gc
import os
import struct

import pytest

from gateway.counters import Counters
from gateway.health_marks import HealthMarks
from gateway.shared_memory import ALONE, EMPTY, SharedTable, digest_of, memory_file


def test_a_memory_file_has_the_size_and_is_empty() -> None:
    descriptor = memory_file("test", 100)
    try:
        assert os.pread(descriptor, 200, 0) == bytes(100)
    finally:
        os.close(descriptor)


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("kind", [Counters, HealthMarks])
@pytest.mark.parametrize("shared", [True, False])
def test_a_table_that_nobody_has_any_more_keeps_no_descriptor(kind: type, shared: bool) -> None:
    before = descriptors()
    for _ in range(20):
        kind.create(slots=64, shared=shared)  # type: ignore[attr-defined]
    gc.collect()
    assert descriptors() <= before


@pytest.mark.parametrize("kind", [Counters, HealthMarks])
def test_memory_of_one_process_has_no_descriptor_and_closing_twice_is_harmless(kind: type) -> None:
    assert kind.create(slots=64, shared=False).descriptor == ALONE  # type: ignore[attr-defined]
    table = kind.create(slots=64)  # type: ignore[attr-defined]
    assert table.descriptor >= 0
    table.close()
    table.close()


class Notes(SharedTable):
    """A table as small as it can be: whose a slot is, and one number."""

    NAME = "notes"
    SLOT = struct.Struct("=16sq")
    SLOTS = 128

    def note(self, key: bytes, number: int) -> None:
        digest = digest_of(key)
        bucket = self._bucket(digest)
        at = self._find(digest, bucket)
        with self.held(bucket * self.SLOT.size):
            self.SLOT.pack_into(self._memory, self.free(bucket) if at is None else at, digest, number)

    def noted(self, key: bytes) -> int | None:
        digest = digest_of(key)
        at = self._find(digest, self._bucket(digest))
        return None if at is None else self.SLOT.unpack_from(self._memory, at)[1]

    def free(self, bucket: int) -> int:
        return next(at for at in self._offsets(bucket) if self._memory[at : at + 16] == EMPTY)


def test_a_slot_is_found_again_by_its_owner_in_every_view_of_the_table() -> None:
    table = Notes.create()
    view = Notes(os.dup(table.descriptor))
    for number in range(40):
        table.note(b"%d" % number, number)
    assert [view.noted(b"%d" % number) for number in range(40)] == list(range(40))
    assert view.noted(b"nobody") is None


def test_the_buckets_are_all_of_the_table_and_share_no_slot() -> None:
    table = Notes.create()
    buckets = {table._bucket(digest_of(b"%d" % number)) for number in range(1000)}
    offsets = [offset for bucket in buckets for offset in table._offsets(bucket)]
    assert sorted(offsets) == list(range(0, Notes.SLOTS * Notes.SLOT.size, Notes.SLOT.size))


def test_whoever_holds_a_bucket_is_alone_in_it_and_gives_it_back_also_after_an_error() -> None:
    table = Notes.create()

    def another_may_have(offset: int) -> bool:
        """Asked by another process: a process never waits for itself."""
        child = os.fork()
        if child == 0:
            bucket = offset // Notes.SLOT.size // 32 * 32
            try:
                fcntl.lockf(table.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, bucket)
            except OSError:
                os._exit(1)
            os._exit(0)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

    other_bucket = 32 * Notes.SLOT.size
    with pytest.raises(ZeroDivisionError), table.held(5 * Notes.SLOT.size):
        assert not another_may_have(0)
        assert another_may_have(other_bucket)
        raise ZeroDivisionError
    assert another_may_have(0)


def test_a_table_of_one_process_takes_no_locks() -> None:
    table = Notes.create(shared=False)
    with table.held(0):
        table.note(b"a", 1)
    assert table.noted(b"a") == 1
