"""A small mutation fuzzer: takes inputs of a corpus apart and together, and keeps those that come out in a new way.

Nothing is measured inside the code: how an input came out is told by its target, as a short text. Deterministic for a
seed. Not for: what is tried (fuzz_targets.py).
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

LONGEST = 4096
MOST_KEPT = 2000
"""Inputs of one corpus."""
Target = Callable[[bytes], str]
"""Tries one input; tells how it came out, and raises where it must not come out so."""


class Found(NamedTuple):
    data: bytes
    error: Exception


class Fuzzer:
    """`words` are pieces that the input's grammar is made of."""

    def __init__(self, target: Target, corpus: list[bytes], words: list[bytes], seed: int) -> None:
        self._target = target
        self._words = words
        self._random = random.Random(seed)
        self.corpus: list[bytes] = []
        self.outcomes: set[str] = set()
        self.tried = 0
        for data in corpus:
            self._try(data)

    def run(self, count: int) -> Found | None:
        """Tries so many inputs; the first that came out wrong, made as small as quickly possible."""
        for _ in range(count):
            data = self._mutated()
            try:
                self._try(data)
            except Exception as error:
                return self._smaller(Found(data, error))
        return None

    def _try(self, data: bytes) -> None:
        self.tried += 1
        outcome = self._target(data)
        if outcome not in self.outcomes:
            self.outcomes.add(outcome)
            if len(self.corpus) < MOST_KEPT:
                self.corpus.append(data)

    def _mutated(self) -> bytes:
        chance = self._random
        data = bytearray(chance.choice(self.corpus)) if self.corpus else bytearray()
        for _ in range(chance.choice((1, 1, 2, 3, 6))):
            at = chance.randrange(len(data) + 1)
            end = min(len(data), at + chance.choice((1, 1, 2, 4, 16, 64)))
            what = chance.randrange(8)
            if what == 0:
                del data[at:end]
            elif what == 1:
                data[at:at] = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 5)))
            elif what == 2:
                data[at:at] = chance.choice(self._words)
            elif what == 3:
                data[at:end] = chance.choice(self._words)
            elif what == 4:
                data[at:at] = data[at:end] * chance.choice((1, 2, 30))
            elif what == 5 and at < len(data):
                data[at] ^= 1 << chance.randrange(8)
            elif what == 6:
                other = chance.choice(self.corpus) if self.corpus else b""
                data[at:] = other[chance.randrange(len(other) + 1) :]
            else:
                data[at:at] = str(chance.choice((0, 1, -1, 255, 65536, 1 << 31, 1 << 63, 1e308))).encode()
        return bytes(data[:LONGEST])

    def _smaller(self, found: Found) -> Found:
        size = len(found.data) // 2
        while size:
            at = 0
            while at < len(found.data):
                shorter = found.data[:at] + found.data[at + size :]
                try:
                    self._target(shorter)
                    at += size
                except Exception as error:
                    if type(error) is not type(found.error):
                        at += size
                    else:
                        found = Found(shorter, error)
            size //= 2
        return found


def load(folder: Path) -> list[bytes]:
    """The inputs of a corpus; those that were found wrong once come first."""
    return [file.read_bytes() for file in sorted(folder.glob("*.bin"))] if folder.is_dir() else []


def keep(folder: Path, inputs: list[bytes]) -> int:
    """Adds inputs to a corpus; how many were new."""
    folder.mkdir(parents=True, exist_ok=True)
    new = 0
    for data in inputs:
        file = folder / f"{hashlib.sha256(data).hexdigest()[:16]}.bin"
        if not file.exists():
            file.write_bytes(data)
            new += 1
    return new
