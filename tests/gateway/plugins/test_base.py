"""Phases cost nothing where a plugin has none."""

from gateway.plugins._base import Plugin, takes_part
from gateway.plugins.ai_proxy import AiProxy
from gateway.plugins.ai_rate_limiting_advanced import AiRateLimitingAdvanced


def test_only_own_methods_take_part() -> None:
    proxy, limits = object.__new__(AiProxy), object.__new__(AiRateLimitingAdvanced)
    phases = ("access", "header_filter", "body_filter", "log")
    assert [phase for phase in phases if takes_part(proxy, phase)] == ["access", "body_filter"]
    proxy.idle = ("body_filter",)
    assert [phase for phase in phases if takes_part(proxy, phase)] == ["access"]
    assert [phase for phase in phases if takes_part(limits, phase)] == ["access", "log"]
    assert [phase for phase in phases if takes_part(object.__new__(Plugin), phase)] == []
