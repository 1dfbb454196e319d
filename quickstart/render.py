"""Plan -> text, through templates/, and back: what was rendered is parsed by the gateway's own models and refused
here, on the host, when anything is wrong with it. Not for: writing files (files.py), secrets (only references here).
"""

from __future__ import annotations

import json
import os.path
import re
from dataclasses import dataclass
from typing import Any

import jinja2

from gateway import entities
from quickstart import assets, endpoints
from quickstart.errors import QuickstartError
from quickstart.plan import FRONT_DOOR, Plan, RoutePlan
from quickstart.sdk_routes import SdkRoute, front_door, provider_routes

EXPORTS = (
    ("KONG_PROXY", "proxy"),
    ("KONG_ADMIN_API", "admin"),
    ("KONG_MANAGER", "manager"),
    ("KONG_DEV_PORTAL", "portal"),
    ("KONG_FILES_API", "files"),
)
"""The exports of the original, in its order."""

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_RESERVED = frozenset(("true", "false", "yes", "no", "on", "off", "null", "y", "n"))


@dataclass(frozen=True, slots=True)
class Rendered:
    kong_yml: str
    kong_env: str


@dataclass(frozen=True, slots=True)
class ServiceView:
    """What the template needs of a service: the part that its routes' upstream URLs have in common."""

    name: str
    protocol: str
    host: str
    port: int
    path: str
    routes: tuple[RoutePlan, ...]
    sdk_routes: tuple[SdkRoute, ...] = ()


def render(plan: Plan) -> Rendered:
    """Both files. Raises QuickstartError when a value is missing or the gateway would refuse the result."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(assets.find("templates")),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - YAML, not HTML: every value passes the `yaml` filter instead
    )
    environment.filters["yaml"] = quote
    environment.filters["reference"] = reference
    try:
        settings = environment.get_template("kong.yml.j2").render(
            services=services(plan), door=door(plan), secrets_place="the secrets file"
        )
        shown = [(name, listener) for name, listener in EXPORTS if listener in plan.listeners]
        exports = environment.get_template("kong.env.j2").render(exports=shown, ports=plan.ports, host="localhost")
    except jinja2.TemplateError as error:
        raise QuickstartError(f"A template cannot be rendered: {error}") from error
    check(settings)
    return Rendered(settings, exports)


def check(text: str) -> None:
    """Parses the rendered configuration as the gateway will. Raises QuickstartError that names every wrong field."""
    try:
        entities.load(text)
    except entities.ConfigError as error:
        raise QuickstartError(
            f"The gateway would refuse this configuration, so nothing was written: {error}",
            "Change the answer that it names: ai-gateway setup",
        ) from error


def services(plan: Plan) -> list[ServiceView]:
    """The plan's routes grouped by service, in order."""
    grouped: dict[str, list[RoutePlan]] = {}
    for route in plan.routes:
        grouped.setdefault(route.service, []).append(route)
    views = []
    for name, routes in grouped.items():
        addresses = [endpoints.parse(route.upstream_url) for route in routes]
        first = addresses[0]
        path = first.path if len(routes) == 1 else os.path.commonpath([address.path or "/" for address in addresses])
        sdk = tuple(provider_routes(name, tuple(routes)))
        views.append(ServiceView(name, first.scheme, first.host, first.port, path or "/", tuple(routes), sdk))
    return views


def door(plan: Plan) -> ServiceView | None:
    """The service of the one door for every model. ai-proxy-advanced decides the upstream; shown is the first."""
    found = front_door(plan)
    if not found:
        return None
    first = endpoints.parse(plan.routes[0].upstream_url)
    return ServiceView(FRONT_DOOR, first.scheme, first.host, first.port, "/", (), tuple(found))


def reference(secret: str) -> str:
    """`OPENAI_AUTH_HEADER` -> `{vault://env/openai-auth-header}`; the vault turns it back."""
    return "{vault://env/" + secret.lower().replace("_", "-") + "}"


def quote(value: Any) -> str:
    """A value as a YAML scalar that can only mean itself: bare where that is safe, else double-quoted."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return json.dumps(value)
    text = str(value)
    if _PLAIN.fullmatch(text) and text.lower() not in _RESERVED:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else _escaped(c) for c in quoted)


def _escaped(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
