"""The key before the one in use: one for each name, so that `undo` can bring it back.

It stands in the secrets file and nowhere else, as a comment that neither a shell nor the gateway reads:

    # before: OPENAI_AUTH_HEADER='Bearer ...'
    # marks: 5d1f9c0e77ab3412

A generation holds no keys but marks, made with the number of the last line: by them it is known whether a key is the
one that was in use then. Not for: the keys in use (secret_file.py), going back (changing/undoing.py).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from quickstart import secret_file

_BEFORE, _MARKS = "# before: ", "# marks: "


@dataclass(frozen=True, slots=True)
class EarlierKeys:
    values: dict[str, str] = field(default_factory=dict, repr=False)  # name -> the value before the present one
    salt: str = field(default="", repr=False)  # "" where the file has none yet: then nothing is marked

    def mark(self, name: str, value: str) -> str:
        """Tells values apart, and says nothing of them without the salt."""
        return hmac.new(self.salt.encode(), f"{name}={value}".encode(), hashlib.sha256).hexdigest()[:12]

    def marks(self, keys: Mapping[str, str], names: Collection[str]) -> dict[str, str]:
        """name -> mark, of those among `names` that there are."""
        return {name: self.mark(name, keys[name]) for name in sorted(names) if name in keys} if self.salt else {}

    def after(
        self,
        before: Mapping[str, str],
        now: Mapping[str, str],
        names: Collection[str],
        forget: Collection[str] = (),
        new_salt: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> EarlierKeys:
        """What is to be kept when the keys become `now`. Only of `names` a value is kept, of `forget` none; a name that
        is gone leaves nothing behind."""
        kept = {name: value for name, value in self.values.items() if name in now}
        kept |= {name: before[name] for name in names if name in before and before[name] != now.get(name, before[name])}
        kept = {name: value for name, value in kept.items() if name not in forget}
        return EarlierKeys(kept, self.salt or (new_salt() if now else ""))

    def back(self, marks: Mapping[str, str], now: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
        """What it takes to have the keys of these marks again: the values to be put back, and the names of those that
        nobody has any more."""
        found: dict[str, str] = {}
        lost: list[str] = []
        for name, mark in marks.items():
            if name not in now or not self.salt or self.mark(name, now[name]) == mark:
                continue
            if name in self.values and self.mark(name, self.values[name]) == mark:
                found[name] = self.values[name]
            else:
                lost.append(name)
        return found, lost

    def render(self) -> str:
        lines = [f"{_BEFORE}{line}" for line in secret_file.lines(self.values)]
        return "".join([*lines, f"{_MARKS}{self.salt}\n"] if self.salt else lines)


def parse(text: str) -> EarlierKeys:
    """Reads what render() writes out of a whole secrets file."""
    before = [line.removeprefix(_BEFORE) for line in text.split("\n") if line.startswith(_BEFORE)]
    salts = [line.removeprefix(_MARKS).strip() for line in text.split("\n") if line.startswith(_MARKS)]
    return EarlierKeys(secret_file.parse("\n".join(before)), salts[-1] if salts else "")


def read(path: Path) -> EarlierKeys:
    """For a file that secret_file.read() found to be sound; nothing where there is none."""
    try:
        return parse(path.read_text())
    except (OSError, UnicodeDecodeError):
        return EarlierKeys()


def without(content: bytes) -> bytes:
    """A secrets file with the keys in use alone: all that a gateway needs."""
    ours = tuple(word.encode() for word in (_BEFORE, _MARKS))
    return b"".join(line for line in content.splitlines(keepends=True) if not line.startswith(ours))


def every_value(path: Path) -> list[str]:
    """All that no report may show. Raises EnvironmentProblem."""
    return [*secret_file.read(path)[0].values(), *read(path).values.values()]
