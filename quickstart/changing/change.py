"""One change to the configuration that is in force: merged with everybody's edits, written, recorded, and taken up by
the running gateway without a restart; where none runs, by the next one that starts.

Not for: what is to change (the other rooms here), asking (reviewing.py), changes that need a restart (launch.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from quickstart import deployment, health, messages
from quickstart.admin_client import ChangedMeanwhile
from quickstart.deployment import Deployment
from quickstart.errors import KonnectError
from quickstart.files import Places
from quickstart.konnect.elsewhere import require_here
from quickstart.lock import exclusively
from quickstart.plan import Plan
from quickstart.progress import Reporter
from quickstart.reconcile import situation
from quickstart.reconcile.applying import ATTEMPTS, Applying
from quickstart.reconcile.due_files import Texts, due_files, kept_aside, write
from quickstart.reconcile.proposal import Proposal, Wish
from quickstart.reconcile.situation import Situation
from quickstart.runners import Runners, runner_of
from quickstart.undo import Undo

text = messages.text


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a command wants of a situation. `secrets`: to be added to the secrets file."""

    wish: Wish
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    answers: str | None = None  # other saved answers, None: as they are
    deployment: str | None = None  # another record of what is set up, None: as it is


Wanting = Callable[[Situation], Wanted]
"""Asked anew whenever the situation has changed meanwhile. Raises QuickstartError for what cannot be meant."""


@dataclass(frozen=True, slots=True)
class Done:
    proposal: Proposal
    generation: int  # 0: nothing was to be recorded
    live: bool  # whether a running gateway took it up


class Subject:
    """The gateway that is set up. Raises EnvironmentProblem when none is, KonnectError where Konnect configures it."""

    def __init__(
        self, places: Places, environ: Mapping[str, str], console: Reporter, runners: Runners = runner_of
    ) -> None:
        self.places = places
        self.environ = environ
        self.console = console
        self.runners = runners
        self.deployment: Deployment = deployment.require(places.deployment)
        if self.plan.konnect is not None:
            raise KonnectError(text("change.konnect"), text("change.konnect_hint"))
        require_here(self.plan)
        self.runner = runners(self.plan.runtime, places, environ)

    @property
    def plan(self) -> Plan:
        return self.deployment.plan

    def look(self) -> Situation:
        """What is in force now."""
        return situation.read(self.places, self.plan, self.serving())

    def serving(self) -> bool:
        return self.runner.status().running and health.is_ready(self.plan)

    def propose(self, wanting: Wanting) -> Proposal:
        """What would be, with nothing changed yet."""
        now = self.look()
        return self._applying(now, wanting(now)).proposal

    def change(self, wanting: Wanting) -> Done:
        """Raises QuickstartError; everything is as before then."""
        with exclusively(self.places):
            for attempt in range(ATTEMPTS):
                now = self.look()
                try:
                    return self._carried_out(now, wanting(now))
                except ChangedMeanwhile:
                    if attempt + 1 == ATTEMPTS:
                        raise
        raise AssertionError("unreachable")

    def _applying(self, now: Situation, wanted: Wanted) -> Applying:
        rendered = now.last.entry.rendered if now.last is not None else self.places.configuration.read_text()
        return Applying(self.places, now, rendered, wanted.wish)

    def _carried_out(self, now: Situation, wanted: Wanted) -> Done:
        applying = self._applying(now, wanted)
        texts = Texts(
            wanted.answers if wanted.answers is not None else _text(self.places.answers),
            wanted.deployment if wanted.deployment is not None else self.places.deployment.read_text(),
        )
        files = [item for item in due_files(self.plan, applying, texts, set(), wanted.secrets) if item.differs()]
        if not files and not applying.proposal.changes:
            return Done(applying.proposal, 0, now.live)
        keys = any(item.kind == "keys" for item in files)
        with Undo(self._undo_failed) as undo:
            applying.promise_back(undo, self.plan, lambda: self.runner.refresh(self.deployment))
            aside = kept_aside(files, self.plan, applying)
            write(files, self.plan, self.places, undo)
            kept = applying.record(undo, texts.answers, texts.deployment)
            if not now.live:
                applying.forget_state(undo)
            elif applying.proposal.changes or keys:
                self.runner.refresh(self.deployment)
                applying.push(self.plan, self.places.configuration.read_text())
            undo.commit()
        if aside is not None:
            self.console.warn(text("change.by_hand", path=aside), text("change.by_hand_hint", path=aside))
        return Done(applying.proposal, kept.number if kept is not None else 0, now.live)

    def _undo_failed(self, name: str, error: Exception) -> None:
        self.console.warn(f"Going back did not work whole: could not {name}: {error}", "Try: ai-gateway restart")


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""
