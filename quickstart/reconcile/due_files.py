"""The files of a setup as they should be, and which of them differ from what is there. Not for: writing (launch.py,
changing.py push their way back first), what is in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from quickstart import secret_file
from quickstart.files import (
    EXPORTS_NAME,
    SETTINGS_NAME,
    Before,
    Places,
    output_directory,
    private_directory,
    write_atomically,
)
from quickstart.plan import Plan
from quickstart.reconcile.applying import Applying
from quickstart.undo import Undo


@dataclass(frozen=True, slots=True)
class DueFile:
    kind: str  # which word of LaunchResult.changed it counts as, "" for none
    path: Path
    content: bytes
    mode: int = 0o600

    def differs(self) -> bool:
        try:
            found = self.path.lstat()
            other = self.path.is_symlink() or (found.st_mode & 0o777) != self.mode
            return other or self.path.read_bytes() != self.content
        except FileNotFoundError:
            return True


@dataclass(frozen=True, slots=True)
class Texts:
    """What a plan was made from and into, besides its configuration. `exports` None: as it is."""

    answers: str
    deployment: str
    exports: str | None = None


def due_files(plan: Plan, applying: Applying, texts: Texts, dropped: set[str], added: dict[str, str]) -> list[DueFile]:
    """Every file as it should be, the ones that others refer to first. `dropped` and `added`: secrets."""
    places = applying.places
    secrets = applying.settle_keys(dropped, added)
    there = places.secrets.exists()
    # A file that says the same in other words is left as its owner wrote it.
    same = secrets == applying.situation.secrets and applying.earlier.values == applying.situation.earlier.values
    written = secret_file.render(secrets) + applying.earlier.render()
    kept = places.secrets.read_bytes() if same and there else written.encode()
    files = [
        DueFile("" if same and not there else "keys", places.secrets, kept, secret_file.MODE),
        # Readable in the container whoever the gateway is there; the directory above is the person's alone.
        DueFile("configuration", places.configuration, applying.machine_text(secrets).encode(), 0o644),
        DueFile("configuration", plan.output_dir / SETTINGS_NAME, applying.shown_text.encode()),
        DueFile("answers", places.answers, texts.answers.encode()),
        DueFile("", places.deployment, texts.deployment.encode()),
    ]
    if texts.exports is not None:
        files.insert(3, DueFile("configuration", plan.output_dir / EXPORTS_NAME, texts.exports.encode()))
    return files


def kept_aside(files: list[DueFile], plan: Plan, applying: Applying) -> Path | None:
    """Where a kong.yml went that somebody edited by hand: it is about to be replaced, and was never in force."""
    path, last = plan.output_dir / SETTINGS_NAME, applying.situation.last
    if last is None or not any(item.path == path for item in files) or path.is_symlink():
        return None
    try:
        found = path.read_bytes()
    except OSError:
        return None
    if found in (last.entry.configuration.encode(), applying.shown_text.encode()):
        return None
    output_directory(plan.output_dir)
    aside = path.with_name(f"{SETTINGS_NAME}.edited")
    write_atomically(aside, found)
    return aside


def write(files: list[DueFile], plan: Plan, places: Places, undo: Undo) -> None:
    """Each in one step, its way back on `undo` first."""
    if any(item.path.parent == plan.output_dir for item in files):
        output_directory(plan.output_dir)
    for folder in (places.config, places.data, places.state):
        private_directory(folder)
    private_directory(places.configuration.parent, 0o755)
    for item in files:
        undo.push(f"restore {item.path}", Before.of(item.path).restore)
        write_atomically(item.path, item.content, item.mode)
