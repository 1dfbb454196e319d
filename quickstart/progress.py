"""What the rooms that do things need of whoever shows progress; console.Console is one. Not for: showing anything."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol


class Step(Protocol):
    def note(self, text: str) -> None: ...  # shown at the step's end

    def warn(self, text: str) -> None: ...  # end with a warning and this note

    def progress(self, text: str) -> None: ...  # shown while it runs


class Reporter(Protocol):
    def step(self, text: str) -> AbstractContextManager[Step]: ...

    def say(self, text: str = "") -> None: ...

    def warn(self, text: str, hint: str = "") -> None: ...
