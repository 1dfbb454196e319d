"""Certificates, the names they serve, authorities, and keys. Checked for their outer form only: whether a certificate
is valid and fits its key is found out where TLS contexts are made."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from typing import Any

from gateway.entities import kinds
from gateway.entities.formats import sni_error
from gateway.entities.kinds import Entity, Kind
from gateway.schema import (
    Array,
    AtLeastOneOf,
    Custom,
    Field,
    Foreign,
    MutuallyExclusive,
    MutuallyRequired,
    Record,
    String,
    is_reference,
)

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)
_PRIVATE_KEY = re.compile(r"-----BEGIN ([A-Z]+ )?PRIVATE KEY-----.+-----END ([A-Z]+ )?PRIVATE KEY-----", re.DOTALL)


def decoded(certificate: str) -> list[bytes]:
    """The DER form of every certificate in a PEM text; [] when there is none that can be read."""
    found = []
    for body in _CERTIFICATE.findall(certificate):
        try:
            found.append(base64.b64decode("".join(body.split()), validate=True))
        except binascii.Error:
            return []
    return found


def _pair(cert: str, key: str) -> Custom:
    def function(values: Mapping[str, Any]) -> dict[str, Any] | None:
        found: dict[str, Any] = {}
        given, secret = values.get(cert), values.get(key)
        if given is not None and not is_reference(given) and not decoded(given):
            found[cert] = "invalid certificate: not a certificate in PEM form (-----BEGIN CERTIFICATE-----)"
        if secret is not None and not is_reference(secret) and not _PRIVATE_KEY.search(secret):
            found[key] = "invalid key: not a private key in PEM form (-----BEGIN PRIVATE KEY-----)"
        return found or None

    return Custom((cert, key), function)


def _one_authority(values: Mapping[str, Any]) -> dict[str, Any] | None:
    number = len(decoded(values.get("cert") or ""))
    if number == 1:
        return None
    return {"cert": "please submit only one certificate at a time" if number else "invalid certificate: not PEM"}


def _private(help: str, **more: Any) -> Field:
    return String(help, referenceable=True, encrypted=True, **more)


def _digested(authority: Entity) -> Entity:
    found = decoded(authority["cert"])
    return {**authority, "cert_digest": hashlib.sha256(found[0]).hexdigest() if found else None}


CERTIFICATES = Kind(
    name="certificates",
    singular="certificate",
    children={"snis": "certificate"},
    record=Record(
        "A certificate with its private key.",
        fields={
            "id": kinds.identifier(),
            "created_at": kinds.created(),
            "updated_at": kinds.updated(),
            "cert": String("The certificate chain, PEM.", referenceable=True, required=True),
            "key": _private("Its private key, PEM.", required=True),
            "cert_alt": String("A second chain, of the other key type.", referenceable=True),
            "key_alt": _private("The private key of the second chain."),
            "tags": kinds.tags(),
            "snis": Array(
                "Names to serve it for; each becomes an sni row.",
                elements=String("A name.", check=sni_error),
                schema={"transient": True},
            ),
        },
        checks=(MutuallyRequired("cert_alt", "key_alt"), _pair("cert", "key"), _pair("cert_alt", "key_alt")),
    ),
)

SNIS = Kind(
    name="snis",
    singular="sni",
    key="name",
    foreign={"certificate": "certificates"},
    record=Record(
        "A server name and the certificate to show for it.",
        fields={
            "id": kinds.identifier(),
            "name": String(
                "The name; may start or end with a * label.",
                unique=True,
                required=True,
                check=sni_error,
                schema={"unique_across_ws": True},
            ),
            "created_at": kinds.created(),
            "updated_at": kinds.updated(),
            "tags": kinds.tags(),
            "certificate": Foreign("What to show.", reference="certificates", required=True),
        },
    ),
)

CA_CERTIFICATES = Kind(
    name="ca_certificates",
    singular="ca_certificate",
    canonical=_digested,
    record=Record(
        "An authority whose certificates are trusted.",
        fields={
            "id": kinds.identifier(),
            "created_at": kinds.created(),
            "updated_at": kinds.updated(),
            "cert": String("The authority's certificate, PEM.", required=True),
            "cert_digest": String("Its SHA-256, in hexadecimal; computed.", unique=True),
            "tags": kinds.tags(),
        },
        checks=(Custom(("cert",), _one_authority),),
    ),
)

KEY_SETS = Kind(
    name="key_sets",
    singular="key_set",
    key="name",
    children={"keys": "set"},
    record=Record(
        "A named group of keys.",
        fields={
            "id": kinds.identifier(),
            "name": kinds.unique_name("The set's name."),
            "tags": kinds.tags(),
            "created_at": kinds.created(),
            "updated_at": kinds.updated(),
        },
    ),
)

KEYS = Kind(
    name="keys",
    singular="key",
    key="name",
    cache_key=("kid", "set"),
    foreign={"set": "key_sets"},
    record=Record(
        "A key that tokens are signed with.",
        fields={
            "id": kinds.identifier(),
            "set": Foreign("The set it belongs to.", reference="key_sets", on_delete="cascade"),
            "name": kinds.unique_name("The key's name."),
            "kid": String("The key's id in tokens.", required=True),
            "jwk": _private("The key as JSON Web Key."),
            "pem": Record(
                "The key in PEM form.",
                fields={
                    "private_key": _private("The private key."),
                    "public_key": String("The public key.", referenceable=True),
                },
                checks=(AtLeastOneOf("private_key", "public_key"),),
            ),
            "tags": kinds.tags(),
            "created_at": kinds.created(),
            "updated_at": kinds.updated(),
        },
        checks=(MutuallyExclusive("pem", "jwk"), AtLeastOneOf("pem", "jwk")),
    ),
)
