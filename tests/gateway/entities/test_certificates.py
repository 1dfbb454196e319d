from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from gateway.entities.catalogue import clean
from gateway.entities.certificates import CA_CERTIFICATES, CERTIFICATES, KEYS, decoded

DER = b"0\x82 not really a certificate, but its outer form is right"


def pem(kind: str, content: bytes = DER) -> str:
    body = base64.encodebytes(content).decode()
    return f"-----BEGIN {kind}-----\n{body}-----END {kind}-----\n"


CERT, KEY = pem("CERTIFICATE"), pem("RSA PRIVATE KEY")


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ({"cert": CERT, "key": KEY}, []),
        ({"cert": CERT, "key": pem("PRIVATE KEY")}, []),
        ({"cert": "{vault://env/cert}", "key": "{vault://env/key}"}, []),
        ({"cert": "x", "key": "y"}, ["cert", "key"]),
        ({"cert": CERT}, ["key"]),
        ({"cert": CERT, "key": KEY, "cert_alt": CERT}, ["@entity"]),
        ({"cert": CERT, "key": KEY, "snis": ["a.test", "1.2.3.4"]}, ["snis"]),
    ],
)
def test_certificates(row: dict[str, Any], wrong: list[str]) -> None:
    error = CERTIFICATES.record.clean(row)[1]
    assert sorted(error or {}) == wrong


RSA, EC = (pem("CERTIFICATE", DER + bytes.fromhex(mark)) for mark in ("06092a864886f70d010101", "06072a8648ce3d0201"))


@pytest.mark.parametrize(("second", "fine"), [(EC, True), (RSA, False), (CERT, True), ("{vault://env/x}", True)])
def test_a_second_chain_is_of_the_other_key_type(second: str, fine: bool) -> None:
    error = CERTIFICATES.record.clean({"cert": RSA, "key": KEY, "cert_alt": second, "key_alt": KEY})[1]
    assert (error is None) == fine
    if not fine:
        assert isinstance(error, dict) and "need to have different type" in error["@entity"][0]


def test_no_error_tells_a_private_key() -> None:
    error = CERTIFICATES.record.clean({"cert": CERT, "key": "canary-key"})[1]
    assert "canary" not in str(error)


def test_authorities_are_known_by_their_digest() -> None:
    row, error = clean(CA_CERTIFICATES, {"cert": CERT}, {})
    assert error is None
    assert row["cert_digest"] == hashlib.sha256(DER).hexdigest()


@pytest.mark.parametrize(
    ("cert", "text"),
    [(CERT + CERT, "please submit only one certificate at a time"), ("x", "invalid certificate: not PEM")],
)
def test_authorities_come_one_at_a_time(cert: str, text: str) -> None:
    assert clean(CA_CERTIFICATES, {"cert": cert}, {})[1] == {"cert": text}


def test_pem_is_taken_apart() -> None:
    assert decoded(CERT + "\n" + CERT) == [DER, DER]
    assert decoded("-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----") == []
    assert decoded("") == []


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({"kid": "1", "jwk": '{"kid":"1"}'}, None),
        ({"kid": "1", "jwk": "{vault://env/jwk}"}, None),
        ({"kid": "1", "jwk": "{}"}, {"@entity": ["kid in jwk.kid must be equal to keys.kid"]}),
        ({"kid": "1", "jwk": "["}, {"@entity": ["could not json decode jwk string"]}),
        ({"kid": "1", "pem": {"public_key": "x"}}, None),
        ({"kid": "1"}, {"@entity": ["at least one of these fields must be non-empty: 'pem', 'jwk'"]}),
        (
            {"kid": "1", "jwk": '{"kid":"1"}', "pem": {"public_key": "x"}},
            {"@entity": ["only one or none of these fields must be set: 'pem', 'jwk'"]},
        ),
    ],
)
def test_keys_come_in_one_form(row: dict[str, Any], error: object) -> None:
    assert KEYS.record.clean(row)[1] == error
