"""`ai-gateway try`: a question through the gateway, its answer as it comes, what it used and what limits leave.

Not for: the request (calling/), what a refusal means (health.judge).
"""

from __future__ import annotations

import os
import sys
from threading import Thread

import click

from quickstart import proofs
from quickstart.calling.attempt import Attempt, attempts
from quickstart.calling.comparison import compared
from quickstart.calling.live_routes import LiveRoute, choose, live_routes
from quickstart.commands._invocation import JSON, PLAIN, open_console, route_words, until_read, user_places
from quickstart.console import Console
from quickstart.errors import Cancelled, ProviderUnhealthy, UsageError
from quickstart.gateway_control import GatewayControl
from quickstart.messages import text

COMPARED = 256
"""Tokens an answer may have where several are compared: all of them wait for the longest."""


@click.command("try")
@click.argument("prompt", default="-")
@click.option("-r", "--route", default="", metavar="ROUTE", shell_complete=route_words, help="A public name or a path.")
@click.option("--all", "every", is_flag=True, help="Ask every route and compare their answers.")
@click.option("--max-tokens", type=click.IntRange(1), help="Of an answer; with --all 256, else as the model likes.")
@JSON
@PLAIN
def command(prompt: str, route: str, every: bool, max_tokens: int | None, as_json: bool, plain: bool) -> None:
    """Ask PROMPT through the gateway (- or nothing: standard input) and show the answer as it comes.

    Exits with 5 when a route does not answer well.
    """
    console = open_console("try", as_json, plain)
    if every and route:
        raise UsageError(text("calls.one_or_all"))
    question = _asked(prompt)
    control = GatewayControl(user_places(), os.environ)
    asked = attempts(
        control.plan, _chosen(control, route, every), question, os.environ, max_tokens or (COMPARED if every else 0)
    )
    try:
        with until_read():
            if as_json or len(asked) > 1:
                _together(console, asked)
            else:
                _one(console, asked[0])
    except KeyboardInterrupt:
        console.piece("\n")
        raise Cancelled(text("calls.stopped")) from None
    console.result({"prompt": question, "answers": [one.as_document() for one in asked]})
    if not all(one.ok for one in asked):
        raise click.exceptions.Exit(ProviderUnhealthy.default_exit_code)


def _chosen(control: GatewayControl, word: str, every: bool) -> list[LiveRoute]:
    known = [route for route in live_routes(control.plan, os.environ) if route.operation in ("chat", "completions")]
    chats = [route for route in known if route.operation == "chat"]
    if every:
        names = dict.fromkeys(route.public for route in chats if not route.is_door)
        return [choose(chats, name) for name in names] or [choose(chats, "")]
    exact = [route for route in known if word in (route.path, route.name)]
    return exact[:1] or [choose(chats, word, first=proofs.by_health(control.places, control.plan))]


def _asked(prompt: str) -> str:
    question = sys.stdin.read() if prompt == "-" and not sys.stdin.isatty() else "" if prompt == "-" else prompt
    if not question.strip():
        raise UsageError(text("calls.empty"), text("calls.empty_do"))
    return question


def _one(console: Console, asked: Attempt) -> None:
    pieces = asked.pieces()
    with console.waiting(asked.title):
        first = next(pieces, "")
    if first:
        console.piece(first)
        for piece in pieces:
            console.piece(piece)
        console.piece("\n")
    if asked.ok:
        console.say()
        console.say(asked.summary())
        for line in asked.limit_lines():
            console.item(line)
    else:
        _problem(console, asked)


def _together(console: Console, asked: list[Attempt]) -> None:
    """All at once. The threads are not waited for when somebody stops: they end with the program."""
    threads = [Thread(target=one.run, daemon=True) for one in asked]
    with console.step(text("calls.asking", names=", ".join(one.route.public for one in asked))):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    blocks = [(one.title, one.told.text.strip(), one.summary()) for one in asked if one.ok]
    if blocks:
        console.answer(["", *compared(blocks, console.width)])
    for one in asked:
        if not one.ok:
            _problem(console, one)


def _problem(console: Console, asked: Attempt) -> None:
    message, hint = asked.problem()
    console.bad(message, hint)
