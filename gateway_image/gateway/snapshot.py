"""A compiled configuration: the router, one chain of hooks per route, ready header lines. Immutable once made; a change
makes another one and swaps a reference. Not for: validation (entities), persistence (store).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gateway import KONG_VERSION
from gateway.balancing import Balancer, balancers
from gateway.errors import ConfigError, VaultError
from gateway.health_marks import HealthMarks
from gateway.outbound import Target, Timeouts, host_value
from gateway.plugins import plugin_class
from gateway.plugins._base import Plugin, Setting, takes_part
from gateway.router import RouteMatch, Router
from gateway.rows import Rows
from gateway.values import Origin, Request
from gateway.vault import Vault, is_reference

Entity = Mapping[str, Any]
_SCOPES = ("route", "service", "consumer")
_PRECEDENCE = {  # Kong's: the most specific instance of a plugin runs, and only that one
    (True, True, True): 8,
    (True, False, True): 7,
    (False, True, True): 6,
    (True, True, False): 5,
    (False, False, True): 4,
    (True, False, False): 3,
    (False, True, False): 2,
    (False, False, False): 1,
}


class Chain:
    """The plugins of one route (and consumer), by phase, in order of priority."""

    __slots__ = ("access", "body_filter", "header_filter", "log", "plugins")

    def __init__(self, plugins: Iterable[Plugin]) -> None:
        self.plugins = tuple(sorted(plugins, key=lambda plugin: (-plugin.priority, plugin.name)))
        self.access, self.header_filter, self.body_filter, self.log = (
            tuple(plugin for plugin in self.plugins if takes_part(plugin, phase))
            for phase in ("access", "header_filter", "body_filter", "log")
        )

    def after(self, plugin: Plugin) -> int:
        """Where in `access` to go on once `plugin` has run."""
        for index, candidate in enumerate(self.access):
            if (-candidate.priority, candidate.name) > (-plugin.priority, plugin.name):
                return index
        return len(self.access)


class Snapshot:
    def __init__(
        self,
        config: Rows,
        router: Router,
        plugins: dict[str, Plugin],
        hidden: frozenset[str],
        balancers: dict[str, Balancer] | None = None,
    ) -> None:
        self.config = config
        self.router = router
        self.plugins = plugins  # plugin id -> instance
        self.hidden = hidden
        self.balancers = balancers or {}  # by name of the upstream, which is what services call as their host
        self.via = f"1.1 kong/{KONG_VERSION}".encode()
        self.via_line = b"" if "via" in hidden else b"Via: " + self.via + b"\r\n"
        self.server_line = b"" if "server" in hidden else f"Server: kong/{KONG_VERSION}\r\n".encode()
        self._rows = [config.collections["plugins"][id] for id in plugins]
        self._by_route: dict[str | None, list[Entity]] = {}
        for row in self._rows:
            self._by_route.setdefault((row["route"] or {}).get("id"), []).append(row)
        self._scoped_to_consumers = any(row["consumer"] for row in self._rows)
        self._chains: dict[tuple[str, str | None], Chain] = {}
        self._origins: dict[str, tuple[Entity, Origin, bytes]] = {}
        self._timeouts: dict[str, Timeouts] = {}
        self._indexes: dict[tuple[str, str], dict[str, Entity]] = {}
        self.derived: dict[str, dict[Any, Any]] = {}  # what plugins worked out from this configuration, by their name
        self._members: dict[tuple[str, str], dict[str, list[Entity]]] = {}
        self.unrouted = Chain(
            plugins[row["id"]] for row in self._by_route.get(None, []) if not any(row[scope] for scope in _SCOPES)
        )
        self.unrouted.access = self.unrouted.body_filter = ()  # as in Kong: headers and logs only

    @classmethod
    def compile(
        cls,
        config: Rows,
        vault: Vault,
        resources: dict[str, Any],
        *,
        hidden: frozenset[str] = frozenset(),
        previous: Snapshot | None = None,
    ) -> Snapshot:
        """Raises ConfigError that names every reference and plugin that cannot be made. Instances of unchanged plugin
        rows are taken over from `previous`, so that their state and the time to make them are kept."""
        collections = config.collections
        plugins: dict[str, Plugin] = {}
        problems: list[str] = []
        for id, row in collections["plugins"].items():
            if not row["enabled"]:
                continue
            old = previous.plugins.get(id) if previous is not None else None
            if old is not None and old.setting.entity is row and old.config is row["config"]:
                plugins[id] = old  # the very same row, and no secret in it that may be another by now
                continue
            missing: list[str] = []
            resolved = _resolved(row["config"], vault.resolve, missing)
            if missing:
                where = _where(row, collections)
                problems += (f"{where}: {text}" for text in missing)
                continue
            if old is not None and old.config == resolved and old.setting.entity == row:
                plugins[id] = old
                continue
            try:
                plugins[id] = plugin_class(row["name"])(resolved, Setting(row, resources))
            except ConfigError as error:
                problems.append(f"{_where(row, collections)}: {error}")
            except UnicodeEncodeError as error:  # heads are latin-1
                told = error.object[error.start : error.end]
                problems.append(f"{_where(row, collections)}: {told!a} cannot stand in a header: take it out")
        if problems:
            raise ConfigError({"plugins": problems}, "\n".join(problems))
        router = Router.compile(
            collections["routes"].values(), collections["services"], previous.router if previous is not None else None
        )
        marks = resources.get("marks")
        if marks is None:
            marks = resources["marks"] = HealthMarks.create(slots=1024, shared=False)
        known = previous.balancers if previous is not None else None
        found = balancers(collections, resources.setdefault("balancers", {}), marks, known)
        made = cls(config, router, plugins, hidden, found)
        if previous is not None:
            made._take_over(previous)
        return made

    def _take_over(self, previous: Snapshot) -> None:
        """What was found out of rows that are the very same: the first request after a change need not wait until ten
        thousand credentials are looked at again."""
        before, now = previous.config.collections, self.config.collections
        same = {kind for kind, rows in now.items() if before.get(kind) is rows}
        self._indexes = {key: found for key, found in list(previous._indexes.items()) if key[0] in same}
        self._members = {key: found for key, found in list(previous._members.items()) if key[0] in same}

    # -- per request --------------------------------------------------------------------------------------------

    def match(self, request: Request) -> RouteMatch | None:
        """Raises BadTarget for a target that no route may see."""
        return self.router.match(
            request.method.decode("latin-1"),
            request.fields.get(b"host", b"").decode("latin-1"),
            request.target,
            request.headers,
            request.scheme,
            request.port,
        )

    def chain(self, route: Entity, consumer: str | None) -> Chain:
        """The plugins for a route and, once known, a consumer's id."""
        if not self._scoped_to_consumers:
            consumer = None
        key = (route["id"], consumer)
        chain = self._chains.get(key)
        if chain is None:
            chain = self._chains[key] = self._compose(route, consumer)
            if len(self._chains) > 100_000:
                self._chains.clear()
        return chain

    def _compose(self, route: Entity, consumer: str | None) -> Chain:
        ids = {"route": route["id"], "service": (route["service"] or {}).get("id"), "consumer": consumer}
        best: dict[str, tuple[int, str]] = {}
        for row in (*self._by_route.get(route["id"], ()), *self._by_route.get(None, ())):
            scopes = {scope: (row[scope] or {}).get("id") for scope in _SCOPES}
            if any(wanted is not None and wanted != ids[scope] for scope, wanted in scopes.items()):
                continue
            rank = _PRECEDENCE[
                scopes["route"] is not None, scopes["service"] is not None, scopes["consumer"] is not None
            ]
            if rank > best.get(row["name"], (0, ""))[0]:
                best[row["name"]] = (rank, row["id"])
        return Chain(self.plugins[id] for _, id in best.values())

    def target(self, service: Entity, match: RouteMatch, request: Request) -> Target:
        """Where a request without ai-proxy goes: the service."""
        known = self._origins.get(service["id"])
        if known is None or known[0] is not service:
            scheme = "https" if service["protocol"] == "https" else "http"
            origin = Origin(scheme, service["host"], service["port"], service.get("tls_verify") is not False)
            known = self._origins[service["id"]] = (service, origin, host_value(origin))
        _, origin, host = known
        if match.route["preserve_host"]:
            host = request.fields.get(b"host", host)
        path = match.upstream_path(service["path"])
        _, mark, query = request.target.partition(b"?")
        return Target(
            origin,
            path + mark + query if mark else path,
            host,
        )

    def timeouts(self, match: RouteMatch | None) -> Timeouts:
        """The timeouts of the service behind a route; Kong's defaults where there is none."""
        service = match.service if match is not None else None
        if service is None:
            return 60.0, 60.0, 60.0
        known = self._timeouts.get(service["id"])
        if known is None:
            known = self._timeouts[service["id"]] = (
                service["connect_timeout"] / 1000,
                service["write_timeout"] / 1000,
                service["read_timeout"] / 1000,
            )
        return known

    def index(self, kind: str, field: str) -> dict[str, Entity]:
        """Entities of a kind by one of their unique fields: credentials by key, consumers by username."""
        found = self._indexes.get((kind, field))
        if found is None:
            rows = self.config.collections.get(kind, {}).values()
            found = self._indexes[kind, field] = {row[field]: row for row in rows if row.get(field) is not None}
        return found

    def members(self, kind: str, owner: str) -> dict[str, list[Entity]]:
        """Entities of a kind by the id of what they belong to: acls by "consumer"."""
        found = self._members.get((kind, owner))
        if found is None:
            found = self._members[kind, owner] = {}
            for row in self.config.collections.get(kind, {}).values():
                found.setdefault(row[owner]["id"], []).append(row)
        return found

    def identity(self, request_id: bytes, waited: float | None, own: float, own_answer: bool) -> bytes:
        """The lines that say who answered and how long it took; seconds in, milliseconds out."""
        out = b""
        if "latency" not in self.hidden:
            if waited is None:
                out = b"X-Kong-Response-Latency: %d\r\n" % (own * 1000)
            else:
                out = b"X-Kong-Upstream-Latency: %d\r\nX-Kong-Proxy-Latency: %d\r\n" % (waited * 1000, own * 1000)
        if waited is not None:
            out += self.via_line
        if own_answer:
            out += self.server_line
        if "request_id" not in self.hidden:
            out += b"X-Kong-Request-Id: " + request_id + b"\r\n"
        return out


