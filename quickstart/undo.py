"""What was done so far, to take it back in reverse when anything goes wrong. Not for: deciding what is to be done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Undo:
    """A stack of steps back. Leaving the block by any exception, Ctrl-C included, takes them all; commit() forgets
    them. While inside, being told to end (SIGTERM, a closed terminal) is an exception like Ctrl-C; while going back,
    nothing interrupts."""

    def __init__(self, failed: Callable[[str, Exception], None]) -> None:
        """`failed` hears of a step back that did not work; the others are taken all the same."""
        self._failed = failed
        self._steps: list[tuple[str, Callable[[], object]]] = []
        self._handlers: dict[int, Any] = {}

    def push(self, name: str, action: Callable[[], object]) -> None:
        self._steps.append((name, action))

    def commit(self) -> None:
        self._steps.clear()

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():  # only there can signals be handled
            for number in _STOPPING[1:]:
                self._handlers[number] = signal.signal(number, _interrupt)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is not None:
                self._unwind()
        finally:
            for number, handler in self._handlers.items():
                signal.signal(number, handler)

    def _unwind(self) -> None:
        quiet = {}
        if self._handlers:
            quiet = {number: signal.signal(number, signal.SIG_IGN) for number in _STOPPING}
        try:
            while self._steps:
                name, action = self._steps.pop()
                try:
                    action()
                except Exception as error:
                    self._failed(name, error)
        finally:
            for number, handler in quiet.items():
                signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
