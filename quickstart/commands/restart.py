"""`ai-gateway restart`. Not for: how a gateway is stopped and started (gateway_control.py)."""

from __future__ import annotations

import os
import time

import click

from quickstart.commands._invocation import JSON, PLAIN, open_console, user_places
from quickstart.gateway_control import GatewayControl
from quickstart.messages import text


@click.command("restart")
@JSON
@PLAIN
def command(as_json: bool, plain: bool) -> None:
    """Stop and start the gateway; after an upgrade this takes the new version into use."""
    console = open_console("restart", as_json, plain)
    control = GatewayControl(user_places(), os.environ)
    with console.step(text("running.stopping")):
        control.stop()
    began = time.monotonic()
    control.start(console)
    seconds = time.monotonic() - began
    console.result({"running": True, "seconds": round(seconds, 2)})
    console.reply(text("running.restarted", seconds=f"{seconds:.1f}"))