def _resolved(value: Any, resolve: Callable[[str], str], missing: list[str]) -> Any:
    """`value` with vault references replaced, itself where it holds none; what cannot be resolved is told in
    `missing`."""
    if isinstance(value, str):
        if not is_reference(value):
            return value
        try:
            return resolve(value)
        except VaultError as error:
            missing.append(str(error))
            return value
    if isinstance(value, Mapping):
        made = {key: _resolved(item, resolve, missing) for key, item in value.items()}
        return made if any(made[key] is not item for key, item in value.items()) else value
    if isinstance(value, list):
        items = [_resolved(item, resolve, missing) for item in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    return value


def _where(row: Entity, collections: Mapping[str, Mapping[str, Entity]]) -> str:
    return f"plugin {row['name']} ({_scope(row, collections)})"


def _scope(row: Entity, collections: Mapping[str, Mapping[str, Entity]]) -> str:
    """What a plugin hangs on, in words a user knows: its route's or service's name."""
    for scope in _SCOPES:
        if row[scope]:
            entity = collections[scope + "s"].get(row[scope]["id"], {})
            return f"{scope} {entity.get('name') or entity.get('username') or row[scope]['id']}"
    return "global"


def failure_line(request_id: bytes, plugin: str, error: Exception) -> bytes:
    """The log's line about a plugin that crashed: its kind only, because its text may hold what a client sent."""
    return b'{"level":"error","request_id":"%b","plugin":"%b","error":"%b"}' % (
        request_id,
        plugin.encode(),
        type(error).__name__.encode(),
    )
