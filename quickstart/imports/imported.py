"""What was read of another tool's file: the same that a person could have said to setup, or a whole configuration.

Not for: reading (one room per format).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Kind = Literal["deck", "litellm", "env"]


class Note(NamedTuple):
    """What was not taken, or is to be known; never with a secret in it."""

    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """`flags`: setup's repeatable options without their dashes ("model", "local", ...); `environment`: keys, as
    variables. `configuration`: of a decK file, the file, and then flags and environment are empty."""

    kind: Kind
    flags: dict[str, tuple[str, ...]] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict, repr=False)
    configuration: str = field(default="", repr=False)
    notes: tuple[Note, ...] = ()

    @property
    def empty(self) -> bool:
        return not (self.flags or self.environment or self.configuration)
