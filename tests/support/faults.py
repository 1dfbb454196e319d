"""Where the makers of faults are found: each row of the fault table has one. Not for: making them (faults_*.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

MAKERS: dict[str, Callable[[Any], AbstractContextManager[None]]] = {}


def fault(row: str) -> Callable[[Callable[[Any], Iterator[None]]], Callable[[Any], Iterator[None]]]:
    """The maker of a row: it makes the fault, yields while setup and doctor are asked, and takes it away."""

    def register(maker: Callable[[Any], Iterator[None]]) -> Callable[[Any], Iterator[None]]:
        assert row not in MAKERS, f"{row} is made twice"
        MAKERS[row] = contextmanager(maker)
        return maker

    return register
