"""Where a Redis is, as plugins' configuration says it: the one home of these fields, and what the transport makes of
them. Source: Kong's published schemas. Not for: speaking to Redis (transport).

Kong has two records: the short one of the classic plugins, and the one of the advanced plugins with Sentinel and
Cluster. Their older spellings are taken too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.schema import Array, Boolean, Custom, Integer, MutuallyRequired, Record, Shorthand, String
from gateway.schema.fields import Cleaned, quoted
from gateway.values import RedisStore

_REFERENCE = "A vault reference is accepted."
_LONGEST = 2147483646
_SENTINEL = ("sentinel_master", "sentinel_role", "sentinel_nodes")


class _Addresses(Array):
    """Texts host:port, as before Kong 3.8, kept as the records of today."""

    def __init__(self, help: str, host: str) -> None:
        super().__init__(help, elements=String("host:port"))
        self._host = host

    def clean(self, value: Any) -> Cleaned:
        kept, error = super().clean(value)
        if error is not None:
            return kept, error
        nodes = []
        for text in kept:
            host, colon, port = text.rpartition(":")
            if not (colon and host and port.isdigit() and int(port) < 65536):
                return kept, f"'{text}' is not host:port"
            nodes.append({self._host: host.strip("[]"), "port": int(port)})
        return nodes, None


def classic_redis_fields() -> Record:
    """One server."""
    return Record(
        "The Redis that nodes share counts through.",
        required=True,
        fields={
            "host": String("Host name or address; needed with policy redis."),
            "port": Integer("Port.", default=6379, between=(0, 65535)),
            "timeout": Integer(
                "Milliseconds to connect, to send and to wait for an answer.", default=2000, between=(0, _LONGEST)
            ),
            "username": String(f"User name (Redis ACL). {_REFERENCE}", referenceable=True),
            "password": String(f"Password. {_REFERENCE}", referenceable=True, encrypted=True, len_min=0),
            "database": Integer("Number of the database.", default=0),
            "ssl": Boolean("Speak TLS.", default=False),
            "ssl_verify": Boolean("Check the server's certificate.", default=False),
            "server_name": String("The name to expect in the certificate."),
        },
    )


def classic_shorthands(plugin: str) -> dict[str, Shorthand]:
    """The older names beside `redis`: redis_host and so on."""
    kinds: dict[str, Any] = {
        "host": String,
        "port": Integer,
        "password": String,
        "username": String,
        "ssl": Boolean,
        "ssl_verify": Boolean,
        "server_name": String,
        "timeout": Integer,
        "database": Integer,
    }
    found = {}
    for name, kind in kinds.items():
        told = f"{plugin}: config.redis_{name} is deprecated, please use config.redis.{name} instead"
        more: dict[str, Any] = {"len_min": 0} if name == "password" else {}
        schema = {"deprecation": {"message": told, "removal_in_version": "4.0"}}
        field = kind(f"Old name of redis.{name}.", schema=schema, **more)
        found[f"redis_{name}"] = Shorthand(field, ("redis", name))
    return found


def advanced_redis_fields() -> Record:
    """One server, Sentinels, or a Cluster."""
    node_port = Integer("Its port.", default=6379, between=(0, 65535))
    return Record(
        "The Redis that nodes share counts through.",
        required=True,
        fields={
            "host": String(f"Host name or address. {_REFERENCE}", default="127.0.0.1", referenceable=True),
            "port": Integer("Port.", default=6379, between=(0, 65535)),
            "username": String(f"User name (Redis ACL). {_REFERENCE}", referenceable=True),
            "password": String(f"Password. {_REFERENCE}", referenceable=True, encrypted=True),
            "database": Integer("Number of the database; a Cluster has only 0.", default=0),
            "ssl": Boolean("Speak TLS.", default=False),
            "ssl_verify": Boolean("Check the server's certificate.", default=False),
            "server_name": String("The name to expect in the certificate; in a Cluster it is each node's own."),
            "timeout": Integer("Old name of the three timeouts, in milliseconds.", between=(0, _LONGEST)),
            "connect_timeout": Integer("Milliseconds to connect.", default=2000, between=(0, _LONGEST)),
            "send_timeout": Integer("Milliseconds to send.", default=2000, between=(0, _LONGEST)),
            "read_timeout": Integer("Milliseconds to wait for an answer.", default=2000, between=(0, _LONGEST)),
            "keepalive_pool_size": Integer(
                "Accepted for compatibility: each worker needs one connection.", default=256, between=(1, _LONGEST)
            ),
            "keepalive_backlog": Integer("Accepted for compatibility.", between=(0, _LONGEST)),
            "sentinel_master": String("Name of the master that the Sentinels watch."),
            "sentinel_role": String(
                "Accepted for compatibility: counts are always kept on the master.", one_of=("master", "slave", "any")
            ),
            "sentinel_username": String(f"User name for the Sentinels. {_REFERENCE}", referenceable=True),
            "sentinel_password": String(
                f"Password for the Sentinels. {_REFERENCE}", referenceable=True, encrypted=True
            ),
            "sentinel_nodes": Array(
                "The Sentinels. host and port are not used then.",
                len_min=1,
                elements=Record(
                    fields={"host": String("Host.", required=True, default="127.0.0.1"), "port": node_port}
                ),
            ),
            "cluster_nodes": Array(
                "Nodes of a Redis Cluster; the others are found through them. host and port are not used then.",
                len_min=1,
                elements=Record(fields={"ip": String("Host.", required=True, default="127.0.0.1"), "port": node_port}),
            ),
            "cluster_max_redirections": Integer("Accepted for compatibility.", default=5),
            "connection_is_proxied": Boolean("Accepted for compatibility.", default=False),
        },
        shorthands={
            "sentinel_addresses": Shorthand(
                _Addresses("Old spelling of sentinel_nodes: a list of host:port.", "host"), ("sentinel_nodes",)
            ),
            "cluster_addresses": Shorthand(
                _Addresses("Old spelling of cluster_nodes: a list of host:port.", "ip"), ("cluster_nodes",)
            ),
        },
        checks=(
            MutuallyRequired(*_SENTINEL),
            Custom(("sentinel_nodes", "cluster_nodes"), _one_kind),
        ),
    )


def _one_kind(values: Mapping[str, Any]) -> str | None:
    if values.get("cluster_nodes") and any(values.get(name) for name in _SENTINEL):
        return f"these sets are mutually exclusive: ({quoted(_SENTINEL)}), ('cluster_nodes')"
    return None


def redis_store(redis: Mapping[str, Any], sync_rate: float = 0.0) -> RedisStore:
    """What a validated record of either kind says, references resolved. `sync_rate` in seconds, 0 for with every
    request."""
    everything = redis.get("timeout")

    def seconds(name: str) -> float:
        # 0 would be no limit, and a request must not wait forever
        milliseconds = everything if everything is not None else redis.get(name)
        return (milliseconds or 2000) / 1000

    return RedisStore(
        host=redis["host"] or "127.0.0.1",
        port=redis["port"] or 6379,
        database=redis["database"] or 0,
        username=redis["username"] or "",
        password=redis["password"] or "",
        tls=bool(redis["ssl"]),
        verify=bool(redis["ssl_verify"]),
        server_name=redis["server_name"] or "",
        connect_timeout=seconds("connect_timeout"),
        send_timeout=seconds("send_timeout"),
        read_timeout=seconds("read_timeout"),
        sentinels=tuple((node["host"], node["port"] or 6379) for node in redis.get("sentinel_nodes") or ()),
        sentinel_master=redis.get("sentinel_master") or "",
        sentinel_username=redis.get("sentinel_username") or "",
        sentinel_password=redis.get("sentinel_password") or "",
        cluster=tuple((node["ip"], node["port"] or 6379) for node in redis.get("cluster_nodes") or ()),
        sync_rate=sync_rate,
    )
