"""`ai-gateway start`. Not for: how a gateway is started (gateway_control.py)."""

from __future__ import annotations

import os
import time

import click

from quickstart.commands._invocation import JSON, PLAIN, open_console, user_places
from quickstart.gateway_control import GatewayControl
from quickstart.messages import text


@click.command("start")
@JSON
@PLAIN
def command(as_json: bool, plain: bool) -> None:
    """Start the gateway as it was set up, the built-in model too where it is used."""
    console = open_console("start", as_json, plain)
    control = GatewayControl(user_places(), os.environ)
    began = time.monotonic()
    fresh = control.start(console)
    seconds = time.monotonic() - began
    proxy = control.report()["listeners"]["proxy"]
    console.result({"running": True, "started": fresh, "seconds": round(seconds, 2), "proxy": proxy})
    started = text("running.started", seconds=f"{seconds:.1f}", proxy=proxy)
    console.answer([started if fresh else text("running.already", proxy=proxy)])
