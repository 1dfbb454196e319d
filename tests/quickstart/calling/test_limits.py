"""Whose limit a header tells: the gateway's and the providers' look alike."""

from __future__ import annotations

import pytest

from quickstart.calling.limits import Limit, after, limits, wait_of

BOTH = {
    "x-ai-ratelimit-limit-100-openai": "100", "x-ai-ratelimit-remaining-100-openai": "81",
    "x-ai-ratelimit-limit-minute-openai": "9000", "x-ai-ratelimit-remaining-minute-openai": "9000",
    "x-ratelimit-limit-minute": "5", "x-ratelimit-remaining-minute": "4", "ratelimit-remaining": "4",
    "x-ratelimit-limit-requests": "500", "x-ratelimit-remaining-requests": "499",
    "anthropic-ratelimit-input-tokens-limit": "80000", "anthropic-ratelimit-input-tokens-remaining": "20000",
}  # fmt: skip
GATEWAY = Limit("gateway", "tokens", 81, 100, "100 s")


def test_each_limit_has_its_owner_and_the_tightest_comes_first() -> None:
    assert limits(BOTH) == [
        Limit("gateway", "requests", 4, 5, "minute"),
        GATEWAY,
        Limit("gateway", "tokens", 9000, 9000, "minute"),
        Limit("provider", "input tokens", 20000, 80000),
        Limit("provider", "requests", 499, 500),
    ]


def test_nonsense_and_nothing_are_no_limits() -> None:
    assert limits({"x-ai-ratelimit-remaining-100-openai": "many", "x-ratelimit-limit-requests": "5"}) == []
    assert limits({}) == []


@pytest.mark.parametrize(
    ("strategy", "left"),
    [("total_tokens", 62), ("prompt_tokens", 74), ("completion_tokens", 69), ("cost", 81), ("", 81)],
)
def test_a_stream_is_counted_by_the_plugins_strategy(strategy: str, left: int) -> None:
    theirs = Limit("provider", "tokens", 5, 10)
    assert [limit.left for limit in after([GATEWAY, theirs], strategy, 7, 12)] == [left, 5]


def test_nothing_is_left_of_what_was_overrun() -> None:
    assert after([GATEWAY], "total_tokens", 17, 526)[0].left == 0


def test_only_the_gateways_own_refusal_says_how_long_to_wait() -> None:
    assert wait_of({"x-ai-ratelimit-retry-after": "64", "retry-after": "64"}) == 64
    assert wait_of({"ratelimit-reset": "9"}) == 9
    assert wait_of({"retry-after": "2", "x-ratelimit-remaining-requests": "0"}) is None
