"""The history: every configuration that was applied, under a number, the newest fifty.

    ~/.local/state/ai-gateway/history/0007/
        kong.yml          what was in force from then on: setup's own and all edits; references only
        rendered.yml      what setup alone would have written: what edits are told from
        answers.yaml      what was answered; deployment.json: what that was made into
        generation.json   when, by which command, back to which generation; marks of the keys in use

Not for: secrets (they are in no generation; earlier_keys.py knows the marks), deciding what to apply.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from quickstart.errors import EnvironmentProblem, UsageError
from quickstart.files import private_directory, write_atomically

KEPT = 50
CONFIGURATION, RENDERED, ANSWERS, DEPLOYMENT, ABOUT = (
    "kong.yml", "rendered.yml", "answers.yaml", "deployment.json", "generation.json",
)  # fmt: skip
EDITED = "edits"
"""`made_by` of a generation that records what somebody else changed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One generation to be. Texts as they stand in its files."""

    made_by: str  # "setup", "limit openai", "undo", EDITED
    configuration: str
    rendered: str
    answers: str = ""
    deployment: str = ""
    summary: tuple[str, ...] = ()  # what changed, in words
    restores: int = 0  # the generation that it goes back to, 0 for none
    keys: dict[str, str] = field(default_factory=dict)  # name of a secret -> its mark

    def other_keys(self, before: Entry) -> list[str]:
        """Names of secrets that had another value in the entry before."""
        return [name for name, mark in self.keys.items() if before.keys.get(name, mark) != mark]


@dataclass(frozen=True, slots=True)
class Generation:
    number: int
    at: str  # "2026-11-22T09:12:03+00:00"
    entry: Entry


class History:
    """The folder; nothing is made by looking."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def numbers(self) -> list[int]:
        """Oldest first."""
        try:
            found = [path.name for path in self.folder.iterdir() if (path / ABOUT).is_file()]
        except OSError:
            return []
        return sorted(int(name) for name in found if name.isdecimal())

    def last(self) -> Generation | None:
        numbers = self.numbers()
        return self.load(numbers[-1]) if numbers else None

    def load(self, number: int) -> Generation:
        """Raises UsageError for a number that is not kept, EnvironmentProblem for a damaged folder."""
        numbers = self.numbers()
        if number not in numbers:
            kept = f"{numbers[0]} to {numbers[-1]}" if numbers else "none yet"
            raise UsageError(f"There is no generation {number}; kept: {kept}.", "See: ai-gateway history")
        folder = self._path(number)
        try:
            about = json.loads((folder / ABOUT).read_text())
            entry = Entry(
                str(about["made_by"]),
                (folder / CONFIGURATION).read_text(),
                (folder / RENDERED).read_text(),
                (folder / ANSWERS).read_text(),
                (folder / DEPLOYMENT).read_text(),
                tuple(map(str, about["summary"])),
                int(about["restores"]),
                dict(about.get("keys", {})),  # missing where an earlier version of this program wrote it
            )
            return Generation(number, str(about["at"]), entry)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise EnvironmentProblem(
                f"Generation {number} cannot be read ({folder}): {error}.", f"Remove it: rm -r {folder}"
            ) from error

    def all(self) -> list[Generation]:
        return [self.load(number) for number in self.numbers()]

    def record(self, entry: Entry, at: str) -> Generation:
        """Keeps `entry` under the next number, whole or not at all, and forgets the oldest beyond KEPT."""
        private_directory(self.folder)
        numbers = self.numbers()
        number = numbers[-1] + 1 if numbers else 1
        told = ("made_by", "summary", "restores", "keys")
        about = {"at": at} | {name: getattr(entry, name) for name in told}
        texts = {
            CONFIGURATION: entry.configuration,
            RENDERED: entry.rendered,
            ANSWERS: entry.answers,
            DEPLOYMENT: entry.deployment,
            ABOUT: json.dumps(about, indent=1, ensure_ascii=False) + "\n",
        }
        beside = Path(tempfile.mkdtemp(prefix=".new-", dir=self.folder))
        try:
            for name, text in texts.items():
                write_atomically(beside / name, text)
            beside.rename(self._path(number))
        except OSError as error:
            raise EnvironmentProblem(f"Cannot keep generation {number}: {os.strerror(error.errno or 0)}.") from error
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        for old in numbers[: max(0, len(numbers) + 1 - KEPT)]:
            shutil.rmtree(self._path(old), ignore_errors=True)
        return Generation(number, at, entry)

    def forget(self, number: int) -> None:
        """Takes back what record() did last."""
        shutil.rmtree(self._path(number), ignore_errors=True)

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:04}"


def before(history: list[Generation]) -> int:
    """The generation that `undo` goes back to: the one before the last, where a generation that went back to an earlier
    one stands for that. Raises UsageError where there is none."""
    if history:
        current = history[-1].entry.restores or history[-1].number
        earlier = [item for item in history if item.number < current]
        if earlier:
            return earlier[-1].number
    raise UsageError("There is no earlier generation to go back to.", "See: ai-gateway history")
