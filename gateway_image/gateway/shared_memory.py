"""Memory that the processes of a node share: a file that has no name, handed on by its descriptor. Not for: what is
kept in it, locks.
"""

from __future__ import annotations

import os
import tempfile
import weakref

ALONE = -1
"""In place of a descriptor: memory of one process."""


def memory_file(name: str, size: int) -> int:
    """The descriptor of `size` zero bytes. Raises OSError."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create(name, 0)
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, size)
    return descriptor


def closed_with(owner: object, descriptor: int) -> weakref.finalize[[int], object]:
    """Closes `descriptor` when called, or when `owner` is gone."""
    return weakref.finalize(owner, os.close, descriptor)
