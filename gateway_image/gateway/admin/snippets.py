"""How to call a route, ready to paste: curl, Python, Node, Claude Code, and the route as decK's configuration. Pure.

The address is where this client reaches the gateway; keys are names to replace, never values. Not for: the pages.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

from gateway.admin.overview import RouteView, curl
from gateway.entities import Config, Entity
from gateway.plugins import registry
from gateway.providers._base import CHAT, COMPLETIONS
from gateway.schema import Array, Field, Map, Record, is_reference

_MESSAGES = "/v1/messages"
_LEFT_OUT = ("id", "created_at", "updated_at", "service", "route", "consumer", "ws_id")
KEY_NAME = "YOUR_KEY"
HIDDEN = "YOUR_SECRET"


def snippets(view: RouteView, base: str, config: Config) -> dict[str, str]:
    """Title -> text. What a route cannot be used with is left out."""
    found = {"curl": curl(view, base)}
    if view.route_type in (CHAT, COMPLETIONS) and view.path:
        found["Python"] = _python(view, base)
        found["Node"] = _node(view, base)
    claude = _claude_code(view, base)
    if claude:
        found["Claude Code"] = claude
    found["decK"] = _deck(view, config)
    return found


def _headers(view: RouteView) -> dict[str, str]:
    """What the route asks for beside the body's type."""
    asked = {"Host": view.hosts[0].replace("*", "example")} if view.hosts else {}
    asked |= view.headers
    if view.key_header:
        asked[view.key_header] = KEY_NAME
    return asked


def _operation(view: RouteView) -> tuple[str, str]:
    """The tail that OpenAI's clients put behind a base URL, and the member that a chunk's text is in."""
    return ("/chat/completions", "chat") if view.route_type == CHAT else ("/completions", "completions")


def _python(view: RouteView, base: str) -> str:
    tail, kind = _operation(view)
    if view.path.endswith(tail) and not view.hosts:
        return _python_sdk(view, base + view.path.removesuffix(tail), kind)
    lines = [
        "import json",
        "import urllib.request",
        "",
        "request = urllib.request.Request(",
        f"    {_quoted(base + view.path)},",
        f"    json.dumps({_python_literal(view.body)}).encode(),",
        f"    {_python_literal({'Content-Type': 'application/json', **_headers(view)})},",
        ")",
        "with urllib.request.urlopen(request) as answer:",
        f'    print(json.load(answer)["choices"][0]{_text_of(kind)})',
    ]
    return "\n".join(lines)


def _python_sdk(view: RouteView, base: str, kind: str) -> str:
    extra = _headers(view)
    key = "unused"
    lines = [
        "from openai import OpenAI",
        "",
        f"client = OpenAI(base_url={_quoted(base)}, api_key={_quoted(key)}"
        + (f", default_headers={_python_literal(extra)})" if extra else ")"),
    ]
    call = "client.chat.completions.create" if kind == "chat" else "client.completions.create"
    body = view.body or {}
    given = ", ".join(f"{name}={_python_literal(value)}" for name, value in body.items())
    lines.append(f"answer = {call}(model={_quoted(view.model or 'MODEL')}, {given})")
    lines.append(f"print(answer.choices[0]{'.message.content' if kind == 'chat' else '.text'})")
    return "\n".join(lines)


def _node(view: RouteView, base: str) -> str:
    tail, kind = _operation(view)
    extra = _headers(view)
    if view.path.endswith(tail) and not view.hosts:
        more = f", defaultHeaders: {json.dumps(extra)}" if extra else ""
        call = "client.chat.completions.create" if kind == "chat" else "client.completions.create"
        body = {"model": view.model or "MODEL", **(view.body or {})}
        shown = f"{'answer.choices[0].message.content' if kind == 'chat' else 'answer.choices[0].text'}"
        return "\n".join(
            (
                'import OpenAI from "openai";',
                "",
                f"const client = new OpenAI({{ baseURL: {_quoted(base + view.path.removesuffix(tail))}, "
                f'apiKey: "unused"{more} }});',
                f"const answer = await {call}({json.dumps(body)});",
                f"console.log({shown});",
            )
        )
    return "\n".join(
        (
            f"const answer = await fetch({_quoted(base + view.path)}, {{",
            '  method: "POST",',
            f"  headers: {json.dumps({'Content-Type': 'application/json', **extra})},",
            f"  body: JSON.stringify({json.dumps(view.body)}),",
            "});",
            f"console.log((await answer.json()).choices[0]{'.message.content' if kind == 'chat' else '.text'});",
        )
    )


def _claude_code(view: RouteView, base: str) -> str:
    """Claude Code speaks Anthropic's Messages and appends /v1/messages itself."""
    if not view.path.endswith(_MESSAGES) or view.hosts:
        return ""
    lines = [f"export ANTHROPIC_BASE_URL={base}{view.path.removesuffix(_MESSAGES)}"]
    if view.key_header:
        lines.append(f"export ANTHROPIC_CUSTOM_HEADERS='{view.key_header}: {KEY_NAME}'")
    lines.append("export ANTHROPIC_AUTH_TOKEN=unused")
    lines.append(f"claude --model {view.model}" if view.model else "claude")
    return "\n".join(lines)


def _deck(view: RouteView, config: Config) -> str:
    """The route with its service and plugins as a file for `deck gateway apply`. A secret that is no reference is not
    shown: such a file is made to be passed on."""
    collections = config.collections
    route = collections["routes"][view.id]
    service = collections["services"][route["service"]["id"]]
    plugins = [
        row for row in collections["plugins"].values() if row["route"] == {"id": view.id} and not row["consumer"]
    ]
    shown = _shown(route)
    if plugins:
        shown["plugins"] = [_plugin(row) for row in sorted(plugins, key=lambda row: str(row["name"]))]
    document = {"_format_version": "3.0", "services": [{**_shown(service), "routes": [shown]}]}
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))


def _plugin(row: Entity) -> dict[str, Any]:
    plugin = registry().get(row["name"])
    config = _written(row["config"], plugin.fields if plugin is not None else None)
    return {"name": row["name"], **({} if row["enabled"] else {"enabled": False}), "config": config}


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None and name not in _LEFT_OUT}


def _written(value: Any, field: Field | None) -> Any:
    """A value without what is not set, its plain secrets replaced."""
    if isinstance(value, dict):
        inner = field.fields if isinstance(field, Record) else {}
        element = field.values if isinstance(field, Map) else None
        return {name: _written(item, inner.get(name, element)) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_written(item, field.elements if isinstance(field, Array) else None) for item in value]
    if isinstance(value, str) and field is not None and field.encrypted and value and not is_reference(value):
        return HIDDEN
    return value


def _text_of(kind: str) -> str:
    return '["message"]["content"]' if kind == "chat" else '["text"]'


def _python_literal(value: Any) -> str:
    """JSON's texts, lists and objects are Python's; what differs does not occur in a sample request."""
    return json.dumps(value)


def _quoted(text: str) -> str:
    return json.dumps(text)
