"""How to call a route, ready to paste: curl, Python, Node, LangChain, Claude Code, Codex, and the route as decK's
configuration. Pure.

The address is where this client reaches the gateway; keys are names to replace, never values. Not for: the pages.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

import yaml

from gateway.admin.overview import HELLO, RouteView, curl
from gateway.entities import Config, Entity
from gateway.plugins import registry
from gateway.schema import Array, Field, Map, Record, is_reference

_LEFT_OUT = ("id", "created_at", "updated_at", "service", "route", "consumer", "ws_id")
KEY_NAME = "YOUR_KEY"
_KEY_VARIABLE = "AI_GATEWAY_CLIENT_KEY"
HIDDEN = "YOUR_SECRET"
_MESSAGES = "/v1/messages"
# Operation -> (tail that a client puts behind its base URL, the call, where the text is)
_SDK = {
    "chat": ("/chat/completions", "chat.completions.create", "choices[0].message.content"),
    "completions": ("/completions", "completions.create", "choices[0].text"),
    "embeddings": ("/embeddings", "embeddings.create", "data[0].embedding.length"),
    "responses": ("/responses", "responses.create", "output_text"),
    "messages": (_MESSAGES, "messages.create", "content[0].text"),
}
_PYTHON_TEXT = {"embeddings": "len(answer.data[0].embedding)"}


def snippets(view: RouteView, base: str) -> dict[str, str]:
    """Title -> text: how callers use the route. What it cannot be used with is left out."""
    found = {"curl": curl(view, base)}
    if view.operation and view.path:
        fits = view.path.endswith(_SDK[view.operation][0]) and not view.hosts
        found["Python"] = _python_sdk(view, base) if fits else _python(view, base)
        found["Node"] = _node_sdk(view, base) if fits else _node(view, base)
        programs = {
            "chat": ("LangChain", _langchain),
            "messages": ("Claude Code", _claude_code),
            "responses": ("Codex", _codex),
        }
        if fits and view.operation in programs:
            title, text = programs[view.operation]
            found[title] = text(view, base)
    return found


def _headers(view: RouteView) -> dict[str, str]:
    """What the route asks for beside the body's type."""
    asked = {"Host": view.hosts[0].replace("*", "example")} if view.hosts else {}
    asked |= view.headers
    if view.key_header:
        asked[view.key_header] = KEY_NAME
    return asked


def _body(view: RouteView) -> dict[str, Any]:
    """The route's sample request as a client library wants it: with a model."""
    return {"model": view.models[0].asked, **(view.body or {})}


def _python(view: RouteView, base: str) -> str:
    headers = {"Content-Type": "application/json", **_headers(view)}
    return "\n".join(
        (
            "import json",
            "import urllib.request",
            "",
            "request = urllib.request.Request(",
            f"    {json.dumps(base + view.path)},",
            f"    json.dumps({json.dumps(view.body)}).encode(),",
            f"    {json.dumps(headers)},",
            ")",
            "with urllib.request.urlopen(request) as answer:",
            "    print(json.load(answer))",
        )
    )


def _python_sdk(view: RouteView, base: str) -> str:
    _, call, text = _SDK[view.operation]
    package, client = ("anthropic", "Anthropic") if view.operation == "messages" else ("openai", "OpenAI")
    extra = _headers(view)
    more = f", default_headers={json.dumps(extra)}" if extra else ""
    given = ", ".join(f"{name}={json.dumps(value)}" for name, value in _body(view).items())
    return "\n".join(
        (
            f"from {package} import {client}",
            "",
            f'client = {client}(base_url={json.dumps(_base_url(view, base))}, api_key="unused"{more})',
            f"answer = client.{call}({given})",
            f"print({_PYTHON_TEXT.get(view.operation, f'answer.{text}')})",
        )
    )


def _node(view: RouteView, base: str) -> str:
    headers = {"Content-Type": "application/json", **_headers(view)}
    return "\n".join(
        (
            f"const answer = await fetch({json.dumps(base + view.path)}, {{",
            '  method: "POST",',
            f"  headers: {json.dumps(headers)},",
            f"  body: JSON.stringify({json.dumps(view.body)}),",
            "});",
            "console.log(JSON.stringify(await answer.json(), null, 2));",
        )
    )


def _node_sdk(view: RouteView, base: str) -> str:
    _, call, text = _SDK[view.operation]
    package, client = ("@anthropic-ai/sdk", "Anthropic") if view.operation == "messages" else ("openai", "OpenAI")
    extra = _headers(view)
    more = f", defaultHeaders: {json.dumps(extra)}" if extra else ""
    place = json.dumps(_base_url(view, base))
    return "\n".join(
        (
            f'import {client} from "{package}";',
            "",
            f'const client = new {client}({{ baseURL: {place}, apiKey: "unused"{more} }});',
            f"const answer = await client.{call}({json.dumps(_body(view))});",
            f"console.log(answer.{text});",
        )
    )


def _base_url(view: RouteView, base: str) -> str:
    """What a client library puts its own tail behind."""
    return base + view.path.removesuffix(_SDK[view.operation][0])


def _langchain(view: RouteView, base: str) -> str:
    extra = _headers(view)
    more = f", default_headers={json.dumps(extra)}" if extra else ""
    place, model = json.dumps(_base_url(view, base)), json.dumps(view.models[0].asked)
    return "\n".join(
        (
            "from langchain_openai import ChatOpenAI",
            "",
            f'chat = ChatOpenAI(base_url={place}, api_key="unused", model={model}{more})',
            f"print(chat.invoke({json.dumps(HELLO)}).content)",
        )
    )


def _claude_code(view: RouteView, base: str) -> str:
    """Claude Code speaks Anthropic's Messages and appends /v1/messages itself. It asks a small model for small tasks,
    which has to be one that the route knows."""
    model = shlex.quote(view.models[0].asked)
    lines = [f"export ANTHROPIC_BASE_URL={_base_url(view, base)}"]
    if view.key_header:
        lines.append(f"export ANTHROPIC_CUSTOM_HEADERS='{view.key_header}: {KEY_NAME}'")
    lines += ["export ANTHROPIC_AUTH_TOKEN=unused", f"export ANTHROPIC_DEFAULT_HAIKU_MODEL={model}"]
    return "\n".join((*lines, f"claude --model {model}"))


def _codex(view: RouteView, base: str) -> str:
    """Codex speaks OpenAI's Responses; a provider of its own leaves its settings as they are. Values are TOML."""
    settings = {"name": "AI gateway", "base_url": _base_url(view, base), "wire_api": "responses"}
    lines = [f"export {_KEY_VARIABLE}={KEY_NAME}"] if view.key_header else []
    words = [f"codex -m {shlex.quote(view.models[0].asked)}", _setting("model_provider", "gateway")]
    words += [_setting(f"model_providers.gateway.{name}", value) for name, value in settings.items()]
    if view.key_header:  # by the name of a variable, so that the key is in no argument list
        words.append(_setting(f"model_providers.gateway.env_http_headers.{view.key_header}", _KEY_VARIABLE))
    return "\n".join((*lines, " \\\n  ".join(words)))


def _setting(name: str, value: str) -> str:
    return "-c " + shlex.quote(f"{name}={json.dumps(value)}")


def deck(view: RouteView, config: Config) -> str:
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
