"""No file but the secrets file ever holds a secret, wherever somebody typed it."""

from __future__ import annotations

import pytest
from support.reconciling import SMALL, edited, row_called, small

from quickstart.errors import EnvironmentProblem
from quickstart.reconcile import deck_file
from quickstart.reconcile.rows import read
from quickstart.reconcile.sealing import opened, references, sealed

TYPED = "Bearer sk-canary-typed"
WITH_KEY = SMALL + "consumers:\n- username: ann\n  keyauth_credentials:\n  - key: sk-canary-ann\n"


def test_a_key_in_clear_becomes_a_reference_and_a_secret() -> None:
    rows = edited(small(), "plugins", "ai-proxy", config__auth__header_value=TYPED)
    clean, secrets = sealed(rows, {})
    [(name, value)] = secrets.items()
    assert value == TYPED and name.startswith("KEPT_AI_PROXY_ON_OPENAI_CHAT_HEADER_VALUE_")
    assert "canary" not in deck_file.text(clean) and name in references(deck_file.text(clean))
    assert sealed(clean, secrets) == (clean, {})
    assert row_called(opened(clean, secrets), "plugins", "ai-proxy") == row_called(clean, "plugins", "ai-proxy")


def test_a_value_that_is_known_gets_the_name_it_has() -> None:
    rows = edited(small(), "plugins", "ai-proxy", config__auth__header_value=TYPED)
    clean, secrets = sealed(rows, {"OPENAI_AUTH_HEADER": TYPED})
    assert (clean, secrets) == (small(), {})


def test_references_of_any_vault_stay() -> None:
    for value in ("{vault://env/x}", "{vault://mine/x}"):
        rows = edited(small(), "plugins", "ai-proxy", config__auth__header_value=value)
        assert sealed(rows, {}) == (rows, {})


def test_a_credential_is_a_reference_in_files_and_a_value_for_the_gateway() -> None:
    rows = read(WITH_KEY, "a file")
    clean, secrets = sealed(rows, {})
    text = deck_file.text(clean)
    assert "canary" not in text and list(secrets.values()) == ["sk-canary-ann"]
    assert opened(read(text, "written"), secrets) == rows
    with pytest.raises(EnvironmentProblem, match="needs KEPT_KEYAUTH_CREDENTIAL_OF_ANN_KEY_"):
        opened(clean, {})


def test_two_secrets_never_share_a_name() -> None:
    more = WITH_KEY + "  - key: sk-canary-ann-2\n"
    _, secrets = sealed(read(more, "a file"), {})
    assert sorted(secrets.values()) == ["sk-canary-ann", "sk-canary-ann-2"]


def test_names_of_references() -> None:
    assert references("a {vault://env/openai-auth-header} b {vault://env/x-y/key}") == {"OPENAI_AUTH_HEADER", "X_Y"}
