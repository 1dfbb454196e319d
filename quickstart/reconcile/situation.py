"""What is in force now, and what it came from: the running gateway asked, or what it would start with read.

Not for: what should be (proposal.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import yaml

from gateway.entities import ConfigError, at_rest
from quickstart import admin_client, earlier_keys, secret_file
from quickstart.earlier_keys import EarlierKeys
from quickstart.errors import QuickstartError
from quickstart.files import Places
from quickstart.plan import Plan
from quickstart.reconcile import rows as row_room
from quickstart.reconcile.generations import Generation, History
from quickstart.reconcile.rows import Rows
from quickstart.reconcile.sealing import sealed


@dataclass(frozen=True, slots=True)
class Situation:
    """`running` None: nothing was ever in force. Rows hold references only."""

    running: Rows | None = None
    live: bool = False  # whether a gateway told so itself
    raw: str = field(default="", repr=False)  # what it told, word for word
    tag: str = ""
    last: Generation | None = None
    base: Rows = field(default_factory=row_room.nothing)  # what setup alone rendered last
    secrets: dict[str, str] = field(default_factory=dict, repr=False)  # of the secrets file
    found: dict[str, str] = field(default_factory=dict, repr=False)  # secrets that were typed in clear: name -> value
    earlier: EarlierKeys = field(default_factory=EarlierKeys)  # what the secrets file had before

    @property
    def recorded(self) -> Rows:
        """What was in force when the last generation was applied: newer edits are told from it."""
        if self.last is None:
            return self.base
        return row_room.read(self.last.entry.configuration, f"generation {self.last.number}")


def read(places: Places, plan: Plan | None, running: bool) -> Situation:
    """`plan`: where the gateway that was set up listens; `running`: whether it does. Raises QuickstartError."""
    last = History(places.history).last()
    secrets, _ = secret_file.read(places.secrets)
    earlier = earlier_keys.read(places.secrets)
    base = _base(places, last)
    told = _told(plan) if plan is not None and running else None
    found = row_room.read(told.text, "the running configuration") if told is not None else _resting(places)
    if found is None:
        return Situation(last=last, base=base, secrets=secrets, earlier=earlier)
    clean, kept = sealed(found, secrets)
    raw, tag = told if told is not None else ("", "")
    return Situation(clean, told is not None, raw, tag, last, base, secrets, kept, earlier)


def _told(plan: Plan) -> admin_client.Running | None:
    try:
        return admin_client.fetch(plan)
    except QuickstartError:
        return None  # it hangs or only just starts: what it keeps on the disk is as good


def _resting(places: Places) -> Rows | None:
    try:
        declared = places.configuration.read_bytes()
    except FileNotFoundError:
        declared = None
    try:
        config = at_rest(places.prefix, declared)
    except (ConfigError, yaml.YAMLError) as error:
        raise QuickstartError(f"What the gateway would start with cannot be read: {error}.") from error
    return None if config is None else row_room.rows_of(config)


def _base(places: Places, last: Generation | None) -> Rows:
    try:
        text = last.entry.rendered if last is not None else places.configuration.read_text()
        return row_room.read(text, "what was rendered last")
    except (FileNotFoundError, QuickstartError):
        return row_room.nothing()  # of another version: then everything that runs counts as meant
