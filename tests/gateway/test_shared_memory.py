"""Memory that is handed on by a descriptor, and given back with its owner."""

from __future__ import annotations

import gc
import os

import pytest

from gateway.counters import Counters
from gateway.health_marks import HealthMarks
from gateway.shared_memory import ALONE, memory_file


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
