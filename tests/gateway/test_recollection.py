"""How a remembered request is told: in words and numbers, without what nobody may see."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gateway.recollection import Row, full, redacted, shown

CHAIN: Any = SimpleNamespace(plugins=[SimpleNamespace(name="key-auth", secret_names=frozenset({"x-secret"}))])
ROW = Row(
    ended=1_800_000_002.0,
    seconds=1.5,
    id=b"0123",
    method=b"POST",
    target=b"/chat?x-secret=canary&a=b",
    client="127.0.0.1",
    headers=[(b"X-Secret", b"canary"), (b"Cookie", b"canary"), (b"Accept", b"*/*")],
    received=10,
    route={"id": "r"},
    status=200,
    upstream_status=200,
    consumer={"username": None, "custom_id": "c", "id": "i"},
    sent_after=0.001,
    first_after=0.5,
    sent=20,
    provider=None,
    model=None,
    call=None,
    usage=None,
    cost=0.0,
    block=b"X-RateLimit-Remaining-minute: 9\r\nSet-Cookie: canary\r\n",
    error=None,
    aborted=False,
    chain=CHAIN,
    details=None,
)


def test_what_everybody_may_know() -> None:
    told = shown(ROW)
    assert (told["id"], told["ms"], told["started"], told["consumer"]) == ("0123", 1500.0, 1_800_000_000.5, "c")
    assert (told["forwarded_ms"], told["first_byte_ms"]) == (1.0, 500.0)
    assert told["limits"] == [["x-ratelimit-remaining-minute", "9"]]
    assert "canary" not in str(told)
    assert "provider" not in told and "prompt_tokens" not in told


def test_all_of_it_covers_keys_and_cookies() -> None:
    told = full(ROW)
    assert told["plugins"] == ["key-auth"]
    assert ["Accept", "*/*"] in told["request_headers"]
    assert "canary" not in str(told)


@pytest.mark.parametrize("moment", [-1.0, -0.001])
def test_what_never_happened_has_no_time(moment: float) -> None:
    assert shown(ROW._replace(sent_after=moment))["forwarded_ms"] is None


def test_names_are_compared_whatever_their_case() -> None:
    assert redacted([(b"X-SECRET", b"canary")], frozenset({"x-secret"})) == [["X-SECRET", "REDACTED"]]
