"""`ai-gateway check [ROUTE]`: one real, small request through each route, and what it used.

Not for: finding out why one fails (doctor.py), requests of one's own (try).
"""

from __future__ import annotations

import os
from dataclasses import replace

import click

from quickstart import layout, messages, proofs
from quickstart.commands._invocation import JSON, PLAIN, open_console, route_words, user_places
from quickstart.console import Console
from quickstart.doctor.patient import admit, names
from quickstart.errors import EnvironmentProblem, ProviderUnhealthy
from quickstart.gateway_control import GatewayControl
from quickstart.health import RouteHealth, prove
from quickstart.plan import Plan
from quickstart.ready import duration, health_word

text = messages.text


@click.command("check")
@click.argument("route", default="", shell_complete=route_words)
@JSON
@PLAIN
@click.pass_context
def command(context: click.Context, route: str, as_json: bool, plain: bool) -> None:
    """Send one small real request through every route, or through one. Exits with 5 when a route does not answer."""
    console = open_console("check", as_json, plain)
    places = user_places()
    plan = GatewayControl(places, os.environ).plan  # raises when nothing is set up
    patient = admit(places, os.environ, route)
    if not patient.ready:
        raise EnvironmentProblem(text("doctor.check_stopped"), text("doctor.check_stopped_hint"))
    with console.step(text("doctor.check_trying")):
        results = [one for one in prove(chosen(plan, route)) if one.health != "untested"]
    proofs.save(places, results)
    _show(console, results)
    unhealthy = [one for one in results if not one.ok]
    tokens = sum(one.tokens or 0 for one in results)
    console.result({"routes": [one.as_document() for one in results], "tokens": tokens, "unhealthy": len(unhealthy)})
    if unhealthy and not as_json:
        raise ProviderUnhealthy(
            text("done.unhealthy", count=len(unhealthy), total=len(results)), text("doctor.check_hint")
        )
    if unhealthy:
        context.exit(ProviderUnhealthy.default_exit_code)
    console.reply(text("doctor.check_done", count=len(results), tokens=tokens))


def chosen(plan: Plan, route: str) -> Plan:
    """The plan with the routes asked about alone."""
    return replace(plan, routes=tuple(one for one in plan.routes if names(one, route))) if route else plan


def _show(console: Console, results: list[RouteHealth]) -> None:
    columns = [
        layout.Column(text("review.route")),
        layout.Column(text("review.model"), stretch=True),
        layout.Column(text("review.upstream"), drop=2),
        layout.Column(text("done.health")),
        layout.Column(text("done.time"), right=True, drop=1),
        layout.Column(text("doctor.tokens"), right=True, drop=3),
    ]
    rows = [
        (
            one.path, one.model, one.upstream, health_word(one.health), duration(one.milliseconds),
            "-" if one.tokens is None else str(one.tokens),
        )
        for one in results
    ]  # fmt: skip
    console.table(columns, rows)
    for one in results:
        if not one.ok:
            console.warn(f"{one.path}: {one.message or one.health}", one.hint)
