"""`ai-gateway ui`: the Manager, opened in a browser where there is one, else how to reach it. Not for: the Manager."""

from __future__ import annotations

import getpass
import os
import socket

import click

from quickstart import browser
from quickstart.calling.live_routes import TOKEN, ask
from quickstart.commands._invocation import JSON, PLAIN, open_console, user_places
from quickstart.gateway_control import GatewayControl
from quickstart.local_http import authority, reachable_host
from quickstart.messages import text
from quickstart.plan import Plan


@click.command("ui")
@click.option("--print", "only_print", is_flag=True, help="Print the address; open nothing.")
@JSON
@PLAIN
def command(only_print: bool, as_json: bool, plain: bool) -> None:
    """Open the Manager in a browser, or print its address; over SSH also the tunnel it takes to get there."""
    console = open_console("ui", as_json, plain)
    plan = GatewayControl(user_places(), os.environ).plan
    # asked without the token, as a browser does at first; an admin token never goes into an address or an argument
    status, _ = ask(plan, {}, "manager", "/")
    url = f"http://{authority(plan.bind, plan.ports['manager'])}/"
    program = None if only_print or as_json else browser.opener(os.environ)
    done = program is not None and browser.opened(program, url)
    remote = browser.is_remote(os.environ)
    if done:
        console.say(text("calls.opened", url=url))
    elif remote and not only_print:
        console.say(text("calls.over_ssh"))
        console.answer([f"  {tunnel(plan)}"])
        console.say(text("calls.then_open", url=f"http://localhost:{plan.ports['manager']}/"))
    elif only_print:
        console.answer([url])
    else:
        console.answer([text("calls.open_it", url=url)])
    if status == 401:
        console.warn(text("calls.asks_token", variable=TOKEN))
    console.result({"url": url, "opened": done, "tunnel": tunnel(plan) if remote else None, "token": status == 401})


def tunnel(plan: Plan) -> str:
    """The Manager's port, and the proxy's beside it: its pages show addresses of both."""
    host = reachable_host(plan.bind)
    shown = f"[{host}]" if ":" in host else host
    ports = " ".join(f"-L {plan.ports[name]}:{shown}:{plan.ports[name]}" for name in ("manager", "proxy"))
    return f"ssh {ports} {_me()}@{_here()}"


def _me() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "USER"


def _here() -> str:
    """The address that the person's own machine knows this one by; SSH says it."""
    words = os.environ.get("SSH_CONNECTION", "").split()
    return words[2] if len(words) == 4 else socket.gethostname()
