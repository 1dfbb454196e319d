"""What this installation has in Konnect, written down before and after each step, so that a crash at any of them is
taken up where it stopped and nothing of ours is ever forgotten there. It holds no secret.

Not for: doing the steps (provisioning.py).
"""

from __future__ import annotations

import dataclasses
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quickstart.errors import EnvironmentProblem
from quickstart.files import Places, private_directory, write_atomically
from quickstart.plan import KonnectPlan

VERSION = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """A control plane that we made or that we were allowed to add to. Empty fields: not so far yet."""

    product: str
    region: str
    name: str
    id: str = ""
    made: bool = False  # False: it was there before us
    configuration: str = ""  # hosts that the data plane is told
    telemetry: str = ""
    certificate: str = ""  # id of the pinned one

    def is_of(self, plan: KonnectPlan) -> bool:
        return (self.product, self.region, self.name) == (plan.product, plan.region, plan.control_plane)


@dataclass(frozen=True, slots=True)
class Journal:
    installation: str  # 16 hex digits: the owner in labels and tags
    entries: tuple[Entry, ...] = ()

    def entry(self, plan: KonnectPlan) -> Entry | None:
        return next((entry for entry in self.entries if entry.is_of(plan)), None)

    def with_entry(self, entry: Entry) -> Journal:
        """This journal where `entry` stands in the place of the one of the same control plane."""
        key = (entry.product, entry.region, entry.name)
        others = tuple(one for one in self.entries if (one.product, one.region, one.name) != key)
        return dataclasses.replace(self, entries=(*others, entry))

    def without(self, entry: Entry) -> Journal:
        return dataclasses.replace(self, entries=tuple(one for one in self.entries if one != entry))


def path(places: Places) -> Path:
    return places.konnect / "journal.json"


def load(places: Places, token: Callable[[int], str] = secrets.token_hex) -> Journal:
    """The journal; a new installation where there is none, written with the first step. Raises EnvironmentProblem when
    the file is damaged: guessing would make things twice."""
    try:
        document: Any = json.loads(path(places).read_text("utf-8"))
        if document["version"] != VERSION:
            raise ValueError(f"version {document['version']}")
        names = {item.name for item in dataclasses.fields(Entry)}
        entries = tuple(Entry(**{n: v for n, v in item.items() if n in names}) for item in document["entries"])
        return Journal(str(document["installation"]), entries)
    except FileNotFoundError:
        return Journal(token(8))
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise EnvironmentProblem(
            f"Cannot read what is in Konnect, {path(places)}: {error}.",
            f"Move it away: mv {path(places)} {path(places)}.old\nWhat it named stays in Konnect.",
        ) from error


def save(places: Places, journal: Journal) -> None:
    private_directory(places.konnect)
    document = {
        "version": VERSION,
        "installation": journal.installation,
        "entries": [dataclasses.asdict(entry) for entry in journal.entries],
    }
    write_atomically(path(places), json.dumps(document, indent=1) + "\n")
