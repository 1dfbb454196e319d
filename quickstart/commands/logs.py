"""`ai-gateway logs`: requests as lines for people, of one route or of all, or one request; or the log as it is.

Not for: reading logs (runtime.py), what the lines look like (logbook/).
"""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator

import click

from quickstart.commands._invocation import PLAIN, open_console, route_words, until_read, user_places
from quickstart.console import Console
from quickstart.errors import UsageError
from quickstart.gateway_control import GatewayControl
from quickstart.logbook import lines as shown
from quickstart.logbook.entries import Entry, entry, is_about, is_called, is_request_id
from quickstart.messages import text
from quickstart.plan import FRONT_DOOR, Plan

EVERYTHING = 1_000_000
"""More lines than the log keeps."""
Show = Callable[[str, Entry | None], list[str]]


@click.command("logs")
@click.argument("what", default="", metavar="[ROUTE|REQUEST_ID]", shell_complete=route_words)
@click.option("-f", "--follow", is_flag=True, help="Go on with new lines until Ctrl-C.")
@click.option("-n", "--lines", default=100, show_default=True, type=click.IntRange(0), help="Earlier lines to show.")
@click.option("--json", "raw", is_flag=True, help="The lines as the gateway wrote them, one JSON document each.")
@click.option("--model", is_flag=True, help="The built-in model's log instead of the gateway's.")
@PLAIN
@click.pass_context
def command(context: click.Context, what: str, follow: bool, lines: int, raw: bool, model: bool, plain: bool) -> None:
    """Show the gateway's requests: all, one route's (a name or a path), or one (its id, or the id's end).

    With a route and -f, the earlier lines are searched; without -f, the whole log is.
    """
    console = open_console("logs", plain=plain)
    control = GatewayControl(user_places(), os.environ)
    one = _is_one(what, control.plan)
    read = (control.model if model else control.runner).logs
    show = _as_it_is if raw or model else _details if one else _lines(console)
    if model or not what:
        chosen: Iterable[str] = read(lines, follow)
    elif one:
        chosen = (line for line in read(EVERYTHING) if _is_called(line, what))
    elif follow:
        chosen = _matching(read(lines, True), what)
    else:
        chosen = deque(_matching(read(EVERYTHING), what), lines)
    found = 1
    try:
        with until_read():
            found = _print(console, chosen, show)
    except KeyboardInterrupt:
        if not follow:
            raise
        return
    if not found and what:
        console.warn(text("calls.log_no_request" if one else "calls.log_nothing", word=what))
        context.exit(1 if one else 0)


def _is_one(what: str, plan: Plan) -> bool:
    """Whether one request is meant rather than a route. UsageError when neither can be."""
    publics = [*sorted({route.public for route in plan.routes}), FRONT_DOOR]
    if not what or "/" in what or what in publics or what in {route.name for route in plan.proved}:
        return False
    if is_request_id(what):
        return True
    raise UsageError(text("calls.log_neither", word=what), text("calls.routes_are", names=", ".join(publics)))


def _is_called(line: str, what: str) -> bool:
    found = entry(line)
    return found is not None and is_called(found, what)


def _matching(lines: Iterable[str], what: str) -> Iterator[str]:
    for line in lines:
        found = entry(line)
        if found is not None and is_about(found, what):
            yield line


def _print(console: Console, lines: Iterable[str], show: Show) -> int:
    """How many lines of the log were shown; each at once."""
    number = 0
    for line in lines:
        number += 1
        console.answer(show(line, entry(line)))
    return number


def _as_it_is(line: str, found: Entry | None) -> list[str]:
    return [line]


def _details(line: str, found: Entry | None) -> list[str]:
    return shown.details(found) if found is not None else [line]


def _lines(console: Console) -> Show:
    """A terminal gets lines of its own width, a file whole ones."""
    width = console.width if sys.stdout.isatty() else None
    return lambda line, found: shown.line(found, time.time(), width=width) if found is not None else [line]
