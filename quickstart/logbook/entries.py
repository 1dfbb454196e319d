"""One line of the gateway's access log as a value. Pure. Not for: showing it (lines.py)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from quickstart.plan import FRONT_DOOR

SHORT_ID = 8
"""Digits that are enough to name a request: the last ones of its id, whose first are the same for a whole run."""
_REQUEST_ID = re.compile(r"[0-9a-f]{4,32}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One request. `status` 0: the client went before there was one. Tokens are None where none were counted."""

    time: float  # seconds since the epoch, when it ended
    status: int
    method: str
    path: str
    milliseconds: float
    request_id: str
    route: str
    model: str
    prompt: int | None
    completion: int | None
    estimated: bool
    problem: str  # why it failed, "" = it did not or nobody said
    aborted: bool  # the client went away
    document: dict[str, Any]  # the whole line

    @property
    def tokens(self) -> int:
        return (self.prompt or 0) + (self.completion or 0)


def entry(line: str) -> Entry | None:
    """The request that a line tells of; None for any other line: the gateway says other things there too."""
    if not line.startswith('{"time":'):
        return None
    try:
        told = json.loads(line)
        return Entry(
            time=float(told["time"]),
            status=int(told["status"]),
            method=str(told["method"]),
            path=str(told["path"]),
            milliseconds=float(told["ms"]),
            request_id=str(told["request_id"]),
            route=str(told.get("route", "")),
            model=str(told.get("model", "")),
            prompt=told.get("prompt_tokens"),
            completion=told.get("completion_tokens"),
            estimated=bool(told.get("estimated")),
            problem=str(told.get("upstream_error") or told.get("error") or ""),
            aborted=bool(told.get("aborted")),
            document=told,
        )
    except (KeyError, TypeError, ValueError):
        return None


def is_request_id(word: str) -> bool:
    """Whether a word can be a request's id, its end or its beginning."""
    return _REQUEST_ID.fullmatch(word.lower()) is not None


def is_called(found: Entry, word: str) -> bool:
    """Whether a word that is a request's id, its end or its beginning means this one."""
    return found.request_id.endswith(word.lower()) or found.request_id.startswith(word.lower())


def is_about(found: Entry, word: str) -> bool:
    """Whether a request went to what `word` means: a public name ("openai"), a path or a route's name."""
    path = found.path.strip("/")
    first = path.partition("/")[0]
    return word.strip("/") in (path, FRONT_DOOR if first == "v1" else first, found.route)
