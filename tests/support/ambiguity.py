"""Reads the tables of ambiguous HTTP (tests/gateway/transport/ambiguity/). Not for: judging what comes of a case."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import NamedTuple

_REPEATED = re.compile(rb"\{([^{}]+)\*(\d+)\}")


class Case(NamedTuple):
    line: int
    verdict: str
    data: bytes
    text: str  # as it stands in the table

    def __str__(self) -> str:
        return f"{self.line}: {self.text[:60]}"


def read_cases(file: Path) -> list[Case]:
    cases = []
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        if line and not line.startswith("#"):
            verdict, bar, text = line.partition(" | ")
            assert bar, f"{file.name}:{number} has no bar"
            cases.append(Case(number, verdict.strip(), _bytes(text), text))
    return cases


def _bytes(text: str) -> bytes:
    """`\\r`, `\\x00`; `{a*3}` is aaa, with `\\\\r` for a carriage return in the repeated text."""
    data = codecs.escape_decode(text.encode("ascii"))[0]
    assert isinstance(data, bytes)

    def repeated(found: re.Match[bytes]) -> bytes:
        piece = codecs.escape_decode(found[1])[0]
        assert isinstance(piece, bytes)
        return piece * int(found[2])

    return _REPEATED.sub(repeated, data)
