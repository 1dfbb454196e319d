"""What the Admin API tells about the node itself: GET /, /status, /endpoints, /plugins/enabled, the log level.

In the shape that decK, Kong Manager and monitoring read from a Kong 3.9. Not for: entities, numbers of requests (they
are handed in).
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway import KONG_VERSION
from gateway.admin import answers
from gateway.admin.answers import message, not_found
from gateway.admin.call import Call
from gateway.admin.resources import endpoints as entity_paths
from gateway.plugins import registry
from gateway.settings import LOG_LEVELS, Listener, Settings
from gateway.values import Reply

if TYPE_CHECKING:
    from gateway.admin.api import AdminApi

_READ = "GET, HEAD, OPTIONS"
_SERVER = (
    *("connections_accepted", "connections_active", "connections_handled", "connections_reading"),
    *("connections_waiting", "connections_writing", "total_requests"),
)
_UNITS = {"k": ("KiB", 1 << 10), "m": ("MiB", 1 << 20), "g": ("GiB", 1 << 30)}
_CONTROL_PLANE = "this endpoint is only available when Kong is configured to run as Control Plane for the cluster"
_ABSENT = {
    ("status", "dns"): (501, "not implemented with the legacy DNS client"),
    ("clustering", "status"): (400, _CONTROL_PLANE),
    ("clustering", "data-planes"): (400, _CONTROL_PLANE),
    ("filter-chains",): (400, "this endpoint is only available when wasm is enabled"),
}
ABSENT = tuple(_ABSENT)
EMPTY = (("oauth2_tokens",), ("sessions",))
_FIXED_PATHS = (
    *(
        "/",
        "/cache",
        "/cache/{key}",
        "/config",
        "/debug/node/log-level",
        "/debug/node/log-level/{log_level}",
        "/endpoints",
        "/metrics",
        "/openapi.json",
    ),
    *("/plugins/enabled", "/plugins/schema/{name}", "/schemas/filters/{name}", "/schemas/plugins/validate"),
    *("/schemas/plugins/{name}", "/schemas/vaults/validate", "/schemas/vaults/{name}", "/schemas/{name}"),
    *("/schemas/{db_entity_name}/validate", "/status", "/tags", "/tags/{tags}", "/upstreams/{upstreams}/targets/all"),
    *("/upstreams/{upstreams}/health", "/upstreams/{upstreams}/targets/{targets}/healthy"),
    *(
        "/upstreams/{upstreams}/targets/{targets}/unhealthy",
        "/upstreams/{upstreams}/targets/{targets}/{address}/healthy",
        "/upstreams/{upstreams}/targets/{targets}/{address}/unhealthy",
    ),
)


@dataclass
class Node:
    """Who we are. `statistics()` gives {"server": {name: count}, "workers": {pid: bytes of memory}}; what it leaves out
    counts as nothing; they are of the moment after `refresh()`. `set_log_level` is called with one of LOG_LEVELS."""

    settings: Settings
    hostname: str
    master_pid: int = 0
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    statistics: Callable[[], Mapping[str, Mapping[Any, int]]] = dict
    refresh: Callable[[], Awaitable[Any]] | None = None
    set_log_level: Callable[[str], None] = lambda level: None
    log_level: str = ""

    def __post_init__(self) -> None:
        self.log_level = self.log_level or self.settings.log_level


def root(api: AdminApi, call: Call) -> Reply:
    return call.gate(_READ) or answers.json(200, describe(api.node, api.store.config.collections["plugins"].values()))


def describe(node: Node, plugin_rows: Any) -> dict[str, Any]:
    plugins = registry()
    return {
        "tagline": "Welcome to kong",
        "version": KONG_VERSION,
        "edition": "community",
        "hostname": node.hostname,
        "node_id": node.id,
        "lua_version": "none",
        "timers": {"running": 0, "pending": 0},
        "pids": {"master": node.master_pid, "workers": sorted(node.statistics().get("workers", {}))},
        "plugins": {
            "available_on_server": {
                name: {"version": plugin.version, "priority": plugin.priority} for name, plugin in plugins.items()
            },
            "enabled_in_cluster": sorted({row["name"] for row in plugin_rows}),
        },
        "configuration": _configuration(node, plugins),
    }


def _configuration(node: Node, plugins: Mapping[str, Any]) -> dict[str, Any]:
    settings = node.settings
    listening = {
        "proxy": settings.proxy_listen,
        "admin": settings.admin_listen,
        "admin_gui": settings.admin_gui_listen,
        "status": settings.status_listen,
    }
    out: dict[str, Any] = {
        "role": "traditional",
        # Not "off": tools take that for "cannot be written", and this node can be.
        "database": "embedded",
        "router_flavor": "traditional_compatible",
        "log_level": node.log_level,
        "prefix": str(settings.prefix) if settings.prefix is not None else None,
        "declarative_config": str(settings.declarative_config) if settings.declarative_config is not None else None,
        "plugins": ["bundled"],
        "loaded_plugins": dict.fromkeys(plugins, True),
        "vaults": ["bundled"],
        "loaded_vaults": {"env": True},
        "allow_debug_header": settings.allow_debug_header,
        "nginx_worker_processes": str(settings.worker_processes),
        "admin_gui_url": list(settings.admin_gui_url),
        "admin_gui_path": "/",
        "anonymous_reports": False,
        "stream_listen": ["off"],
        "stream_listeners": [],
    }
    for name, listeners in listening.items():
        out[f"{name}_listen"] = [str(listener) for listener in listeners] or ["off"]
        out[f"{name}_listeners"] = [_listener(listener) for listener in listeners]
        out[f"{name}_ssl_enabled"] = any(listener.ssl for listener in listeners)
    return out


def _listener(listener: Listener) -> dict[str, Any]:
    return {
        "listener": str(listener),
        "ip": listener.host,
        "port": listener.port,
        "ssl": listener.ssl,
        "http2": listener.http2,
        "reuseport": listener.reuseport,
        "proxy_protocol": listener.proxy_protocol,
        "deferred": False,
        "bind": False,
    }


def status(api: AdminApi, call: Call) -> Reply | Awaitable[Reply]:
    return call.gate(_READ) or tell_condition(api.node, api.store.version, _unit(call))


def tell_condition(node: Node, version: str, unit: str = "m") -> Reply | Awaitable[Reply]:
    """The answer to GET /status, with numbers of this moment where the node can ask for them."""
    if node.refresh is None:
        return answers.json(200, condition(node, version, unit))
    return _refreshed(node, node.refresh(), version, unit)


async def _refreshed(node: Node, refreshing: Awaitable[Any], version: str, unit: str) -> Reply:
    await refreshing
    return answers.json(200, condition(node, version, unit))


def condition(node: Node, version: str, unit: str = "m") -> dict[str, Any]:
    """Kong's GET /status of a node with a configuration of its own."""
    numbers = node.statistics()
    server = numbers.get("server", {})
    word, size = _UNITS[unit]
    return {
        "configuration_hash": version,
        "database": {"reachable": True},
        "memory": {
            "workers_lua_vms": [
                {"pid": pid, "http_allocated_gc": f"{memory / size:.2f} {word}"}
                for pid, memory in sorted(numbers.get("workers", {}).items())
            ],
            "lua_shared_dicts": {},
        },
        "server": {name: server.get(name, 0) for name in _SERVER},
    }


