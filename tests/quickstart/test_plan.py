"""The plan is a value: its paths follow from its words, and printing it shows no secret."""

from __future__ import annotations

from pathlib import Path

from quickstart.plan import DEFAULT_PORTS, LISTENERS, Plan, RoutePlan

ROUTE = RoutePlan("a-api_a-chat", "a-api", "a", "chat", "openai", "A", "m", "http://x:80/v1", "x")


def test_the_path_follows_from_its_words() -> None:
    assert ROUTE.path == "/a/chat"


def test_a_plan_shows_no_secret() -> None:
    plan = Plan((ROUTE,), "process", False, (), "127.0.0.1", DEFAULT_PORTS, Path("/x"), {"A": "Bearer canary"})
    assert "canary" not in repr(plan)


def test_every_listener_has_a_default_port() -> None:
    assert tuple(DEFAULT_PORTS) == LISTENERS
    assert len(set(DEFAULT_PORTS.values())) == len(LISTENERS)
