"""Services: where requests go."""

from __future__ import annotations

from typing import Any

from gateway.entities import kinds
from gateway.entities.formats import host_error, read_url, service_path_error
from gateway.entities.kinds import Kind
from gateway.schema import Array, Boolean, Conditional, Foreign, Integer, Match, Record, String

PROTOCOLS = ("grpc", "grpcs", "http", "https", "tcp", "tls", "tls_passthrough", "udp")
_NO_PATH = Match(one_of=("tcp", "tls", "udp", "grpc", "grpcs"))
_NOT_TLS = Match(not_one_of=("https", "tls"))
_UNSET = Match(eq=None)


class _Services(Record):
    """Knows the write-only field `url`, which stands for protocol, host, port and path and wins over them."""

    def clean(self, value: Any) -> tuple[Any, Any]:
        if not isinstance(value, dict) or "url" not in value:
            return super().clean(value)
        url = value["url"]
        rest = {name: given for name, given in value.items() if name != "url"}
        if url is not None and (not isinstance(url, str) or not url):
            cleaned, error = super().clean({"host": "unknown", **rest})
            text = "length must be at least 1" if url == "" else "expected a string"
            return cleaned, {"url": text, **(error if isinstance(error, dict) else {})}
        return super().clean(_expanded(rest, url))


def _expanded(rest: dict[str, Any], url: str | None) -> dict[str, Any]:
    for name in ("protocol", "host", "port", "path"):
        rest.pop(name, None)
    if url is None:
        # Kong reads null as a URL without a host; say what is missing the same way
        return {**rest, "protocol": "null", "path": "null"}
    parsed = read_url(url)
    rest["path"] = parsed.path
    rest["host"] = parsed.host
    if parsed.protocol is not None:
        rest["protocol"] = parsed.protocol
    if parsed.port is not None:
        rest["port"] = parsed.port
    return rest


SERVICES = Kind(
    name="services",
    singular="service",
    key="name",
    foreign={"client_certificate": "certificates"},
    children={"routes": "service", "plugins": "service"},
    record=_Services(
        "An upstream API: where requests go and how long to wait for it.",
        fields={
            "id": kinds.identifier(),
            "created_at": kinds.created(),
            "updated_at": kinds.updated(),
            "name": kinds.unique_name("The service's name."),
            "retries": Integer("How often to try again after a failed connection.", between=(0, 32767), default=5),
            "protocol": String("How to talk to the upstream.", one_of=PROTOCOLS, default="http", required=True),
            "host": String(
                "The upstream's name or address, or the name of an upstream entity.", required=True, check=host_error
            ),
            "port": kinds.port("The upstream's port.", default=80, required=True),
            "path": String(
                "What every request's path is prefixed with.",
                starts_with="/",
                match_none=[("//", "must not have empty segments")],
                check=service_path_error,
            ),
            "connect_timeout": kinds.milliseconds("Milliseconds to wait for a connection."),
            "write_timeout": kinds.milliseconds("Milliseconds between two writes to the upstream."),
            "read_timeout": kinds.milliseconds("Milliseconds between two reads from the upstream."),
            "tags": kinds.tags(),
            "client_certificate": Foreign("The certificate to show to the upstream.", reference="certificates"),
            "tls_verify": Boolean("Whether to check the upstream's certificate."),
            "tls_verify_depth": Integer("How long a chain of certificates may be.", between=(0, 64), default=None),
            "ca_certificates": Array(
                "Ids of the authorities that the upstream's certificate may come from.",
                elements=String("The id of a ca_certificate.", uuid=True),
            ),
            "enabled": kinds.switch("Whether the service's routes match at all.", True),
        },
        checks=(
            Conditional("protocol", _NO_PATH, "path", _UNSET),
            Conditional("protocol", _NOT_TLS, "client_certificate", _UNSET),
            Conditional("protocol", _NOT_TLS, "tls_verify", _UNSET),
            Conditional("protocol", _NOT_TLS, "tls_verify_depth", _UNSET),
            Conditional("protocol", _NOT_TLS, "ca_certificates", _UNSET),
        ),
    ),
)
