"""A crash report helps whoever reads it and gives away no key."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from quickstart import crash

NOW = datetime(2026, 11, 22, 5, 6, 7, tzinfo=UTC)
CANARIES = ["sk-proj-canary0123456789", "sk-ant-canary01234567", "gsk_canary0123456789", "kpat_canary0123456789"]


def raised(text: str) -> Exception:
    try:
        raise ValueError(text)
    except ValueError as error:
        return error


@pytest.mark.parametrize("canary", CANARIES)
def test_keys_known_by_their_form(canary: str) -> None:
    text = crash.report(raised(f"bad value {canary!r}"), ["setup"], {}, [], NOW)
    assert canary not in text and "ValueError" in text and crash.REMOVED in text


def test_keys_known_by_their_place() -> None:
    environment = {"COHERE_API_KEY": "plainkey1", "MY_PASSWORD": "hunter22", "PATH": "/usr/bin"}
    text = crash.report(
        raised("plainkey1 hunter22 storedkey1 /usr/bin Authorization: Bearer whatever.x"),
        ["setup", "--key-file=openai=/x", "-y", "plainkey1"], environment, ["Bearer storedkey1"], NOW,
    )  # fmt: skip
    for secret in ("plainkey1", "hunter22", "storedkey1", "whatever.x", "openai=/x"):
        assert secret not in text
    assert "/usr/bin" in text
    assert "options: --key-file -y" in text


def test_long_opaque_words_go_too() -> None:
    assert "a1B2" * 12 not in crash.redact(f"key={'a1B2' * 12}", {})


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = crash.write(tmp_path / "state" / "ai-gateway", "text", NOW)
    assert path.name == "crash-20261122T050607Z.txt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == "text"


def test_passwords_in_addresses_are_taken_out() -> None:
    text = "HTTPS_PROXY=http://user:hunter2@proxy:3128 and https://token@host/x, but https://host/a@b stays"
    shown = crash.without_passwords(text)
    assert "hunter2" not in shown and "token" not in shown
    assert "@proxy:3128" in shown and "https://host/a@b stays" in shown
