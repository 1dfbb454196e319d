"""`ai-gateway export FORMAT`. Not for: the formats (quickstart.exports, one file each)."""

from __future__ import annotations

from pathlib import Path

import click

from quickstart import messages
from quickstart.commands._invocation import JSON, PLAIN, open_console, user_places
from quickstart.errors import EnvironmentProblem, UsageError
from quickstart.exports import Bundle, Wish, format_of, formats
from quickstart.exports._kong_versions import TARGETS
from quickstart.exports._source import read
from quickstart.files import write_atomically

_SEVERAL = ("deck", "helm-values")
"""Formats for a Kong whose version may be chosen."""


@click.command("export")
@click.argument("name", metavar="FORMAT", type=click.Choice(formats()))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File or folder to write; else it is printed.")
@click.option("--for", "target", type=click.Choice(TARGETS), help="The Kong it is for; what that lacks is left out.")
@click.option("--image", default="", help="The gateway's image, where the format names one.")
@JSON
@PLAIN
def command(name: str, output: Path | None, target: str | None, image: str, as_json: bool, plain: bool) -> None:
    """Write what is set up in another tool's format: compose, deck, helm-values, kongctl, kubernetes, terraform.

    The configuration is the one that runs, edits included. Secrets are references, never values. What is left out, and
    what is still to be done, is said on standard error.
    """
    console = open_console("export", as_json, plain)
    if target and name not in _SEVERAL:
        raise UsageError(messages.text("exports.no_target", format=name), messages.text("exports.no_target_hint"))
    source = read(user_places())
    bundle = format_of(name).export(source, Wish(target or "", image))
    written = _write(bundle, output) if output is not None else []
    notes = [*source.notes, *bundle.notes]
    told = {"format": name, "files": written, "notes": [note._asdict() for note in notes]}
    if output is None:
        told["content"] = bundle.stream
        console.piece(bundle.stream)
    console.result(told)
    for note in notes:
        console.warn(note.message, note.hint)
    if output is not None:
        inside = {Path(path).relative_to(output).parts[0] for path in written if Path(path) != output}
        console.answer([str(output / name) for name in sorted(inside)] or written)


def _write(bundle: Bundle, output: Path) -> list[str]:
    """The files written, as paths. What has several goes into a folder. Raises EnvironmentProblem."""
    files = bundle.files or {"": bundle.stream}
    if bundle.files and output.suffix in (".yaml", ".yml"):
        files = {"": bundle.stream}  # one file was asked for, and it works alone
    elif not bundle.files and output.is_dir():
        raise EnvironmentProblem(
            messages.text("exports.is_folder", path=output), messages.text("exports.is_folder_hint")
        )
    written = []
    for name, content in files.items():
        path = output / name if name else output
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EnvironmentProblem(f"Cannot make the folder {path.parent}: {error.strerror}.") from error
        write_atomically(path, content, 0o644)
        written.append(str(path))
    return written
