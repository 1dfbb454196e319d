"""The fault table: rows out of faults.toml, and the page of the documentation that is made from them and from the
catalogue's texts. Not for: making faults (faults_*.py)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from support.house import ROOT

from quickstart import messages

TABLE = ROOT / "tests" / "quickstart" / "doctor" / "faults.toml"
PAGE = ROOT / "docs" / "troubleshooting.md"


@dataclass(frozen=True)
class Row:
    """`setup` and `doctor`: codes of diagnosis.py. `put_right`: what setup does instead of diagnosing. `needs`: "root",
    "docker" or nothing."""

    id: str
    group: str
    what: str
    doctor: str
    setup: str = ""
    put_right: str = ""
    mended: bool = False  # after setup doctor finds it no more
    needs: str = ""


def rows() -> list[Row]:
    document = tomllib.loads(TABLE.read_text("utf-8"))
    return [Row(**entry) for entry in document["fault"]]


def pattern(code: str) -> re.Pattern[str]:
    """What a code's text looks like with any values in it."""
    template = text(code)
    pieces = re.split(r"\{\w+\}", template)
    return re.compile(r".*?".join(re.escape(piece) for piece in pieces), re.DOTALL)


_HEAD = """\
Type `ai-gateway doctor`: it looks at everything between your program and the model, in order, and says what is wrong
with one remedy each. `ai-gateway doctor ROUTE` looks at one route, `--json` is for programs, and `--bundle` writes an
archive for a report with all keys taken out. `ai-gateway check` sends one real request per route.

This page lists the faults that are told apart. Each of them is made for real by a test, and setup and doctor must name
it. The page is made from the same table and the same texts; the code is what `--json` calls it.
"""


def text(code: str) -> str:
    """The English text of a code, or of another key of the catalogue."""
    texts = messages.catalogue()
    return texts.get(f"diagnosis.{code}", texts.get(code, {}))["en"]


def page() -> str:
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Troubleshooting"
    yield ""
    yield from _HEAD.splitlines()
    for group, members in groupby(rows(), lambda row: row.group):
        yield ""
        yield f"## {group}"
        yield ""
        yield "| what is wrong | code | what `doctor` says | what to do | `setup` |"
        yield "|---|---|---|---|---|"
        told: dict[tuple[str, str, str], list[str]] = {}
        for row in members:
            told.setdefault((row.doctor, row.setup, row.put_right), []).append(row.what)
        for (doctor, setup, put_right), whats in told.items():
            says = put_right or ("says the same" if setup == doctor else f"says: {_shown(setup)}")
            cells = ("; ".join(whats), f"`{doctor}`", _shown(doctor), " ".join(_remedy(doctor)), says)
            yield "| " + " | ".join(cells) + " |"


def _shown(code: str) -> str:
    return _named(text(code))


def _remedy(code: str) -> list[str]:
    texts = messages.catalogue()
    keys = [f"diagnosis.{code}.do"] if f"diagnosis.{code}.do" in texts else _NUMBERED.get(code, [])
    lines = [_named(line) for key in keys for line in texts[key]["en"].splitlines()]
    return [*lines[:-1], f"{lines[-1]} the address follows."] if lines and lines[-1].endswith(":") else lines


_NUMBERED = {
    "reach_loopback": ["diagnosis.reach_do_bind", "diagnosis.reach_do_process"],
    "reach_firewall": ["diagnosis.reach_do_firewall", "diagnosis.reach_do_process"],
    "reach_name": ["diagnosis.reach_do_upgrade", "diagnosis.reach_do_process"],
}


def _named(text: str) -> str:
    """Placeholders as a reader knows them: `{host}` -> `HOST`."""
    shown = re.sub(r"\{(\w+)\}", lambda match: match[1].upper(), text.replace("{quote}", ""))
    return shown.replace("<", "&lt;").replace("*", "\\*").replace("|", "\\|")
