from __future__ import annotations

import hashlib
from typing import Any

import pytest

from gateway.entities import Config
from gateway.entities.catalogue import clean
from gateway.entities.credentials import CREDENTIALS, JWT_SECRETS, OAUTH2_CREDENTIALS

OWNER = "cccccccc-0000-4000-8000-000000000001"
CONSUMER: dict[str, Any] = {"id": OWNER, "username": "alice"}


def loaded(transform: bool | None = None, **credentials: Any) -> Config:
    envelope = {"_format_version": "3.0"} | ({} if transform is None else {"_transform": transform})
    return Config.from_declarative({**envelope, "consumers": [{**CONSUMER, **credentials}]})


def only(config: Config, kind: str) -> dict[str, Any]:
    (row,) = config.collections[kind].values()
    return dict(row)


@pytest.mark.parametrize("transform", [None, True])
def test_a_password_is_kept_as_its_hash(transform: bool | None) -> None:
    config = loaded(transform, basicauth_credentials=[{"username": "u", "password": "p"}])
    wanted = hashlib.sha1(("p" + OWNER).encode(), usedforsecurity=False).hexdigest()
    assert only(config, "basicauth_credentials")["password"] == wanted
    again = Config.from_declarative(config.render())
    assert again.collections == config.collections, "what was written is not hashed twice"


def test_a_hash_is_taken_as_it_is() -> None:
    config = loaded(False, basicauth_credentials=[{"username": "u", "password": "hash"}])
    assert only(config, "basicauth_credentials")["password"] == "hash"


def test_tokens_signed_by_a_key_pair_need_the_public_key() -> None:
    row = {"consumer": {"id": OWNER}, "algorithm": "RS256"}
    assert clean(JWT_SECRETS, row, {})[1] == {
        "rsa_public_key": "required field missing",
        "@entity": ["failed conditional validation given value of field 'algorithm'"],
    }
    assert clean(JWT_SECRETS, {**row, "rsa_public_key": "x"}, {})[1] is None
    assert clean(JWT_SECRETS, {**row, "algorithm": "HS512"}, {})[1] is None


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://x.test/", None),
        ("x", "cannot parse 'x'"),
        ("http://[", "cannot parse 'http://['"),
        ("http://x.test/#a", "fragment not allowed in 'http://x.test/#a'"),
    ],
)
def test_where_people_are_sent_back_to(url: str, error: str | None) -> None:
    row = {"consumer": {"id": OWNER}, "name": "app", "redirect_uris": [url]}
    found = clean(OAUTH2_CREDENTIALS, row, {})[1]
    assert found == (None if error is None else {"redirect_uris": [error]})


def test_a_secret_that_should_be_hashed_is_refused_rather_than_kept_in_clear() -> None:
    row = {"consumer": {"id": OWNER}, "name": "app", "hash_secret": True}
    found = clean(OAUTH2_CREDENTIALS, row, {})[1]
    assert isinstance(found, dict) and "not hashed here" in found["hash_secret"]


@pytest.mark.parametrize("kind", CREDENTIALS, ids=lambda kind: kind.name)
def test_what_is_secret_is_not_told(kind: Any) -> None:
    assert kind.secret
