"""GET /metrics, on the Admin and the status listener: what the workers counted, and what is known of the node itself.

Not for: counting requests (plugins/prometheus.py), the text format (gateway.metrics).

Kong's names, help texts and labels. Left out, because there is nothing here that they could measure: timers and shared
dictionaries. A worker's memory is the resident memory of its process, as in GET /status.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from gateway import KONG_VERSION
from gateway.admin.answers import not_found
from gateway.admin.call import Call
from gateway.admin.node import Node
from gateway.metrics import CONTENT_TYPE, Definition, Dump, Registry, family, merge, render
from gateway.values import Reply

if TYPE_CHECKING:
    from gateway.admin.api import AdminApi

Metrics = Callable[[], bytes | Awaitable[bytes]]
"""The text, at once or later."""
DATASTORE = Definition("gauge", "kong_datastore_reachable", "Datastore reachable from Kong, 0 is unreachable")
MEMORY = Definition(
    "gauge",
    "kong_memory_workers_lua_vms_bytes",
    "Allocated bytes in worker Lua VM",
    ("node_id", "pid", "kong_subsystem"),
)
CONNECTIONS = Definition(
    "gauge",
    "kong_nginx_connections_total",
    "Number of connections by subsystem",
    ("node_id", "subsystem", "state"),
)
REQUESTS = Definition("gauge", "kong_nginx_requests_total", "Number of requests total", ("node_id", "subsystem"))
NODE = Definition("gauge", "kong_node_info", "Kong Node metadata information", ("node_id", "version"))
_STATES = ("accepted", "active", "handled", "reading", "waiting", "writing")


class MetricsText:
    """`gather()` asks the workers; the node's own numbers are read after that, when they are fresh too, and `health()`
    tells those of upstreams."""

    def __init__(self, node: Node, gather: Callable[[], Awaitable[Dump]], health: Callable[[], Dump] = dict) -> None:
        self._node = node
        self._gather = gather
        self._health = health

    async def __call__(self) -> bytes:
        counted = await self._gather()
        return render(merge((Registry().dump(), counted, of_node(self._node), self._health())))


def of_node(node: Node) -> Dump:
    """What the node knows without its plugins."""
    numbers: Mapping[str, Mapping[Any, int]] = node.statistics()
    server = numbers.get("server", {})
    total = server.get("total_requests", 0)
    states = {state: server.get(f"connections_{state}", 0) for state in _STATES} | {"total": total}
    return {
        **family(DATASTORE, [((), 1)]),
        **family(
            MEMORY,
            [((node.id, str(pid), "http"), memory) for pid, memory in numbers.get("workers", {}).items()],
        ),
        **family(CONNECTIONS, [((node.id, "http", state), count) for state, count in states.items()]),
        **family(REQUESTS, [((node.id, "http"), total)]),
        **family(NODE, [((node.id, KONG_VERSION), 1)]),
    }


def answer(api: AdminApi, call: Call) -> Reply | Awaitable[Reply]:
    if api.metrics is None:
        raise not_found()
    return call.gate("GET, HEAD, OPTIONS") or reply(api.metrics)


def reply(metrics: Metrics) -> Reply | Awaitable[Reply]:
    """The answer to GET /metrics."""
    text = metrics()
    return _reply(text) if isinstance(text, bytes) else _later(text)


async def _later(text: Awaitable[bytes]) -> Reply:
    return _reply(await text)


def _reply(text: bytes) -> Reply:
    return Reply(200, b"Content-Type: " + CONTENT_TYPE + b"\r\n", text)
