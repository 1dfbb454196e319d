"""Stores that do not answer, told once for the node however many workers notice. Not for: noticing (redis_lane.py)."""

from __future__ import annotations

import logging

_log = logging.getLogger("gateway")


class Outages:
    """Which workers are without which store."""

    def __init__(self) -> None:
        self._without: dict[str, set[int]] = {}  # name of a store that was told of -> workers that it does not answer

    def heard(self, worker: int, store: str, why: str | None) -> None:
        """A worker says why a store does not answer it, "" that it does, None that it does not use it any more."""
        workers = self._without.get(store)
        if why:
            if workers is None:
                workers = self._without[store] = set()
                _log.error("%s does not answer (%s): until it does, this node counts alone", store, why)
            workers.add(worker)
        elif workers is not None:
            workers.discard(worker)
            if not workers:
                del self._without[store]
                if why is not None:
                    _log.warning("%s answers again: what was counted meanwhile is sent", store)

    def ended(self, worker: int) -> None:
        """A worker's process ended; the next one says itself whom it reaches."""
        for workers in self._without.values():
            workers.discard(worker)
