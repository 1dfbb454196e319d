"""All kinds of entities by name, and how a row of any kind is checked. Not for: rules between rows (declarative.py)."""

from __future__ import annotations

from typing import Any

from gateway.entities.certificates import CA_CERTIFICATES, CERTIFICATES, KEY_SETS, KEYS, SNIS
from gateway.entities.consumers import ACLS, CONSUMERS, KEYAUTH_CREDENTIALS
from gateway.entities.credentials import CREDENTIALS
from gateway.entities.kinds import Kind
from gateway.entities.plugins import PLUGINS, Registry, clean_plugin
from gateway.entities.routes import ROUTES
from gateway.entities.services import SERVICES
from gateway.entities.upstreams import TARGETS, UPSTREAMS
from gateway.entities.vaults import VAULTS
from gateway.errors import ConfigError
from gateway.schema import Error, Foreign

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        *(CERTIFICATES, CA_CERTIFICATES, SNIS, KEY_SETS, KEYS, VAULTS, UPSTREAMS, TARGETS),
        *(SERVICES, ROUTES, CONSUMERS, KEYAUTH_CREDENTIALS, ACLS, *CREDENTIALS, PLUGINS),
    )
}
"""In an order in which every kind stands after the kinds that it refers to."""

for _kind in KINDS.values():
    for _field in _kind.record.fields.values():
        if isinstance(_field, Foreign):
            _field.known = frozenset(KINDS[_field.reference].record.fields)


def clean(kind: Kind, row: Any, registry: Registry) -> tuple[Any, Error | None]:
    """A row with its defaults and what is wrong with it; foreign keys as {"id": uuid}."""
    cleaned, error = clean_plugin(row, registry) if kind is KINDS["plugins"] else kind.record.clean(row)
    if error is None and kind.canonical is not None:
        cleaned = kind.canonical(cleaned)
    return cleaned, error


def validate(kind: str, row: Any, registry: Registry) -> dict[str, Any]:
    """One row, checked by itself. Raises ConfigError with every wrong field (what POST /schemas/KIND/validate says)."""
    cleaned, error = clean(KINDS[kind], row, registry)
    if error is None:
        return dict(cleaned)
    raise ConfigError(error if isinstance(error, dict) else {"@entity": [error]})
