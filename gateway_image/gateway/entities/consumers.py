"""Consumers, who calls, and their credentials."""

from __future__ import annotations

from gateway.entities import kinds
from gateway.entities.credentials import CREDENTIALS
from gateway.entities.kinds import Kind
from gateway.schema import AtLeastOneOf, Foreign, Record, String

_NESTED = ("plugins", "keyauth_credentials", "acls", *(kind.name for kind in CREDENTIALS))

CONSUMERS = Kind(
    name="consumers",
    singular="consumer",
    key="username",
    children=dict.fromkeys(_NESTED, "consumer"),
    record=Record(
        "Somebody, or some program, that calls the gateway.",
        fields={
            "id": kinds.identifier(),
            "created_at": kinds.created(),
            "updated_at": kinds.updated(),
            "username": String("The consumer's name.", unique=True),
            "custom_id": String("The consumer's name in another system.", unique=True),
            "tags": kinds.tags(),
        },
        checks=(AtLeastOneOf("custom_id", "username"),),
    ),
)

KEYAUTH_CREDENTIALS = Kind(
    name="keyauth_credentials",
    singular="keyauth_credential",
    key="key",
    cache_key=("key",),
    foreign={"consumer": "consumers"},
    generated=("key",),
    record=Record(
        "A key by which key-auth knows a consumer. With `ttl`, the seconds that it lives, it expires.",
        fields={
            "id": kinds.identifier(),
            "created_at": kinds.created(),
            "consumer": Foreign("Whose key it is.", reference="consumers", on_delete="cascade", required=True),
            "key": String("The key; generated when absent.", unique=True, auto=True, encrypted=True),
            "tags": kinds.tags(),
        },
    ),
)

ACLS = Kind(
    name="acls",
    singular="acl",
    cache_key=("consumer", "group"),
    foreign={"consumer": "consumers"},
    record=Record(
        "A group that a consumer is in.",
        fields={
            "id": kinds.identifier(),
            "created_at": kinds.created(),
            "consumer": Foreign("Who is in the group.", reference="consumers", on_delete="cascade", required=True),
            "group": String("The group's name.", required=True),
            "tags": kinds.tags(),
        },
    ),
)
