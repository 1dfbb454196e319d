"""`ai-gateway status`: whether the gateway runs, where it listens, how its routes are. Not for: finding that out
(gateway_control.py).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

from quickstart.commands._invocation import JSON, PLAIN, open_console, user_places
from quickstart.console import Console
from quickstart.gateway_control import GatewayControl
from quickstart.layout import Column
from quickstart.logbook.lines import seconds
from quickstart.logbook.usage import count
from quickstart.messages import text
from quickstart.ready import health_word
from quickstart.standing import duration

EVERY_SECONDS = 2.0


@click.command("status")
@click.option("-w", "--watch", is_flag=True, help="Go on until Ctrl-C; where there is no terminal, show every change.")
@JSON
@PLAIN
@click.pass_context
def command(context: click.Context, watch: bool, as_json: bool, plain: bool) -> None:
    """Show whether the gateway runs, where it listens, how its routes are, and what they did in the last 24 hours.

    Exits with 1 when the gateway does not run or a route is down.
    """
    console = open_console("status", as_json, plain)
    if watch:
        watched(console, lambda: GatewayControl(user_places(), os.environ).report(), lambda: time.sleep(EVERY_SECONDS))
        return
    report = GatewayControl(user_places(), os.environ).report()
    _show(console, report)
    if not report["ready"] or any(route["health"] == "down" for route in report["routes"]):
        context.exit(1)


def watched(console: Console, look: Callable[[], dict[str, Any]], pause: Callable[[], None]) -> None:
    """Shows the report again and again until Ctrl-C, in its own place on a terminal; elsewhere whenever something in it
    changed, each under its time."""
    before: dict[str, Any] = {}
    try:
        while True:
            report = look()
            if console.draws or {**report, "uptime_seconds": 0} != before:
                before = {**report, "uptime_seconds": 0}
                with console.frame():
                    console.answer(["", text("running.watched", time=f"{datetime.now():%H:%M:%S}")])
                    _show(console, report)
            pause()
    except KeyboardInterrupt:
        return


def _show(console: Console, report: dict[str, Any]) -> None:
    console.result(report)
    console.answer(_summary(report))
    if report.get("last_change"):
        console.reply(report["last_change"]["said"])
    if (konnect := report.get("konnect")) is not None:
        named = {"name": konnect["control_plane"], "region": konnect["region"], "state": konnect["data_plane"]}
        console.reply(text("konnect.status", **named))
    console.answer([f"  {name:<8} {url}" for name, url in report["listeners"].items()])
    console.answer(_way_out(**report.get("way_out", {})))
    console.answer([""])
    console.table(_columns(), [_row(item) for item in report["routes"]])
    for item in report["routes"]:
        if item["message"]:
            console.warn(f"{item['path']}: {item['message']}", item["hint"])
    model = report["local_model"]
    if model is not None and not model["running"]:
        console.warn(text("running.model_stopped"), text("running.type_start"))
    if not report["running"]:
        console.warn(text("running.gateway_stopped"), text("running.type_start"))


def _way_out(forward_proxy: str | None = None, ca_file: str | None = None) -> list[str]:
    said = [text("running.forward_proxy", proxy=forward_proxy)] if forward_proxy else []
    return said + ([text("running.certificates", path=ca_file)] if ca_file else [])


def _columns() -> list[Column]:
    return [
        Column(text("review.route")),
        Column(text("review.model"), stretch=True),
        Column(text("review.upstream"), drop=2),
        Column(text("done.health")),
        Column("p50", right=True, drop=1),
        Column(text("running.tokens"), right=True, drop=3),
    ]


def _row(item: dict[str, Any]) -> tuple[str, ...]:
    p50 = seconds(item["p50_ms"]) if item["p50_ms"] is not None else "-"
    return (item["path"], item["model"], item["upstream"], health_word(item["health"]), p50, count(item["tokens_24h"]))


def _summary(report: dict[str, Any]) -> list[str]:
    state = "running" if report["ready"] else "not_ready" if report["running"] else "stopped"
    parts = [text(f"running.state.{state}"), f"{report['runtime']} {report['detail']}".strip()]
    if report["uptime_seconds"] is not None:
        parts.append(text("running.up", duration=duration(report["uptime_seconds"])))
    if report["restarts"]:
        parts.append(text("running.crashed", count=report["restarts"]))
    return [text("running.comma").join(parts)]
