"""Credentials of consumers for basic-auth, jwt, hmac-auth and oauth2. Those plugins are not here: the rows are kept and
given back, so that a configuration of Kong's comes in and goes out whole, and nobody is let in by them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from urllib.parse import urlsplit

from gateway.entities import kinds
from gateway.entities.kinds import Entity, Kind
from gateway.schema import Array, Boolean, Check, Conditional, Field, Foreign, Match, Record, String

_SHARED_SECRET = ("HS256", "HS384", "HS512")
_KEY_PAIR = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA")


def _digest(row: Entity) -> Entity:
    """Kong's form of a password: SHA-1 of it and the consumer's id, in hexadecimal."""
    owner = row["consumer"]["id"] if row["consumer"] else ""
    salted = (row["password"] + owner).encode("utf-8", "surrogatepass")
    return {**row, "password": hashlib.sha1(salted, usedforsecurity=False).hexdigest()}


def _redirect_error(value: str) -> str | None:
    try:
        parts = urlsplit(value)
        host = parts.hostname
    except ValueError:
        host = None
    if not host:
        return f"cannot parse '{value}'"
    return f"fragment not allowed in '{value}'" if parts.fragment else None


def _not_hashed(value: bool) -> str | None:
    return "secrets are not hashed here: write false" if value else None


def _kept(
    name: str,
    key: str,
    about: str,
    fields: dict[str, Field],
    checks: tuple[Check, ...] = (),
    generated: tuple[str, ...] = (),
    one_way: tuple[str, Callable[[Entity], Entity]] | None = None,
) -> Kind:
    """A kind of credential that a consumer has; `key` is what it is known by."""
    whose = Foreign("Whose it is.", reference="consumers", on_delete="cascade", required=True)
    shared = {"id": kinds.identifier(), "created_at": kinds.created(), "consumer": whose}
    return Kind(
        name=name,
        singular=name.removesuffix("s"),
        key=key,
        cache_key=(key,),
        foreign={"consumer": "consumers"},
        generated=generated,
        one_way=one_way,
        record=Record(
            f"{about} Kept for files of Kong's; no plugin here asks for it.",
            fields={**shared, **fields, "tags": kinds.tags()},
            checks=checks,
        ),
    )


BASICAUTH_CREDENTIALS = _kept(
    "basicauth_credentials",
    "username",
    "A name and password for basic-auth.",
    {
        "username": String("The name.", required=True, unique=True),
        "password": String("The password; only its hash is kept.", required=True, encrypted=True),
    },
    one_way=("password", _digest),
)

JWT_SECRETS = _kept(
    "jwt_secrets",
    "key",
    "What a token is signed with, for jwt.",
    {
        "key": String("What a token names it by; generated when absent.", unique=True, auto=True),
        "secret": String("The shared secret; generated when absent.", auto=True, encrypted=True),
        "rsa_public_key": String("The public key, PEM."),
        "algorithm": String("How tokens are signed.", default="HS256", one_of=(*_SHARED_SECRET, *_KEY_PAIR)),
    },
    checks=(Conditional("algorithm", Match(one_of=_KEY_PAIR), "rsa_public_key", Match(required=True)),),
    generated=("key", "secret"),
)

HMACAUTH_CREDENTIALS = _kept(
    "hmacauth_credentials",
    "username",
    "A name and a secret for hmac-auth.",
    {
        "username": String("The name.", required=True, unique=True),
        "secret": String("The secret; generated when absent.", auto=True, encrypted=True),
    },
    generated=("secret",),
)

OAUTH2_CREDENTIALS = _kept(
    "oauth2_credentials",
    "client_id",
    "A program that oauth2 knows.",
    {
        "name": String("What it is called.", required=True),
        "client_id": String("Its id; generated when absent.", unique=True, auto=True),
        "client_secret": String("Its secret; generated when absent.", auto=True, encrypted=True),
        "hash_secret": Boolean("Only false.", default=False, required=True, check=_not_hashed),
        "redirect_uris": Array("Where it may send people back to.", elements=String("A URL.", check=_redirect_error)),
        "client_type": String(
            "Whether it can keep a secret.", default="confidential", required=True, one_of=("confidential", "public")
        ),
    },
    generated=("client_id", "client_secret"),
)

CREDENTIALS = (BASICAUTH_CREDENTIALS, JWT_SECRETS, HMACAUTH_CREDENTIALS, OAUTH2_CREDENTIALS)
