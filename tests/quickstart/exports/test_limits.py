"""Limits of one node made limits of all."""

from __future__ import annotations

import copy

from support.exported import edited

from quickstart.exports._limits import counting_alone, shared_through


def test_every_limit_that_counts_alone_is_pointed_at_redis() -> None:
    document, changed = shared_through(copy.deepcopy(edited()), "counts.test")
    assert changed == ["ai-rate-limiting-advanced", "rate-limiting"]
    assert counting_alone(document) == []
    openai = next(service for service in document["services"] if service["name"] == "openai-api")
    assert openai["plugins"][0]["config"]["strategy"] == "redis"
    assert openai["plugins"][0]["config"]["redis"] == {"host": "counts.test", "port": 6379}


def test_a_redis_that_somebody_named_stays() -> None:
    config = {"policy": "redis", "minute": 1, "redis": {"host": "mine"}}
    document = {"plugins": [{"name": "rate-limiting", "config": config}]}
    assert shared_through(copy.deepcopy(document), "other") == (document, [])
