"""Upstreams, which spread requests over targets, and the targets."""

from __future__ import annotations

import ipaddress
from typing import Any

from gateway.entities import kinds
from gateway.entities.formats import host_error, read_address, service_path_error
from gateway.entities.kinds import Entity, Kind
from gateway.schema import (
    Array,
    Boolean,
    Check,
    Conditional,
    Distinct,
    Field,
    Foreign,
    Integer,
    Map,
    Match,
    Number,
    Record,
    String,
)

HASHES = ("none", "consumer", "ip", "header", "cookie", "path", "query_arg", "uri_capture")
CHECK_TYPES = ("tcp", "http", "https", "grpc", "grpcs")
_OK = [200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 306, 307, 308]
DEFAULT_TARGET_PORT = 8000
DEFAULT_WEIGHT = 100


def _name_error(value: str) -> str | None:
    address = read_address(value)
    if isinstance(address, str):
        return f"Invalid name ('{value}'); must be a valid hostname"
    if address.kind != "name":
        return f"Invalid name ('{value}'); no ip addresses allowed"
    return f"Invalid name ('{value}'); no port allowed" if address.port is not None else None


UNREADABLE_TARGET = "Invalid target; not a valid hostname or ip address"
"""What Kong's Admin API says, which reads a target before its schema does."""


def target_error(value: str) -> str | None:
    if isinstance(read_address(value), str):
        return f"Invalid target ('{value}'); not a valid hostname or ip address"
    return None


def canonical_target(target: str) -> str:
    """host:port as Kong stores it: port 8000 when none is named, IPv6 spelled out in brackets."""
    address = read_address(target)
    if isinstance(address, str):
        return target
    host = f"[{ipaddress.IPv6Address(address.host).exploded}]" if address.kind == "ipv6" else address.host
    return f"{host}:{DEFAULT_TARGET_PORT if address.port is None else address.port}"


def _stored(target: Entity) -> Entity:
    weight = target.get("weight")
    weight = DEFAULT_WEIGHT if weight is None else weight  # null asks for no weight of its own
    return {**target, "target": canonical_target(target["target"]), "weight": weight}


def _path(help: str) -> Field:
    return String(
        help,
        starts_with="/",
        match_none=[("//", "must not have empty segments")],
        check=service_path_error,
        default="/",
    )


def _statuses(help: str, default: list[int]) -> Field:
    return Array(help, elements=Integer("An HTTP status.", between=(100, 999)), default=default)


def _count(help: str) -> Field:
    return Integer(help, between=(0, 255), default=0)


def _seconds(help: str, default: int) -> Field:
    return Number(help, between=(0, 65535), default=default)


def _group(help: str, fields: dict[str, Field]) -> Record:
    """A required record that shows its defaults in the schema, as Kong's does."""
    record = Record(help, fields=fields, required=True)
    shown = {name: value for name, value in record.clean({})[0].items() if value is not None}
    return Record(help, fields=fields, required=True, default=shown)


_ACTIVE = _group(
    "Probes that the gateway sends by itself.",
    {
        "healthy": _group(
            "When a target counts as well again.",
            {
                "http_statuses": _statuses("Statuses that are a success.", [200, 302]),
                "interval": _seconds("Seconds between two probes of a target that is well; 0 = none.", 0),
                "successes": _count("Successes in a row that make a target well; 0 = never."),
            },
        ),
        "unhealthy": _group(
            "When a target counts as ill.",
            {
                "tcp_failures": _count("Failed connections that make a target ill; 0 = never."),
                "http_statuses": _statuses("Statuses that are a failure.", [429, 404, 500, 501, 502, 503, 504, 505]),
                "http_failures": _count("Failures by status that make a target ill; 0 = never."),
                "interval": _seconds("Seconds between two probes of a target that is ill; 0 = none.", 0),
                "timeouts": _count("Timeouts that make a target ill; 0 = never."),
            },
        ),
        "http_path": _path("The path that a probe asks for."),
        "headers": Map(
            "Headers of a probe.",
            keys=String("A header's name."),
            values=Array("Its values.", elements=String("A value.")),
        ),
        "https_verify_certificate": Boolean("Whether a probe checks the certificate.", default=True, required=True),
        "type": String("What a probe is.", one_of=CHECK_TYPES, default="http"),
        "https_sni": String("The name that a probe asks for in TLS."),
        "concurrency": Integer("Targets to probe at once.", between=(1, 2147483648), default=10),
        "timeout": _seconds("Seconds a probe may take.", 1),
    },
)
_PASSIVE = _group(
    "Health learned from the answers to ordinary requests.",
    {
        "healthy": _group(
            "When a target counts as well again.",
            {
                "http_statuses": _statuses("Statuses that are a success.", _OK),
                "successes": _count("Successes in a row that make a target well; 0 = never."),
            },
        ),
        "unhealthy": _group(
            "When a target counts as ill.",
            {
                "http_statuses": _statuses("Statuses that are a failure.", [429, 500, 503]),
                "http_failures": _count("Failures by status that make a target ill; 0 = never."),
                "timeouts": _count("Timeouts that make a target ill; 0 = never."),
                "tcp_failures": _count("Failed connections that make a target ill; 0 = never."),
            },
        ),
        "type": String("What counts as a failure.", one_of=CHECK_TYPES, default="http"),
    },
)


