"""Certificates, the names they serve, authorities, and keys. Checked for their outer form only: whether a certificate
is valid and fits its key is found out where TLS contexts are made."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from typing import Any

from gateway.codec import decode
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
_KEY_TYPES = {"RSA": bytes.fromhex("06092a864886f70d010101"), "EC": bytes.fromhex("06072a8648ce3d0201")}
"""The object identifiers rsaEncryption and id-ecPublicKey, DER."""
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


def _key_type(certificate: str | None) -> str:
    """RSA or EC, told by the identifier that stands in front of the public key; "" when neither is sure."""
    found = decoded(certificate or "")
    kinds_found = [name for name, mark in _KEY_TYPES.items() if found and mark in found[0]]
    return kinds_found[0] if len(kinds_found) == 1 else ""


def _different_types(values: Mapping[str, Any]) -> str | None:
    first, second = _key_type(values.get("cert")), _key_type(values.get("cert_alt"))
    if not first or first != second:
        return None
    return (
        "certificate and alternative certificate need to have different type (e.g. RSA and ECDSA), "
        "the provided certificates were both of the same type"
    )


def _fitting_jwk(values: Mapping[str, Any]) -> str | None:
    given = values.get("jwk")
    if given is None or is_reference(given):
        return None
    try:
        jwk = decode(given.encode("utf-8", "surrogatepass"))
    except ValueError:
        jwk = None
    if not isinstance(jwk, dict):
        return "could not json decode jwk string"
    return None if jwk.get("kid") == values.get("kid") else "kid in jwk.kid must be equal to keys.kid"


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
        checks=(
            MutuallyRequired("cert_alt", "key_alt"),
            _pair("cert", "key"),
            _pair("cert_alt", "key_alt"),
            Custom(("cert", "cert_alt"), _different_types),
        ),
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
            "kid": String("The key's id in tokens.", required=True, schema={"unique": False}),
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
        checks=(
            MutuallyExclusive("pem", "jwk"),
            AtLeastOneOf("pem", "jwk"),
            Custom(("jwk", "pem", "kid"), _fitting_jwk),
        ),
    ),
)
