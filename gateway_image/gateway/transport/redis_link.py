"""The connection to one Redis store: a server, the master that Sentinels name, or a Cluster; TLS, users, passwords. The
only room that knows the client library, which is loaded when a configuration first names a Redis.

Not for: what is asked (redis_script.py), what to do when there is no answer (redis_lane.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import sys
from typing import Any

from gateway.transport.redis_script import SCRIPT, SHA
from gateway.values import RedisStore

COPY_MILLISECONDS = 50
"""How long an answer may wait until a replica has what was counted."""
COPY_PAUSE = 1.0
"""Seconds without that wait after one in vain: replicas that are away must not slow every request down."""


class LinkError(Exception):
    """Redis gave no answer; str() says why in one line, without secrets. `kept`: a connection that had worked
    before was broken, so that a fresh one may do better."""

    def __init__(self, text: str, kept: bool) -> None:
        super().__init__(text)
        self.kept = kept


class Link:
    """Runs the script. A connection is made when it is needed and dropped at the first trouble."""

    def __init__(self, store: RedisStore) -> None:
        self._store = store
        self._client: Any = None
        self._worked = False
        self._copies = bool(store.sentinels)  # whether to wait for a replica: the next master must know what counted
        self._copies_from = 0.0  # and from when on, by the event loop's clock
        self._closing: set[asyncio.Task[None]] = set()

    async def ready(self) -> None:
        """Returns once the library is loaded, which takes some time the first time; requests go on meanwhile."""
        if "redis.asyncio" not in sys.modules:
            await asyncio.get_running_loop().run_in_executor(None, importlib.import_module, "redis.asyncio")

    async def run(self, keys: list[bytes], arguments: list[bytes]) -> list[bytes]:
        """The script's answer. Raises LinkError."""
        from redis.exceptions import NoScriptError, RedisError
        from redis.exceptions import TimeoutError as LateError

        kept = self._worked
        try:
            if self._client is None:
                self._client = _client(self._store)
            ask = self._ask_and_copy if self._copying() else self._client.execute_command
            try:
                reply: list[bytes] = await ask("EVALSHA", SHA, len(keys), *keys, *arguments)
            except NoScriptError:
                reply = await ask("EVAL", SCRIPT, len(keys), *keys, *arguments)
        except (RedisError, OSError) as error:
            self.drop()
            late = isinstance(error, LateError)
            raise LinkError(_reason(error, self._store), kept and not late) from None
        except BaseException:
            self.drop()  # what its connection would say next is unknown
            raise
        self._worked = True
        return reply

    def _copying(self) -> bool:
        return self._copies and asyncio.get_running_loop().time() >= self._copies_from

    async def _ask_and_copy(self, *command: Any) -> list[bytes]:
        """The same in one round trip with a wait for a replica: Sentinels make the replica master that knows most, so
        that what was answered outlives the master that answered it."""
        pipeline = self._client.pipeline(transaction=False)
        pipeline.execute_command(*command)
        pipeline.execute_command("WAIT", 1, COPY_MILLISECONDS)
        reply, copies = await pipeline.execute(raise_on_error=False)
        if isinstance(reply, Exception):
            raise reply
        if isinstance(copies, Exception):
            self._copies = False  # a user who may not, or a proxy that cannot
        elif copies < 1:
            self._copies_from = asyncio.get_running_loop().time() + COPY_PAUSE
        answer: list[bytes] = reply
        return answer

    def drop(self) -> None:
        """Forgets the connection; the next run makes a new one."""
        client, self._client, self._worked = self._client, None, False
        if client is not None:
            task = asyncio.get_running_loop().create_task(_close(client))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        self.drop()
        await asyncio.gather(*self._closing)


def shown(store: RedisStore) -> str:
    """A store as messages name it."""
    if store.cluster:
        return f"the Redis Cluster of {_places(store.cluster)}"
    if store.sentinels:
        return f"the Redis {store.sentinel_master} of the Sentinels {_places(store.sentinels)}"
    return f"Redis at {_places(((store.host, store.port),))}"


def _places(nodes: tuple[tuple[str, int], ...]) -> str:
    return ", ".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in nodes)


def _client(store: RedisStore) -> Any:
    from redis.asyncio import ConnectionPool, Redis, RedisCluster, Sentinel
    from redis.asyncio.cluster import ClusterNode
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    user: dict[str, Any] = {"username": store.username or None, "password": store.password or None}
    common: dict[str, Any] = {
        "socket_connect_timeout": store.connect_timeout,
        "socket_timeout": max(store.send_timeout, store.read_timeout),
        "retry": Retry(NoBackoff(), 0),  # the lane decides what to try again
        "protocol": 2,  # what every version and every proxy before it understands
        "driver_info": None,
    }
    if store.cluster:
        nodes = [ClusterNode(host, port) for host, port in store.cluster]
        return RedisCluster(startup_nodes=nodes, ssl=store.tls, **_checks(store), **user, **common)
    plain, managed = _connections(store)
    common |= _checks(store) if store.tls else {}
    if store.sentinels:
        watch = {"username": store.sentinel_username or None, "password": store.sentinel_password or None}
        sentinel = Sentinel(store.sentinels, sentinel_kwargs={**common, **watch, "ssl": store.tls})  # type: ignore[no-untyped-call]
        more = {**common, **user, "db": store.database, "connection_class": managed}
        return sentinel.master_for(store.sentinel_master, **more)
    pool = ConnectionPool(connection_class=plain, host=store.host, port=store.port, db=store.database, **user, **common)
    return Redis(connection_pool=pool)


def _checks(store: RedisStore) -> dict[str, Any]:
    return {"ssl_cert_reqs": "required" if store.verify else "none", "ssl_check_hostname": store.verify}


def _connections(store: RedisStore) -> tuple[type, type]:
    """The classes of connections to a named server and to one that Sentinels name."""
    from redis.asyncio import Connection, SentinelManagedConnection, SentinelManagedSSLConnection, SSLConnection

    if not store.tls:
        return Connection, SentinelManagedConnection
    if not store.server_name:
        return SSLConnection, SentinelManagedSSLConnection

    class Named(SSLConnection):
        def _connection_arguments(self) -> Any:
            return {**super()._connection_arguments(), "server_hostname": store.server_name}

    class NamedManaged(SentinelManagedSSLConnection):
        def _connection_arguments(self) -> Any:
            return {**super()._connection_arguments(), "server_hostname": store.server_name}

    return Named, NamedManaged


async def _close(client: Any) -> None:
    with contextlib.suppress(Exception):
        await client.aclose()


def _reason(error: Exception, store: RedisStore) -> str:
    from redis.asyncio.sentinel import MasterNotFoundError

    if isinstance(error, MasterNotFoundError):
        return f"no Sentinel that answers knows a living master {store.sentinel_master}"
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
