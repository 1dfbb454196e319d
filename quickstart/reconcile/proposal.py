"""What would be in force: what is wanted, merged with what runs, and what to tell about it first. Pure.

Not for: reading what runs (situation.py), carrying it out (applying.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gateway.entities import ConfigError, load
from quickstart.errors import QuickstartError
from quickstart.reconcile import deck_file
from quickstart.reconcile.alignment import aligned
from quickstart.reconcile.difference import Difference, differences, shown, unified
from quickstart.reconcile.rows import Rows, label, nothing, read
from quickstart.reconcile.situation import Situation
from quickstart.reconcile.three_way import MISSING, Choose, Conflict, Merged, Side, keep_theirs, merge


@dataclass(frozen=True, slots=True)
class Proposal:
    before: Rows | None  # what runs; None: nothing yet
    rows: Rows  # what would
    text: str  # the same as a decK file, references only
    wanted_is_base: bool  # setup renders what it rendered last
    conflicts: tuple[tuple[Conflict, Side], ...] = ()
    kept: tuple[Difference, ...] = ()  # edits made since the last generation that stay
    dropped: tuple[Difference, ...] = ()  # and those that do not

    @property
    def changes(self) -> bool:
        """Whether the gateway has to be told."""
        return self.before != self.rows

    @property
    def nothing(self) -> bool:
        """Whether neither the gateway nor our files have anything to learn."""
        return not self.changes and self.wanted_is_base

    def differences(self) -> tuple[Difference, ...]:
        return differences(self.before or nothing(), self.rows)

    def unified(self) -> list[str]:
        return unified(self.before or nothing(), self.rows)


@dataclass(frozen=True, slots=True)
class Wish:
    """How a configuration is wanted, besides what it is."""

    made_by: str = "setup"
    overwrite: bool = False  # drop every edit
    choose: Choose = keep_theirs  # between two changes of one thing
    ancestor: Rows | None = None  # what it was made from; what setup rendered last where None
    configuration: str = ""  # a decK file in place of what the plan renders
    rendered: str = ""  # what setup alone renders, where that is not what is wanted
    restores: int = 0  # the generation that it goes back to
    forget: frozenset[str] = frozenset()  # names of secrets of which no earlier value is to be kept


def propose(situation: Situation, wanted: str, wish: Wish = Wish()) -> Proposal:
    """`wanted`: a decK file. Raises QuickstartError where the merged configuration is none that the gateway takes."""
    meant = read(wanted, "The new configuration")
    running = situation.running
    if running is None:
        return Proposal(None, meant, wanted, False)
    meant, base = aligned(meant, running), aligned(situation.base, running)
    merged = Merged(meant, ())
    if not wish.overwrite:
        ancestor = base if wish.ancestor is None else aligned(wish.ancestor, running)
        merged = merge(ancestor, meant, running, wish.choose)
    rows = merged.rows
    text = wanted if rows == read(wanted, "The new configuration") else deck_file.text(rows)
    if text is not wanted:
        _check(text)
    recorded = aligned(situation.recorded, running)
    edits = differences(recorded, running)
    still = set(differences(recorded, rows))
    return Proposal(
        running,
        rows,
        text,
        meant == base,
        merged.conflicts,
        tuple(edit for edit in edits if edit in still),
        tuple(edit for edit in edits if edit not in still),
    )


def _check(text: str) -> None:
    try:
        load(text, deck=True)
    except ConfigError as error:
        raise QuickstartError(
            f"The edits made meanwhile and this change do not go together: {error}",
            "Drop the edits with --overwrite, or change them in the Manager first.",
        ) from error


def told(rows: Rows, conflict: Conflict) -> tuple[str, str, str]:
    """A conflict in words: what it is about, what is wanted, what runs. `rows`: a configuration that has the row."""

    def words(value: Any) -> str:
        return "removed" if value is MISSING else "changed" if not conflict.path else shown(value) or "(not set)"

    name = label(rows, conflict.key)
    field = ".".join(conflict.path)
    return f"{name}: {field}" if field else name, words(conflict.ours), words(conflict.theirs)
