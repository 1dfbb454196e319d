"""The one file that holds secrets: NAME='value' lines, readable by its owner only, which a shell can source too.

Not for: asking for keys, checking them (keycheck.py), resolving references (the gateway does).
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from quickstart import diagnosis
from quickstart.errors import EnvironmentProblem
from quickstart.files import private_directory, write_atomically

MODE = 0o600
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_HEAD = "# Keys of the AI gateway. Only references to these names appear in its configuration.\n"


def render(secrets: Mapping[str, str]) -> str:
    """The file's text, sorted by name. Raises as lines() does."""
    return "".join([_HEAD, *lines(secrets)])


def lines(secrets: Mapping[str, str]) -> list[str]:
    """A line for each. Raises EnvironmentProblem for a name or value that a line cannot hold; the value is not in the
    message."""
    found = []
    for name in sorted(secrets):
        value = secrets[name]
        if not _NAME.match(name):
            raise EnvironmentProblem(f"{name!r} cannot be the name of a secret.", "Use letters, digits and _.")
        if any(character in value for character in "\n\r\0"):
            raise EnvironmentProblem(
                f"The value of {name} has a line break in it.", "Paste the key again, on one line."
            )
        quoted = value.replace("'", "'\\''")
        found.append(f"{name}='{quoted}'\n")
    return found


def parse(text: str) -> dict[str, str]:
    """Reads what render() writes, and the plain NAME=value and export NAME="value" that people type.

    Lines that say nothing are skipped; of a name given twice the last counts.
    """
    secrets: dict[str, str] = {}
    for line in text.split("\n"):
        entry = line.strip().removeprefix("export ").lstrip()
        name, equals, raw = entry.partition("=")
        if not equals or entry.startswith("#") or not _NAME.match(name):
            continue
        secrets[name] = _unquoted(raw)
    return secrets


def _unquoted(raw: str) -> str:
    if raw.startswith("'") and raw.endswith("'") and len(raw) > 1:
        return raw[1:-1].replace("'\\''", "'")
    if raw.startswith('"') and raw.endswith('"') and len(raw) > 1:
        return re.sub(r'\\([\\"$`])', r"\1", raw[1:-1])
    return raw


def read(path: Path) -> tuple[dict[str, str], list[str]]:
    """The secrets and what had to be put right, in words; a missing file is empty.

    Raises EnvironmentProblem for a link or another user's file: its content could be somebody else's choice.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return {}, []
    except OSError as error:
        if path.is_symlink():
            told = diagnosis.told("secrets_link", path=path)
            raise EnvironmentProblem(told.message, told.hint) from error
        reason = error.strerror
        raise EnvironmentProblem(f"Cannot read the keys in {path}: {reason}.", f"Look at it: ls -l {path}") from error
    notes: list[str] = []
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise EnvironmentProblem(f"{path} is not a file.", f"Remove it: {path}")
        if found.st_uid != os.geteuid():
            raise EnvironmentProblem(f"{path} belongs to another user.", f"Look at it: ls -l {path}")
        mode = stat.S_IMODE(found.st_mode)
        if mode & 0o077:
            os.fchmod(file.fileno(), MODE)
            notes.append(diagnosis.told("secrets_mended", path=path, mode=f"{mode:04o}").message)
        raw = file.read()
    try:
        return parse(raw.decode()), notes
    except UnicodeDecodeError:
        raise EnvironmentProblem(f"{path} is not text.", "Move it away and run: ai-gateway setup") from None


def write(path: Path, secrets: Mapping[str, str]) -> None:
    """Replaces the file in one step; its directory is made 0700."""
    text = render(secrets)
    private_directory(path.parent)
    write_atomically(path, text, MODE)
