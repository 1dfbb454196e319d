"""`ai-gateway stop`. Not for: how a gateway is stopped (gateway_control.py)."""

from __future__ import annotations

import os

import click

from quickstart.commands._invocation import JSON, PLAIN, open_console, user_places
from quickstart.gateway_control import GatewayControl
from quickstart.messages import text


@click.command("stop")
@JSON
@PLAIN
def command(as_json: bool, plain: bool) -> None:
    """Stop the gateway after the requests in flight, and the built-in model. The configuration is kept."""
    console = open_console("stop", as_json, plain)
    control = GatewayControl(user_places(), os.environ)
    with console.step(text("running.stopping")):
        stopped = control.stop()
    console.result({"running": False, "stopped": stopped})
    console.reply(text("running.stopped" if stopped else "running.did_not_run"))
