"""Signatures against the vectors that Amazon publishes for them."""

from __future__ import annotations

import pytest

from gateway.providers._sigv4 import Credentials, sign

KEYS = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
NOW = 1440938160.0  # 2015-08-30T12:36:00Z


def signed(method: str, url: str, body: bytes = b"", keys: Credentials = KEYS) -> dict[str, str]:
    return dict(sign(method, url, body, keys, "us-east-1", "service", NOW))


@pytest.mark.parametrize(
    ("method", "url", "signature"),
    [
        (
            "GET",
            "https://example.amazonaws.com/",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            "POST",
            "https://example.amazonaws.com/",
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        ),
        (
            "GET",
            "https://example.amazonaws.com/?Param2=value2&Param1=value1",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
    ],
)
def test_published_vectors(method: str, url: str, signature: str) -> None:
    lines = signed(method, url)
    assert lines["X-Amz-Date"] == "20150830T123600Z"
    assert lines["Authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        f"SignedHeaders=host;x-amz-date, Signature={signature}"
    )


def test_everything_that_matters_is_covered() -> None:
    base = signed("POST", "https://h/model/a%3A0/converse", b"{}")["Authorization"]
    assert base != signed("POST", "https://h/model/a%3A0/converse", b"{ }")["Authorization"]
    assert base != signed("POST", "https://h/model/a:0/converse", b"{}")["Authorization"]
    assert base != signed("PUT", "https://h/model/a%3A0/converse", b"{}")["Authorization"]
    assert base != signed("POST", "https://h2/model/a%3A0/converse", b"{}")["Authorization"]
    assert base == signed("POST", "https://h:443/model/a%3A0/converse", b"{}")["Authorization"]


def test_a_session_token_is_sent_and_signed() -> None:
    lines = signed("GET", "https://h/", keys=Credentials("AKIDEXAMPLE", "s", "token"))
    assert lines["X-Amz-Security-Token"] == "token"
    assert "host;x-amz-date;x-amz-security-token" in lines["Authorization"]


def test_credentials_never_show_their_secret() -> None:
    assert "wJalr" not in repr(KEYS) + str(KEYS)
