"""The commands for a gateway that is set up: status, start, stop, restart, logs, uninstall.

Not for: what they do (gateway_control.py, uninstalling.py), setup (cli.py). Each raises QuickstartError, which cli.py
turns into an exit code.
"""

from __future__ import annotations

import os
import time
from contextlib import nullcontext
from typing import Any

import click

from quickstart.console import Console
from quickstart.files import Places
from quickstart.gateway_control import GatewayControl
from quickstart.layout import Column
from quickstart.lock import exclusively

_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
_COLUMNS = (
    Column("Route", drop=0),
    Column("Model", stretch=True),
    Column("Upstream", drop=2),
    Column("Health", drop=0),
)


def _places() -> Places:
    return Places.from_environment(os.environ)


def _console(command: str, as_json: bool = False) -> Console:
    return Console("json" if as_json else "human", os.environ, command=command)


@click.command()
@_JSON
@click.pass_context
def status(context: click.Context, as_json: bool) -> None:
    """Show whether the gateway runs, where it listens and how its routes are. Exits with 1 when it does not run."""
    console = _console("status", as_json)
    report = GatewayControl(_places(), os.environ).report()
    if as_json:
        console.result(report)
    else:
        _show(console, report)
    if not report["ready"]:
        context.exit(1)


def _show(console: Console, report: dict[str, Any]) -> None:
    console.answer(_summary(report))
    console.answer([f"  {name:<8} {url}" for name, url in report["listeners"].items()])
    console.answer([""])
    rows = [(item["path"], item["model"], item["upstream"], item["health"]) for item in report["routes"]]
    console.table(_COLUMNS, rows)
    for item in report["routes"]:
        if item["message"]:
            console.warn(f"{item['path']}: {item['message']}", item["hint"])
    model = report["local_model"]
    if model is not None and not model["running"]:
        console.warn("The built-in model does not run.", "Type: ai-gateway start")
    if not report["running"]:
        console.warn("The gateway does not run.", "Type: ai-gateway start")


def _summary(report: dict[str, Any]) -> list[str]:
    state = "running" if report["ready"] else "not ready" if report["running"] else "stopped"
    parts = [f"Gateway {state}", f"{report['runtime']} {report['detail']}".strip()]
    if report["uptime_seconds"] is not None:
        parts.append(f"up {duration(report['uptime_seconds'])}")
    if report["restarts"]:
        parts.append(f"restarted {report['restarts']} times after a crash")
    return [", ".join(parts)]


def duration(seconds: int) -> str:
    """`2 h 3 min`: the two largest units."""
    units = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    parts: list[str] = []
    for name, size in units:
        if seconds >= size or (name == "s" and not parts):
            parts.append(f"{seconds // size} {name}")
            seconds %= size
    return " ".join(parts[:2])


@click.command()
@_JSON
def start(as_json: bool) -> None:
    """Start the gateway as it was set up, the built-in model too where it is used."""
    console = _console("start", as_json)
    control = GatewayControl(_places(), os.environ)
    began = time.monotonic()
    fresh = control.start(console)
    seconds = time.monotonic() - began
    proxy = control.report()["listeners"]["proxy"]
    console.result({"running": True, "started": fresh, "seconds": round(seconds, 2), "proxy": proxy})
    console.answer([f"Gateway started in {seconds:.1f} s: {proxy}" if fresh else f"Gateway runs already: {proxy}"])


@click.command()
@_JSON
def stop(as_json: bool) -> None:
    """Stop the gateway after the requests in flight, and the built-in model. The configuration is kept."""
    console = _console("stop", as_json)
    control = GatewayControl(_places(), os.environ)
    with console.step("Stopping"):
        stopped = control.stop()
    console.result({"running": False, "stopped": stopped})
    console.answer(["Stopped. Configuration kept. Start: ai-gateway start" if stopped else "It did not run."])


@click.command()
@_JSON
def restart(as_json: bool) -> None:
    """Stop and start the gateway; after an upgrade this takes the new version into use."""
    console = _console("restart", as_json)
    control = GatewayControl(_places(), os.environ)
    with console.step("Stopping"):
        control.stop()
    began = time.monotonic()
    control.start(console)
    seconds = time.monotonic() - began
    console.result({"running": True, "seconds": round(seconds, 2)})
    console.answer([f"Gateway restarted in {seconds:.1f} s."])


@click.command()
@click.option("-f", "--follow", is_flag=True, help="Go on with new lines until Ctrl-C.")
@click.option("-n", "--lines", default=100, show_default=True, type=click.IntRange(0), help="Earlier lines to show.")
@click.option("--model", is_flag=True, help="The built-in model's log instead of the gateway's.")
def logs(follow: bool, lines: int, model: bool) -> None:
    """Show the gateway's log."""
    console = _console("logs")
    control = GatewayControl(_places(), os.environ)
    try:
        for line in (control.model if model else control.runner).logs(lines, follow):
            console.answer([line])
    except KeyboardInterrupt:
        if not follow:
            raise
    except BrokenPipeError:
        # The reader has seen enough (`| head`); Python would complain once more while flushing at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


@click.command()
@click.option("--dry-run", is_flag=True, help="Only list what would be removed.")
@click.option("--purge", is_flag=True, help="Also remove keys, answers, the model and this program itself.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@_JSON
@click.pass_context
def uninstall(context: click.Context, dry_run: bool, purge: bool, yes: bool, as_json: bool) -> None:
    """Remove the gateway: what it is made of is listed first. Keys and answers stay, unless --purge is given."""
    # All that is needed is imported before anything is removed: the program itself may be among it.
    from quickstart import prompter, uninstalling
    from quickstart.answers import OUTPUT_DIRECTORY

    console = _console("uninstall", as_json)
    places = _places()
    removals, warnings = uninstalling.inventory(places, os.environ, purge, OUTPUT_DIRECTORY)
    for warning in warnings:
        console.warn(warning)
    listed = [removal.text for removal in removals]
    console.answer(["This is removed:" if listed else "Nothing of ours is here.", *(f"  {text}" for text in listed)])
    if not purge and not as_json:
        console.answer([f"  (kept: {places.config}, {places.venv}; --purge removes them too)"])
    if dry_run or not listed:
        console.result({"removed": [], "would_remove": listed})
        return
    if not yes and not prompter.open_prompter(os.environ).confirm("Remove all of this?", default=False):
        console.answer(["Nothing was removed."])
        return
    left: list[str] = []

    def failed(text: str, error: Exception) -> None:
        left.append(text)
        console.warn(f"Could not remove {text}: {error}")

    with exclusively(places) if places.state.exists() else nullcontext():
        whole = uninstalling.remove(removals, failed)
    console.result({"removed": [text for text in listed if text not in left], "left": left})
    console.answer(["Removed." if whole else "Not everything could be removed; see above."])
    if not whole:
        context.exit(1)


commands: list[click.Command] = [status, start, stop, restart, logs, uninstall]
