"""How a fault of our own is told: what kind, and in which line. Not for: answers to clients.

Never the exception's text and never a value: both may quote a body or a key.
"""

from __future__ import annotations

import traceback
from pathlib import Path


def describe(error: BaseException) -> str:
    """`KeyError in exchange.py:120 (start), called from server.py:61 (begin)`."""
    frames = traceback.extract_tb(error.__traceback__)
    name = type(error).__name__
    if not frames:
        return name
    places = [f"{Path(frame.filename).name}:{frame.lineno} ({frame.name})" for frame in frames]
    called = f", called from {places[0]}" if len(places) > 1 else ""
    return f"{name} in {places[-1]}{called}"
