"""`ai-gateway logs`: what the gateway and the built-in model wrote. Not for: reading logs (runtime.py)."""

from __future__ import annotations

import os

import click

from quickstart.commands._invocation import open_console, user_places
from quickstart.gateway_control import GatewayControl


@click.command("logs")
@click.option("-f", "--follow", is_flag=True, help="Go on with new lines until Ctrl-C.")
@click.option("-n", "--lines", default=100, show_default=True, type=click.IntRange(0), help="Earlier lines to show.")
@click.option("--model", is_flag=True, help="The built-in model's log instead of the gateway's.")
def command(follow: bool, lines: int, model: bool) -> None:
    """Show the gateway's log."""
    console = open_console("logs")
    control = GatewayControl(user_places(), os.environ)
    try:
        for line in (control.model if model else control.runner).logs(lines, follow):
            console.answer([line])
    except KeyboardInterrupt:
        if not follow:
            raise
    except BrokenPipeError:
        # The reader has seen enough (`| head`); Python would complain once more while flushing at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
