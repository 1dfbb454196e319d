from __future__ import annotations

import json

import pytest

from quickstart.konnect.refusals import is_certificate_limit, kind_of, own_words, refusal, unreachable

PROBLEM = {
    "status": 400, "title": "Invalid", "detail": "Invalid Parameters",
    "invalid_parameters": [{"field": "name", "reason": "is too long"}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (json.dumps(PROBLEM), "Invalid Parameters; name: is too long"),
        ('{"message":"Not found","status":404}', "Not found"),
        (
            '{"code":2,"message":"schema violation","fields":{"host":"required"}}',
            'schema violation; {"host": "required"}',
        ),
        ("<html>nginx</html>", ""),
        ("plain\n words \x1b[31m", "plain words ?[31m"),
        ("[]", ""),
        ("x" * 1000, "x" * 297 + "..."),
    ],
)
def test_what_an_error_answer_says(body: str, said: str) -> None:
    assert own_words(body.encode()) == said


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        (401, "Unauthorized", "token"), (401, "The token has expired", "expired"), (403, "", "permission"),
        (404, "", "missing"), (409, "", "conflict"), (429, "", "limit"), (500, "", "down"), (503, "", "down"),
        (400, "", "refused"),
    ],
)  # fmt: skip
def test_one_kind_per_cause_with_exit_code_6(status: int, words: str, kind: str) -> None:
    assert kind_of(status, words) == kind
    made = refusal(status, json.dumps({"detail": words}).encode(), "Looking", "eu")
    assert (made.kind, made.status, made.exit_code) == (kind, status, 6)
    assert "Looking" in made.message and made.hint and "eu" in made.message


def test_no_answer_is_passing_and_says_why() -> None:
    made = unreachable("Looking", "it refuses connections", "Try later.")
    assert made.passing and made.exit_code == 6 and "refuses connections" in made.message and made.hint == "Try later."
    assert not refusal(401, b"", "Looking", "eu").passing


@pytest.mark.parametrize(
    ("status", "words", "limit"),
    [(400, "the maximum number of certificates has been reached", True), (403, "quota exceeded", True),
     (400, "not a certificate", False), (500, "limit", False)],
)  # fmt: skip
def test_a_limit_of_certificates_is_told_by_words(status: int, words: str, limit: bool) -> None:
    body = json.dumps({"message": words}).encode()
    assert is_certificate_limit(refusal(status, body, "Pinning", "eu")) is limit
