"""`ai-gateway snippet`: how to call a route, ready to paste. Not for: the texts, which the running gateway makes."""

from __future__ import annotations

import os

import click

from quickstart import proofs
from quickstart.calling.kinds import KINDS
from quickstart.calling.snippet import snippet
from quickstart.commands._invocation import JSON, PLAIN, open_console, route_words, user_places
from quickstart.gateway_control import GatewayControl


@click.command("snippet")
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("route", default="", shell_complete=route_words)
@JSON
@PLAIN
def command(kind: str, route: str, as_json: bool, plain: bool) -> None:
    """Print how to call the gateway from curl, a program or an agent, with its real address and a route's model.

    ROUTE is a public name (openai) or a path; without one, a route that answers is taken.
    """
    console = open_console("snippet", as_json, plain)
    control = GatewayControl(user_places(), os.environ)
    order = proofs.by_health(control.places, control.plan)
    found, said = snippet(control.plan, os.environ, kind, route, order)
    console.answer(said.splitlines())
    console.result({"kind": kind, "route": found.name, "path": found.path, "snippet": said})
