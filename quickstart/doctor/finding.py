"""One thing that a check of doctor found. Not for: wording (diagnosis.py), printing (commands/doctor.py)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from quickstart import diagnosis
from quickstart.diagnosis import Told

Mark = Literal["ok", "note", "warn", "bad"]
"""ok: as it should be. note: good to know. warn: works, but may not for long or not for everybody. bad: in the way."""


@dataclass(frozen=True, slots=True)
class Finding:
    check: str  # the check that says it: "engine", "keys file"
    mark: Mark
    code: str  # of diagnosis.py, stable
    message: str
    remedy: str = ""  # what to type, a line each
    subject: str = ""  # the route, listener or host it is about

    def as_document(self) -> dict[str, Any]:
        return asdict(self)


def found(check: str, mark: Mark, code: str, subject: str = "", **values: Any) -> Finding:
    """A finding in the words of its code."""
    return of_told(check, mark, diagnosis.told(code, **values), subject)


def of_told(check: str, mark: Mark, told: Told, subject: str = "") -> Finding:
    return Finding(check, mark, told.code, told.message, told.hint, subject)