def _health() -> Record:
    fields: dict[str, Field] = {
        "active": _ACTIVE,
        "passive": _PASSIVE,
        "threshold": Number(
            "Percentage of weight that must be well for the upstream to be well.", between=(0, 100), default=0
        ),
    }
    default = {"active": _ACTIVE.default, "passive": _PASSIVE.default}
    return Record("How to tell which targets are well.", fields=fields, required=True, default=default)


def _needs(field: str, value: str, other: str) -> Check:
    return Conditional(field, Match(match=f"^{value}$"), other, Match(required=True))


def _falls_back(value: str, allowed: tuple[str, ...]) -> Check:
    return Conditional("hash_on", Match(match=f"^{value}$"), "hash_fallback", Match(one_of=allowed))


UPSTREAMS = Kind(
    name="upstreams",
    singular="upstream",
    key="name",
    foreign={"client_certificate": "certificates"},
    children={"targets": "upstream"},
    record=Record(
        "A host name whose requests are spread over targets.",
        fields={
            "id": kinds.identifier(),
            "created_at": kinds.created(),
            "name": String("The host name that services use.", unique=True, required=True, check=_name_error),
            "updated_at": kinds.updated(),
            "algorithm": String(
                "How to choose a target.",
                one_of=("consistent-hashing", "least-connections", "round-robin", "latency"),
                default="round-robin",
            ),
            "hash_on": String("What to hash, so that the same goes to the same target.", one_of=HASHES, default="none"),
            "hash_fallback": String("What to hash when that is missing.", one_of=HASHES, default="none"),
            "hash_on_header": String("The header to hash."),
            "hash_fallback_header": String("The header to hash when the first is missing."),
            "hash_on_cookie": String("The cookie to hash; it is set when a client has none."),
            "hash_on_cookie_path": _path("The path of that cookie."),
            "hash_on_query_arg": String("The query argument to hash.", len_min=1),
            "hash_fallback_query_arg": String("The query argument to hash when the first is missing.", len_min=1),
            "hash_on_uri_capture": String("The group of the route's regex to hash.", len_min=1),
            "hash_fallback_uri_capture": String("The group to hash when the first is missing.", len_min=1),
            "slots": Integer("Places on the balancer's wheel.", between=(10, 65536), default=10000),
            "healthchecks": _health(),
            "tags": kinds.tags(),
            "host_header": String("The Host header for every target.", check=host_error),
            "client_certificate": Foreign("The certificate to show to targets.", reference="certificates"),
            "use_srv_name": Boolean("Whether the name of an SRV record becomes the Host header.", default=False),
        },
        checks=(
            _needs("hash_on", "header", "hash_on_header"),
            _needs("hash_fallback", "header", "hash_fallback_header"),
            _needs("hash_on", "cookie", "hash_on_cookie"),
            _needs("hash_fallback", "cookie", "hash_on_cookie"),
            _falls_back("none", ("none",)),
            _falls_back("cookie", ("none",)),
            _falls_back("consumer", ("none", "ip", "header", "cookie", "path", "query_arg", "uri_capture")),
            _falls_back("ip", ("none", "consumer", "header", "cookie", "path", "query_arg", "uri_capture")),
            _falls_back("path", ("none", "consumer", "header", "cookie", "query_arg", "ip", "uri_capture")),
            Distinct("hash_on_header", "hash_fallback_header"),
            _needs("hash_on", "query_arg", "hash_on_query_arg"),
            _needs("hash_fallback", "query_arg", "hash_fallback_query_arg"),
            Distinct("hash_on_query_arg", "hash_fallback_query_arg"),
            _needs("hash_on", "uri_capture", "hash_on_uri_capture"),
            _needs("hash_fallback", "uri_capture", "hash_fallback_uri_capture"),
            Distinct("hash_on_uri_capture", "hash_fallback_uri_capture"),
        ),
    ),
)


def _moment(help: str) -> Any:
    return Number(help, timestamp=True, auto=True)


TARGETS = Kind(
    name="targets",
    singular="target",
    key="target",
    cache_key=("upstream", "target"),
    foreign={"upstream": "upstreams"},
    canonical=_stored,
    record=Record(
        "One host and port behind an upstream.",
        fields={
            "id": kinds.identifier(),
            "created_at": _moment("When the target was made, in seconds since 1970, with milliseconds."),
            "updated_at": _moment("When the target last changed, in seconds since 1970, with milliseconds."),
            "upstream": Foreign("Whose target it is.", reference="upstreams", on_delete="cascade", required=True),
            "target": String("host, or host:port; port 8000 when none is named.", required=True, check=target_error),
            "weight": Integer("Its share of the requests; 0 = none.", between=(0, 65535), default=DEFAULT_WEIGHT),
            "tags": kinds.tags(),
        },
    ),
)
