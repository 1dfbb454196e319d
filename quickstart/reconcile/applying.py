"""A proposal made true: its files' texts, the generation it becomes, the running gateway told in one transaction.

Every step leaves its way back on an Undo. Not for: starting or stopping a gateway (launch.py), what is proposed
(proposal.py).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from gateway.entities import STATE_NAME
from quickstart import admin_client
from quickstart.admin_client import ChangedMeanwhile
from quickstart.files import Before, Places
from quickstart.plan import Plan
from quickstart.reconcile import deck_file
from quickstart.reconcile.generations import EDITED, Entry, Generation, History
from quickstart.reconcile.proposal import Wish, propose
from quickstart.reconcile.rows import read
from quickstart.reconcile.sealing import opened, references
from quickstart.reconcile.situation import Situation
from quickstart.undo import Undo

ATTEMPTS = 5
"""How often a change is merged anew when somebody edits the running configuration at the same moment."""


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


class Applying:
    """One proposal on its way. `rendered` is what setup alone would have."""

    def __init__(self, places: Places, situation: Situation, rendered: str, wish: Wish) -> None:
        """Raises QuickstartError where the two do not go together."""
        self.places = places
        self.situation = situation
        self.proposal = propose(situation, wish.configuration or rendered, wish)
        self.wish = wish
        self.rendered = wish.rendered or rendered
        self.keys: dict[str, str] = {}  # the secrets file as it should be, and what was before; settle_keys() knows
        self.earlier = situation.earlier
        self._pushed = ""  # what the running gateway was given, or may have been

    @property
    def untouched(self) -> bool:
        """Whether the files are right as they are."""
        return self.proposal.nothing and self.situation.last is not None and self.places.configuration.exists()

    def machine_text(self, secrets: dict[str, str]) -> str:
        """What the gateway is given. `secrets`: what the secrets file will hold. Raises EnvironmentProblem."""
        if self.untouched:
            return self.places.configuration.read_text()
        rows = opened(self.proposal.rows, secrets)
        return self.proposal.text if rows == self.proposal.rows else deck_file.text(rows)

    @property
    def shown_text(self) -> str:
        """What people find in their kong.yml."""
        if self.untouched and self.situation.last is not None:
            return self.situation.last.entry.configuration
        return self.proposal.text

    def settle_keys(self, dropped: set[str], added: dict[str, str]) -> dict[str, str]:
        """The secrets file as it should be; `earlier` has what else is kept there. `dropped`: names that setup has no
        use for any more; one that the configuration refers to stays all the same."""
        used = references(self.proposal.text)
        kept = {name: value for name, value in self.situation.secrets.items() if name not in dropped or name in used}
        found = {name: value for name, value in self.situation.found.items() if name in used}
        self.keys = kept | ({} if self.untouched else found) | added
        self.earlier = self.situation.earlier.after(self.situation.secrets, self.keys, used, self.wish.forget)
        return self.keys

    def record(self, undo: Undo, answers: str, deployment: str, at: Callable[[], str] = now) -> Generation | None:
        """Keeps what will be in force as a generation, and before it the edits that nobody recorded yet; None where the
        last one is just that."""
        last = self.situation.last
        rendered = last.entry.rendered if self.untouched and last is not None else self.rendered
        summary = tuple(change.text for change in self.proposal.differences()[:20])
        marks = self.earlier.marks(self.keys, references(self.shown_text))
        entry = Entry(
            self.wish.made_by, self.shown_text, rendered, answers, deployment, summary, self.wish.restores, marks
        )
        if last is not None and not self.proposal.changes and _same(entry, last.entry):
            return None
        edits = self.proposal.kept + self.proposal.dropped
        if last is not None and self.situation.running is not None and edits:
            text = deck_file.text(self.situation.running)
            told = tuple(edit.text for edit in edits)
            earlier = last.entry
            edited = Entry(EDITED, text, earlier.rendered, earlier.answers, earlier.deployment, told, 0, earlier.keys)
            self._kept(undo, edited, at)
        return self._kept(undo, entry, at)

    def _kept(self, undo: Undo, entry: Entry, at: Callable[[], str]) -> Generation:
        history = History(self.places.history)
        generation = history.record(entry, at())
        undo.push(f"forget generation {generation.number}", lambda: history.forget(generation.number))
        return generation

    def promise_back(self, undo: Undo, plan: Plan, refresh: Callable[[], None]) -> None:
        """Before any file changes: when it comes to going back, the files are the old ones again by then, and the
        gateway is told too. `refresh` hands them over where it reads copies."""

        def back() -> None:
            if not self._pushed:
                return
            refresh()
            try:
                admin_client.push(plan, self.situation.raw, admin_client.tag_of(self._pushed))
            except ChangedMeanwhile:
                pass  # it never took ours, or somebody went on from it

        undo.push("give the running gateway its old configuration", back)

    def push(self, plan: Plan, text: str) -> None:
        """Tells the running gateway. Raises ChangedMeanwhile where somebody else did first, QuickstartError where it
        refuses."""
        # the same once more, edits included, makes it read its secrets again
        self._pushed = self.situation.raw if self.untouched else text
        try:
            admin_client.push(plan, self._pushed, self.situation.tag)
        except ChangedMeanwhile:
            self._pushed = ""
            raise

    def forget_state(self, undo: Undo) -> None:
        """For a gateway that does not run: makes it start with the file, where its own record says otherwise."""
        path = self.places.prefix / STATE_NAME
        undo.push(f"restore {path}", Before.of(path).restore)
        if self.proposal.changes:
            path.unlink(missing_ok=True)


def rolling_back(places: Places, generation: int) -> Wish:
    """How to go back from a generation that was applied just now to what was in force before it; 0: none was."""
    history = History(places.history)
    if generation < 2 or generation - 1 not in history.numbers():
        return Wish("undo")
    before = history.load(generation - 1)
    return Wish(
        "undo",
        ancestor=read(history.load(generation).entry.configuration, f"generation {generation}"),
        configuration=before.entry.configuration,
        rendered=before.entry.rendered,
        restores=before.number,
    )


def _same(one: Entry, other: Entry) -> bool:
    texts = (one.configuration, one.rendered, one.answers, one.deployment)
    return not one.other_keys(other) and texts == (
        other.configuration, other.rendered, other.answers, other.deployment,
    )  # fmt: skip
