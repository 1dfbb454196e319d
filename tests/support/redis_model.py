"""The script of redis_script.py told again in Python, over a dictionary: what a link does for a lane, without a server.
A test holds it against the real script in a real Redis. Not for: connections.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from gateway.transport.redis_link import LinkError


class RedisModel:
    """`down`: why there is no answer; `vanishes`: the next run is done, and its answer lost."""

    def __init__(self) -> None:
        self.values: dict[bytes, float] = {}
        self.marks: dict[bytes, tuple[bytes, bytes]] = {}
        self.lives: dict[bytes, int] = {}
        self.runs: list[int] = []  # of each run, how many charges and consults
        self.down = ""
        self.vanishes = False
        self.kept = False  # whether failures are those of a connection that had worked
        self.closed = False
        self.gate = asyncio.Event()  # cleared: an answer waits
        self.gate.set()

    async def ready(self) -> None:
        """Nothing has to be loaded."""

    async def run(self, keys: list[bytes], arguments: list[bytes]) -> list[bytes]:
        await self.gate.wait()
        if self.down:
            raise LinkError(self.down, self.kept)
        found = self.done(keys, arguments)
        if self.vanishes:
            self.vanishes = False
            raise LinkError("connection lost", self.kept)
        return found

    async def close(self) -> None:
        self.closed = True

    @property
    def total(self) -> float:
        return sum(self.values.values())

    def done(self, keys: list[bytes], arguments: list[bytes]) -> list[bytes]:
        mark, names, words = keys[0], iter(keys[1:]), iter(arguments)
        number = next(words)
        next(words)
        charges, consults, adds = int(next(words)), int(next(words)), next(words) == b"1"
        self.runs.append(charges + consults)
        known = self.marks.get(mark)
        decided = known[1] if known is not None and known[0] == number else None
        out: list[bytes] = []
        decisions = b""
        for _ in range(charges):
            name, before = next(names), next(names)
            self._add(name, float(next(words)), int(next(words)), decided)
            out += (self._text(name), self._text(before))
        for each in range(consults):
            counts = [self._count(names, words) for _ in range(int(next(words)))]
            full = any(
                self._held(name) + self._held(before) * weight >= limit for name, before, _, limit, weight, _ in counts
            )
            open_ = decided[each : each + 1] == b"1" if decided is not None else not full
            for name, before, amount, *_ in counts:
                current = self._held(name) - (amount if decided is not None and open_ else 0)
                out += (repr(current).encode(), self._text(before))
            if open_:
                for name, _, amount, _, _, life in counts:
                    self._add(name, amount, life, decided)
            out.append(b"1" if open_ else b"0")
            decisions += out[-1]
        if adds and decided is None:
            self.marks[mark] = (number, decisions)
        return out

    @staticmethod
    def _count(names: Iterator[bytes], words: Iterator[bytes]) -> tuple[bytes, bytes, float, float, float, int]:
        name, before = next(names), next(names)
        return name, before, float(next(words)), float(next(words)), float(next(words)), int(next(words))

    def _held(self, name: bytes) -> float:
        return self.values.get(name, 0.0)

    def _text(self, name: bytes) -> bytes:
        return repr(self._held(name)).encode()

    def _add(self, name: bytes, amount: float, life: int, decided: bytes | None) -> None:
        if amount and decided is None:
            self.values[name] = self._held(name) + amount
            self.lives[name] = life
