"""Which heads and routes may go the short way the next time."""

from __future__ import annotations

from typing import Any

import pytest
from support.two_ways import TwoWays, answered, asked

LIMIT = {"name": "openai", "limit": [100], "window_size": [60]}
KEYED = {"consumers": [{"username": "ann", "keyauth_credentials": [{"key": "k", "ttl": 1_800_000_060}]}]}


def test_a_query_keeps_its_requests_on_the_general_way() -> None:
    ways = TwoWays(request=asked(target="/chat?a=b"))
    ways.sent(asked(target="/chat?a=b"))
    assert not ways.express.short
    ways.got(answered())


@pytest.mark.parametrize(
    "plugin",
    [
        {"name": "correlation-id", "config": {}},
        {"name": "response-transformer", "config": {"add": {"headers": ["X-A:b"]}}},
        {"name": "file-log", "config": {"path": "/dev/null"}},
        {"name": "rate-limiting", "config": {"minute": 100, "policy": "local"}},
        {"name": "ai-rate-limiting-advanced", "config": {"llm_providers": [{**LIMIT, "name": "requestPrompt"}]}},
    ],
    ids=lambda plugin: str(plugin["name"]),
)
def test_a_plugin_that_must_run_keeps_its_route_on_the_general_way(plugin: dict[str, Any]) -> None:
    ways = TwoWays(plugin)
    ways.express.send(asked())
    assert not ways.express.short


def test_a_key_that_runs_out_is_looked_at_each_time() -> None:
    request = asked(apikey="k")
    ways = TwoWays({"name": "key-auth", "config": {}}, request=request, more=KEYED)
    ways.sent(request)
    assert not ways.express.short
    ways.got(answered())
    for bench in ways.both:
        bench.runtime.pass_time(61)
    assert ways.sent(request) == b""
    assert ways.refused().startswith(b"HTTP/1.1 401 ")


def test_a_connection_that_closes_teaches_nothing() -> None:
    ways = TwoWays(request=asked(Connection="close"))
    assert all(bench.client_wire.closed for bench in ways.both)
    assert ways.express.serving.lanes is not None
    assert [lane for lane in ways.express.serving.lanes._lanes.values() if lane is not None] == []
