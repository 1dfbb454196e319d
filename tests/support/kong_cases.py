"""What a real Kong 3.9.1 sent upstream and answered, case by case (tests/conformance/kong-3.9.1.cases.json)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parent.parent / "conformance" / "kong-3.9.1.cases.json"


@cache
def _cases() -> dict[str, dict[str, Any]]:
    return {case["name"]: case for case in json.loads(FILE.read_text())}


def asked(name: str) -> dict[str, Any]:
    """The client's body."""
    found: dict[str, Any] = json.loads(_cases()[name]["request"]["body"])
    return found


def sent(name: str) -> dict[str, Any]:
    """The body that went upstream."""
    found: dict[str, Any] = json.loads(_cases()[name]["upstream"]["body"])
    return found


def path(name: str) -> str:
    """The path that was asked upstream."""
    return str(_cases()[name]["upstream"]["path"])


def told(name: str) -> dict[str, Any]:
    """The body that the client got."""
    found: dict[str, Any] = json.loads(_cases()[name]["response_body"])
    return found


def covers(got: Any, wanted: Any, free: frozenset[str] = frozenset({"id", "created"})) -> bool:
    """Whether `got` has everything that `wanted` has, with the same values but for the free members."""
    if isinstance(wanted, dict):
        return isinstance(got, dict) and all(
            name in got and (name in free or covers(got[name], value, free)) for name, value in wanted.items()
        )
    if isinstance(wanted, list):
        return (
            isinstance(got, list)
            and len(got) == len(wanted)
            and all(covers(one, other, free) for one, other in zip(got, wanted, strict=True))
        )
    return bool(got == wanted)
