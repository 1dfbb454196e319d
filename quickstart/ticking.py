"""Something that goes on is seen to go on: a call once a second, from a thread of its own, while it lasts.

Not for: what is shown then (console.py), timing anything.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self


class Ticking:
    """Use as a context manager; `show` gets the whole ticks since the beginning, from 1 on, and never after the end."""

    def __init__(self, show: Callable[[int], None], seconds: float = 1.0) -> None:
        self._show = show
        self._seconds = seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        ticks = 0
        while not self._over.wait(self._seconds):
            ticks += 1
            self._show(ticks)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
