"""Everything of ours, listed, then removed. Not for: asking whether it should be (commands/uninstall.py).

Without purge the gateway and its state go, keys, answers and the installed program stay. With purge nothing stays; the
program may delete the very environment it runs from, so that comes last.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from quickstart import deployment
from quickstart.container_spec import EngineProblem
from quickstart.deployment import Deployment
from quickstart.errors import EnvironmentProblem, QuickstartError
from quickstart.files import EXPORTS_NAME, SETTINGS_NAME, Places
from quickstart.local_model import LocalModel
from quickstart.plan import Runtime
from quickstart.runners import Runners, runner_of


@dataclass(frozen=True, slots=True)
class Removal:
    """One thing that goes: `text` for the list, `act` removes it."""

    text: str
    act: Callable[[], object]


def inventory(
    places: Places,
    environ: Mapping[str, str],
    purge: bool,
    default_output: Path,
    runners: Runners = runner_of,
    control_plane: str = "",
) -> tuple[list[Removal], list[str]]:
    """What would be removed, in the order it is removed, and warnings about what cannot be looked at or stays.
    `control_plane`: the name of one in Konnect that shall go too; UsageError where setup knows none of that name."""
    warnings: list[str] = []
    known = _known(places, warnings)
    found: list[Removal] = []
    kinds: tuple[Runtime, ...] = ("process", "docker", "konnect")
    for kind in kinds:
        try:
            runner = runners(kind, places, environ)
            left = runner.leftovers()
        except EngineProblem as problem:
            if known is not None and known.plan.runtime == kind:
                warnings.append(f"{problem.message} The container cannot be removed now.")
            continue
        # One act removes all of them; the others are listed so that nothing goes unnamed.
        found.extend(Removal(text, runner.remove if number == 0 else _nothing) for number, text in enumerate(left))
    found.extend(_konnect(places, environ, control_plane, warnings))
    model = LocalModel(places, environ)
    if model.status().running:
        pid = model.status().detail.removeprefix("pid ")
        found.append(Removal(f"process {pid}: the built-in model", model.stop))
    output = known.plan.output_dir if known is not None else default_output
    found.extend(_files(output / name for name in (SETTINGS_NAME, EXPORTS_NAME)))
    # where another user has made the usual directory, nothing in it is ours, and pathlib would raise
    if os.path.isdir(output) and not output.is_symlink():  # noqa: PTH112
        found.append(Removal(f"{output} and its parent, where they are empty then", lambda: _drop_empty(output)))
    paths = [places.state]
    receipt: dict[str, str] = {}
    if purge:
        receipt = _receipt(places)
        launchers = dict.fromkeys((places.launcher, Path(receipt.get("launcher", places.launcher))))
        paths += [path for path in launchers if _leads_into(path, places.data)]
        paths += [places.config, places.model_venv, places.data]
    else:
        paths += [places.configuration.parent, places.deployment, *sorted(places.konnect.glob("data-plane.*"))]
    found.extend(_files(paths))
    if purge and "version" in receipt:
        found = [replace(each, text=_with_receipt(each.text, places, receipt)) for each in found]
    return found, warnings


def _receipt(places: Places) -> dict[str, str]:
    """What install.sh noted; empty where it installed nothing here."""
    try:
        lines = places.receipt.read_text().splitlines()
    except OSError:
        return {}
    return {name: value for name, mark, value in (line.partition("=") for line in lines) if mark}


def _with_receipt(text: str, places: Places, receipt: Mapping[str, str]) -> str:
    if text != _named(places.data):
        return text
    return f"{text} ({receipt['version']}, installed {receipt.get('installed', '')} from {receipt.get('source', '')})"


def _konnect(places: Places, environ: Mapping[str, str], typed: str, warnings: list[str]) -> list[Removal]:
    """What is in Konnect, before the files that say so."""
    if not (places.konnect.exists() or typed):
        return []
    from quickstart.konnect import leaving  # cryptography takes a moment to import, and few need it

    found, notes = leaving.leavings(places, environ, typed)
    warnings.extend(" ".join(note).strip() for note in notes)
    return [Removal(item.text, item.act) for item in found]


def _known(places: Places, warnings: list[str]) -> Deployment | None:
    try:
        return deployment.load(places.deployment)
    except EnvironmentProblem as problem:
        warnings.append(problem.message)
        return None


def _files(paths: Iterable[Path]) -> list[Removal]:
    return [Removal(_named(path), _remover(path)) for path in paths if os.path.lexists(path)]


def _named(path: Path) -> str:
    return f"{path}/" if path.is_dir() and not path.is_symlink() else str(path)


def _remover(path: Path) -> Callable[[], None]:
    def act() -> None:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)  # of a link, the link itself; never what it leads to

    return act


def _nothing() -> None:
    return None


def _drop_empty(output: Path) -> None:
    for folder in (output, output.parent):
        try:
            if folder.stat().st_uid == os.geteuid():
                folder.rmdir()
        except OSError:
            return  # somebody keeps something there


def _leads_into(launcher: Path, folder: Path) -> bool:
    """Whether a launcher is ours: a link or a small script that leads to the program in our data directory."""
    if launcher.is_symlink():
        target = Path(os.path.abspath(launcher.parent / launcher.readlink()))  # noqa: PTH100 - one step, not all of them
        return folder in target.parents
    try:
        return launcher.stat().st_size < 4096 and str(folder) in launcher.read_text()
    except (OSError, UnicodeDecodeError):
        return False


def remove(removals: list[Removal], failed: Callable[[str, Exception], None]) -> bool:
    """Removes all of them; what cannot be removed is told and does not stop the rest. False when something is left."""
    whole = True
    for removal in removals:
        try:
            removal.act()
        except (QuickstartError, OSError) as error:
            whole = False
            failed(removal.text, error)
    return whole
