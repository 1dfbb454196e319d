"""`ai-gateway uninstall`: lists everything of ours, then removes it. Not for: what that is (uninstalling.py)."""

from __future__ import annotations

import os
from contextlib import nullcontext

import click

from quickstart.commands._invocation import JSON, PLAIN, open_console, user_places
from quickstart.files import Places
from quickstart.lock import exclusively
from quickstart.messages import text


@click.command("uninstall")
@click.option("--dry-run", is_flag=True, help="Only list what would be removed.")
@click.option("--purge", is_flag=True, help="Also remove keys, answers, the model and this program itself.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--delete-control-plane",
    "control_plane",
    default="",
    metavar="NAME",
    help="Also delete this control plane in Konnect, with all it holds.",
)
@JSON
@PLAIN
@click.pass_context
def command(
    context: click.Context, dry_run: bool, purge: bool, yes: bool, control_plane: str, as_json: bool, plain: bool
) -> None:
    """Remove the gateway: what it is made of is listed first. Keys and answers stay, unless --purge is given."""
    # All that is needed is imported before anything is removed: the program itself may be among it.
    from quickstart import prompter, uninstalling
    from quickstart.answers import OUTPUT_DIRECTORY

    console = open_console("uninstall", as_json, plain)
    places = user_places()
    if not (yes or dry_run or control_plane):
        control_plane = _typed(places)
    removals, warnings = uninstalling.inventory(
        places, os.environ, purge, OUTPUT_DIRECTORY, control_plane=control_plane
    )
    for warning in warnings:
        console.warn(warning)
    listed = [removal.text for removal in removals]
    console.answer(
        [text("running.removed_these" if listed else "running.nothing_here"), *(f"  {each}" for each in listed)]
    )
    if not purge and not as_json:
        console.answer(["  " + text("running.kept", config=places.config, program=places.venv)])
    if dry_run or not listed:
        console.result({"removed": [], "would_remove": listed})
        return
    if not yes and not prompter.open_prompter(os.environ).confirm(text("running.remove_all"), default=False):
        console.reply(text("running.nothing_removed"))
        return
    left: list[str] = []

    def failed(what: str, error: Exception) -> None:
        left.append(what)
        console.warn(text("running.not_removed", what=what, error=error))

    with exclusively(places) if places.state.exists() else nullcontext():
        whole = uninstalling.remove(removals, failed)
    console.result({"removed": [each for each in listed if each not in left], "left": left})
    console.reply(text("running.removed" if whole else "running.not_all_removed"))
    if not whole:
        context.exit(1)


def _typed(places: Places) -> str:
    """The name of the control plane in Konnect that shall go too, as it was typed; "" when none shall."""
    if not places.konnect.exists():
        return ""
    from quickstart import prompter
    from quickstart.konnect import leaving

    for entry in leaving.control_planes(places):
        typed = prompter.open_prompter(os.environ).text(text("konnect.leave.ask", name=entry.name))
        if typed == entry.name:
            return typed
    return ""