def _unit(call: Call) -> str:
    unit = call.query.one("unit") or "m"
    if unit.lower() not in _UNITS:
        raise message(400, f"invalid unit '{unit}' (expected 'k/K', 'm/M', or 'g/G')")
    return unit.lower()


def endpoints(api: AdminApi, call: Call) -> Reply:
    return call.gate(_READ) or answers.json(200, {"data": sorted({*_FIXED_PATHS, *_served(entity_paths())})})


def _served(paths: Any) -> Sequence[str]:
    return [path for path in paths if not path.startswith("/targets")]


def enabled_plugins(api: AdminApi, call: Call) -> Reply:
    return call.gate(_READ) or answers.json(200, {"enabled_plugins": list(registry())})


def absent(api: AdminApi, call: Call) -> Reply:
    """Parts of a Kong that this gateway has no use for, with Kong's words for a node that runs without them."""
    status, text = _ABSENT[call.segments]
    raise message(status, text)


def nothing(api: AdminApi, call: Call) -> Reply:
    """What plugins that are not here keep while they run: there is none."""
    return call.gate(_READ) or answers.json(200, {"data": [], "next": None})


def cache(api: AdminApi, call: Call) -> Reply:
    """/cache and /cache/{key}: every change is in force at once, so there is never anything old to drop."""
    single = len(call.segments) == 2
    if len(call.segments) > 2 or (single and call.reads):
        raise not_found()
    return call.gate("DELETE, GET, HEAD, OPTIONS" if single else "DELETE, OPTIONS") or answers.empty(204)


def robots(api: AdminApi, call: Call) -> Reply:
    return call.gate(_READ) or Reply(200, b"Content-Type: text/plain; charset=UTF-8\r\n", b"User-agent: *\nDisallow: /")


def log_level(api: AdminApi, call: Call) -> Reply:
    """GET /debug/node/log-level and PUT /debug/node/log-level/{level}."""
    if len(call.segments) == 3:
        return call.gate(_READ) or answers.json(200, {"message": f"log level: {api.node.log_level}"})
    if len(call.segments) != 4:
        raise not_found()
    reply = call.gate("OPTIONS, PUT")
    if reply is not None:
        return reply
    level = call.segments[3]
    if level not in LOG_LEVELS:
        raise message(400, f"unknown log level: {level}")
    api.node.log_level = level
    api.node.set_log_level(level)
    return answers.json(200, {"message": "log level changed"})
