"""`ai-gateway run`: Claude Code or Codex against the gateway, for one run and without touching their settings.

Not for: how they are pointed at the gateway: the snippet says it, and this runs the snippet.
"""

from __future__ import annotations

import os
import shutil

import click

from quickstart import proofs
from quickstart.calling.programs import PROGRAMS, invocation
from quickstart.calling.snippet import snippet
from quickstart.commands._invocation import route_words, user_places
from quickstart.errors import EnvironmentProblem
from quickstart.gateway_control import GatewayControl
from quickstart.messages import text


@click.command(
    "run",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.option("-r", "--route", default="", shell_complete=route_words, help="A public name or a path.")
@click.argument("program", type=click.Choice(list(PROGRAMS)))
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGUMENTS]")
def command(route: str, program: str, arguments: tuple[str, ...]) -> None:
    """Run Claude Code or Codex through the gateway, with ARGUMENTS of its own.

    Only this run's environment and arguments say so: no file is written, no setting of the program is changed.
    """
    control = GatewayControl(user_places(), os.environ)
    order = proofs.by_health(control.places, control.plan)
    _, said = snippet(control.plan, os.environ, PROGRAMS[program], route, order)
    more = arguments[1:] if arguments[:1] == ("--",) else arguments
    made = invocation(program, said, more, os.environ)
    path = shutil.which(made.arguments[0])
    if path is None:
        hint = text("calls.not_installed_do", snippet=PROGRAMS[program])
        raise EnvironmentProblem(text("calls.not_installed", program=program), hint)
    os.execve(path, made.arguments, made.environment)  # noqa: S606 - no shell is wanted
