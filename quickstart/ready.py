"""The end of setup: one row per route, what is wrong with it, and a command that works. Not for: proving (health.py).

The same facts in three forms: a table for people, `key=value` lines with --yes, one document with --json.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from quickstart import layout, messages
from quickstart.console import Console
from quickstart.health import RouteHealth
from quickstart.launch import LaunchResult
from quickstart.layout import Column
from quickstart.plan import Plan

text = messages.text
QUESTION = "What is Kong Gateway?"
MORE = {
    "see": ("status", "check", "doctor", "logs", "ui"),
    "use": ("try", "snippet", "run"),
    "change": ("setup", "key", "limit", "undo", "stop", "uninstall"),
}
"""Commands worth knowing next; each group is a text of messages/."""
_ITS_OWN = ("ui", "try", "snippet", "run", "key", "limit", "undo")
"""Commands that speak to the gateway's own Admin API or Manager; a data plane of Konnect has neither."""
_FRONT_DOOR = "/v1/chat/completions"


def show(console: Console, plan: Plan, result: LaunchResult) -> None:
    """Everything a person or a program wants to know after setup."""
    if result.unchanged:
        console.ok(text("done.unchanged"))
    console.heading(text("done.ready"))
    _table(console, result.routes)
    for route in result.unhealthy:
        console.warn(f"{route.path}: {route.message or route.health}", route.hint)
    _facts(console, plan, result)
    console.result(document(plan, result))
    console.answer(["", text("done.try"), *folded(curl(plan, result.routes), console.width)])
    console.answer(["", text("done.programs")])
    programs = [
        (text("done.openai"), f"http://{_proxy(plan)}/v1"),
        (text("done.anthropic"), f"http://{_proxy(plan)}"),
        (text("done.shell"), f". {console.place(plan.output_dir / 'kong.env')}"),
    ]
    column = max(layout.cells(title) for title, _ in programs)
    for title, value in programs:
        console.answer(layout.beside(f"  {layout.pad(title, column)}  ", value, console.width))
    console.answer(["", text("done.more")])
    column = max(layout.cells(text(f"done.{group}")) for group in MORE)
    for group, known in MORE.items():
        commands = [word for word in known if plan.konnect is None or word not in _ITS_OWN]
        if not commands:
            continue
        told = " | ".join(f"{'ai-gateway ' if not number else ''}{command}" for number, command in enumerate(commands))
        first = f"  {layout.pad(text(f'done.{group}'), column)}  "
        console.answer(layout.beside(first, told.replace("y ", "y" + layout.TOGETHER), console.width))


def folded(lines: Sequence[str], width: int) -> list[str]:
    """The lines of a command within `width` cells, still to be copied as they are: broken between its words and between
    the members of its JSON."""
    result: list[str] = []
    for line in lines:
        if layout.cells(line) <= width:
            result.append(line)
        elif line.endswith(" \\"):
            start, option, rest = line.removesuffix(" \\").partition(" -H ")
            result += [f"{start} \\", f"    {option.strip()} {rest} \\"]
        else:
            at = line.rfind(",", 0, width)
            result += [line[: at + 1], *folded([f"      {line[at + 1 :]}"], width)] if at > 0 else [line]
    return result


def _table(console: Console, routes: Sequence[RouteHealth]) -> None:
    columns = [
        Column(text("review.route")),
        Column(text("review.model"), stretch=True),
        Column(text("review.upstream"), drop=2),
        Column(text("done.health")),
        Column(text("done.time"), right=True, drop=1),
    ]
    rows = [
        (route.path, route.model, route.upstream, health_word(route.health), duration(route.milliseconds))
        for route in routes
    ]
    console.table(columns, rows)


def health_word(health: str) -> str:
    """RouteHealth.health in the reader's language."""
    key = f"health.{health.replace(' ', '_')}"
    return text(key) if key in messages.catalogue() else health


def _facts(console: Console, plan: Plan, result: LaunchResult) -> None:
    for route in result.routes:
        public, _, operation = route.path.strip("/").partition("/")
        name = public if operation in ("chat", "chat/completions") else f"{public}-{operation}"
        name = name if route.path != _FRONT_DOOR else "all"
        values: dict[str, object] = {"model": route.model, "path": route.path, "health": route.health}
        if route.milliseconds is not None:
            values["ms"] = route.milliseconds
        console.fact(name, "ok" if route.ok else "set" if route.health == "untested" else "unhealthy", **values)
    shown: dict[str, object] = {name: url(plan, name) for name in ("proxy", "manager") if name in plan.listeners}
    if plan.konnect is not None:
        shown |= {"control_plane": plan.konnect.control_plane, "region": plan.konnect.region}
    shown |= {name: value for name in ("forward_proxy", "ca_file") if (value := getattr(plan, name))}
    console.fact("ready", **shown, runtime=plan.runtime, changed=",".join(result.changed) or "nothing")
    # as it is, so that it can be copied
    console.fact("try", " ".join(line.strip().rstrip("\\").strip() for line in curl(plan, result.routes)))


def document(plan: Plan, result: LaunchResult) -> dict[str, Any]:
    """What --json prints."""
    return {
        "changed": list(result.changed),
        "restarted": result.restarted,
        "runtime": plan.runtime,
        "listeners": {name: url(plan, name) for name in plan.listeners},
        "output_dir": str(plan.output_dir),
        "routes": [route.as_document() for route in result.routes],
        "generation": result.generation or None,
        "kept": list(result.kept),
        "dropped": list(result.dropped),
    }


def curl(plan: Plan, routes: Sequence[RouteHealth]) -> list[str]:
    """A request that works: through the first healthy route, or the first one where none is."""
    chosen = next((route for route in routes if route.ok), routes[0])
    body: dict[str, Any] = {"messages": [{"role": "user", "content": QUESTION}]}
    if chosen.path.endswith("/completions") and not chosen.path.endswith("/chat/completions"):
        body = {"prompt": QUESTION}
    return [
        f"  curl -s {_proxy(plan)}{chosen.path} -H 'Content-Type: application/json' \\",
        f"    -d '{json.dumps(body, separators=(',', ':'))}'",
    ]


def _proxy(plan: Plan) -> str:
    """Where programs on this machine reach the gateway: host and port."""
    host = "localhost" if plan.bind in ("127.0.0.1", "0.0.0.0", "::1", "::") else plan.bind  # noqa: S104
    return f"{host}:{plan.ports['proxy']}"


def url(plan: Plan, listener: str) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(plan.bind, plan.bind)  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{plan.ports[listener]}"


def duration(milliseconds: int | None) -> str:
    if milliseconds is None:
        return "-"
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"
