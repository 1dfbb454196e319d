"""The rows of a configuration, as a worker holds them. Not for: reading, checking or changing them (entities), which
takes far more memory than a worker needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Rows:
    """`collections`: kind ("services") -> id -> row. Every kind is present."""

    def __init__(self, collections: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
        self.collections = collections
