"""A configuration of two hundred entities of every kind that decK knows and this gateway has, as a decK file.

Not for: running decK (support/deck.py).
"""

from __future__ import annotations

from typing import Any

from support.certificates import Pair

Row = dict[str, Any]

PLUGINS: tuple[Row, ...] = (
    {
        "name": "ai-proxy",
        "config": {
            "route_type": "llm/v1/chat",
            "auth": {"header_name": "Authorization", "header_value": "Bearer x"},
            "model": {"provider": "openai", "name": "gpt-4o", "options": {"max_tokens": 5, "temperature": 0.5}},
        },
    },
    {"name": "key-auth", "config": {"key_names": ["apikey"]}},
    {"name": "acl", "config": {"allow": ["staff"]}},
    {"name": "rate-limiting", "config": {"minute": 5, "policy": "local"}},
    {"name": "request-transformer", "config": {"add": {"headers": ["x-a:1"]}}},
    {"name": "response-transformer", "config": {"remove": {"headers": ["x-b"]}}},
    {"name": "cors", "config": {"origins": ["https://app.test"]}},
    {"name": "correlation-id", "config": {}},
    {"name": "ai-prompt-guard", "config": {"deny_patterns": ["secret"]}},
    {"name": "ai-prompt-decorator", "config": {"prompts": {"prepend": [{"role": "system", "content": "Be brief."}]}}},
    {
        "name": "ai-prompt-template",
        "config": {"templates": [{"name": "t", "template": '{"messages": [{"role": "user", "content": "{{q}}"}]}'}]},
    },
    {"name": "ip-restriction", "config": {"allow": ["127.0.0.1", "10.0.0.0/8"]}},
    {"name": "request-size-limiting", "config": {"allowed_payload_size": 12}},
    {"name": "request-termination", "config": {"status_code": 503, "message": "Soon."}},
    {"name": "http-log", "config": {"http_endpoint": "http://127.0.0.1:9/log", "headers": {"x-log": "1"}}},
    {"name": "file-log", "config": {"path": "/dev/null"}},
    {"name": "opentelemetry", "config": {"endpoint": "http://127.0.0.1:9/v1/traces"}},
)


def document(server: Pair, authority: Pair) -> Row:
    """The file's content. `server` and `authority` become a certificate with two SNIs and a CA certificate."""
    return {
        "_format_version": "3.0",
        "services": [_service(number) for number in range(30)],
        "consumers": [_consumer(number) for number in range(20)],
        "upstreams": [_upstream(number) for number in range(6)],
        "plugins": [{"name": "prometheus", "config": {"per_consumer": True}, "tags": ["everywhere"]}],
        "vaults": [{"name": "env", "prefix": "mine", "description": "of the tests", "config": {"prefix": "X_"}}],
        "certificates": [
            {
                "id": "11111111-1111-4111-8111-111111111111",
                "cert": server.certificate.read_text().strip(),
                "key": server.key.read_text().strip(),
                "snis": [{"name": "one.test"}, {"name": "*.two.test"}],
                "tags": ["tls"],
            }
        ],
        "ca_certificates": [
            {"id": "22222222-2222-4222-8222-222222222222", "cert": authority.certificate.read_text().strip()}
        ],
    }


def count(value: Any) -> int:
    """How many entities a document has: every row of every list of rows outside configurations."""
    if isinstance(value, list):
        return sum(count(inner) for inner in value)
    if not isinstance(value, dict):
        return 0
    inside = sum(count(inner) for name, inner in value.items() if name not in ("config", "healthchecks", "headers"))
    return inside + ("_format_version" not in value)


def _service(number: int) -> Row:
    routes: list[Row] = [
        {"name": f"r{number}-0", "paths": [f"/s{number}", f"~/re{number}/(?<x>[0-9]+)$"], "methods": ["GET", "POST"]},
        {
            "name": f"r{number}-1",
            "hosts": [f"s{number}.test", "*.s.test"],
            "headers": {"x-version": ["1", "2"]},
            "tags": ["by-host"],
        },
    ]
    routes[0]["plugins"] = [{**PLUGINS[number % len(PLUGINS)], "tags": ["of-route"]}]
    row: Row = {
        "name": f"s{number}",
        "url": f"https://s{number}.test/v{number}",
        "tags": ["file"],
        "routes": routes,
    }
    if number % 5 == 0:
        row["plugins"] = [{"name": "key-auth", "instance_name": f"keys-of-s{number}", "config": {"key_names": ["k"]}}]
    return row


def _consumer(number: int) -> Row:
    row: Row = {
        "username": f"c{number}",
        "custom_id": f"id-{number}",
        "keyauth_credentials": [{"key": f"key-of-{number}", "tags": ["keys"]}],
    }
    if number % 3 == 0:
        row["acls"] = [{"group": "staff"}]
    if number % 10 == 0:
        row["plugins"] = [{"name": "rate-limiting", "config": {"hour": 100 + number, "policy": "local"}}]
    return row


def _upstream(number: int) -> Row:
    row: Row = {"name": f"u{number}.test", "targets": []}
    row["targets"] = [{"target": f"10.0.{number}.{inner}:80", "weight": 10 * inner} for inner in range(3)]
    if number % 2:
        row |= {"algorithm": "consistent-hashing", "hash_on": "header", "hash_on_header": "x-who"}
        row["healthchecks"] = {"active": {"http_path": "/up", "healthy": {"interval": 5}}}
    return row
