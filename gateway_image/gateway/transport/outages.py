"""Stores that do not answer, told once for the node however many workers notice. Not for: noticing (redis_lane.py)."""

from __future__ import annotations

import logging

_log = logging.getLogger("gateway")


class Outages:
    """Which workers are without which store."""

    def __init__(self) -> None:
        self._without: dict[str, set[int]] = {}  # name of a store -> workers that it does not answer

    def heard(self, worker: int, store: str, why: str) -> None:
        """A worker says that a store does not answer it, with why "" that it does again."""
        if why:
            workers = self._without.setdefault(store, set())
            if not workers:
                _log.error("%s does not answer (%s): until it does, this node counts alone", store, why)
            workers.add(worker)
        elif store in self._without:
            self._without[store].discard(worker)
            self._tell_back(store)

    def ended(self, worker: int) -> None:
        """A worker's process ended: what it was without, it is not any more."""
        for store in list(self._without):
            self._without[store].discard(worker)
            self._tell_back(store)

    def _tell_back(self, store: str) -> None:
        if not self._without[store]:
            del self._without[store]
            _log.warning("%s answers again: what was counted meanwhile is sent", store)
