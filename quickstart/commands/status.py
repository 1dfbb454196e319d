"""`ai-gateway status`: whether the gateway runs, where it listens, how its routes are. Not for: finding that out
(gateway_control.py).
"""

from __future__ import annotations

import os
from typing import Any

import click

from quickstart.commands._invocation import JSON, PLAIN, open_console, user_places
from quickstart.console import Console
from quickstart.gateway_control import GatewayControl
from quickstart.layout import Column

_COLUMNS = (
    Column("Route", drop=0),
    Column("Model", stretch=True),
    Column("Upstream", drop=2),
    Column("Health", drop=0),
)


@click.command("status")
@JSON
@PLAIN
@click.pass_context
def command(context: click.Context, as_json: bool, plain: bool) -> None:
    """Show whether the gateway runs, where it listens and how its routes are. Exits with 1 when it does not run."""
    console = open_console("status", as_json, plain)
    report = GatewayControl(user_places(), os.environ).report()
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
