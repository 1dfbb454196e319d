"""What an export gives, and what may be wished of it. Not for: writing it anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Note(NamedTuple):
    """What a person should know: what was left out and why, what is still to be done."""

    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """How the export is wished. `target`: the Kong it is for, "" = the newest. `image`: the gateway's image."""

    target: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True)
class Bundle:
    """`stream` is one text that works alone; `files` (path -> content) the same for a folder, {} where one file is all
    there is."""

    stream: str
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
