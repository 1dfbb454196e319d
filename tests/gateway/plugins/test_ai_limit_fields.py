"""The configuration of token limits: old and new spellings, and what is refused."""

from typing import Any

import pytest

from gateway.errors import ConfigError
from gateway.plugins._ai_limit_fields import limit_fields

FIELDS = limit_fields()


def entry(**changes: Any) -> dict[str, Any]:
    return {"name": "openai", "limit": [100], "window_size": [60], **changes}


def test_a_single_number_is_a_list_of_one() -> None:
    kept = FIELDS.validate({"llm_providers": [entry(limit=100, window_size=60.5)]})
    assert kept["llm_providers"] == [entry(window_size=[60.5])]


def test_defaults_are_kongs() -> None:
    kept = FIELDS.validate({"llm_providers": [entry()]})
    assert (kept["strategy"], kept["window_type"], kept["identifier"]) == ("local", "sliding", "consumer")
    assert (kept["tokens_count_strategy"], kept["error_code"], kept["redis"]["port"]) == ("total_tokens", 429, 6379)


@pytest.mark.parametrize(
    ("config", "where"),
    [
        ({}, "llm_providers: required field missing"),
        ({"llm_providers": []}, "llm_providers"),
        ({"llm_providers": [entry(name="acme")]}, "name: expected one of: openai"),
        ({"llm_providers": [entry(limit=0)]}, "limit"),
        ({"llm_providers": [entry(limit="100")]}, "limit"),
        ({"llm_providers": [entry(limit=[1, 2])]}, "same number of windows and limits"),
        ({"llm_providers": [entry()], "identifier": "header"}, "header_name"),
        ({"llm_providers": [entry()], "strategy": "memory"}, "strategy: expected one of: local, redis, cluster"),
        ({"llm_providers": [entry()], "limits": 1}, "limits: unknown field"),
        ({"llm_providers": [entry()], "sync_rate": 0.01}, "sync_rate: must be 0, -1 or at least 0.02 seconds"),
        ({"llm_providers": [entry()], "redis": {"sentinel_master": "m"}}, "all or none of these fields must be set"),
    ],
)
def test_what_is_wrong_is_named(config: dict[str, Any], where: str) -> None:
    with pytest.raises(ConfigError, match=where):
        FIELDS.validate(config)
