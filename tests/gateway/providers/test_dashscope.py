"""Alibaba DashScope: its own facts."""

from __future__ import annotations

from typing import Any

from support.provider_checks import call

from gateway.providers import get


def test_where_it_is() -> None:
    provider = get("dashscope")
    assert provider.title == "Alibaba DashScope"
    assert provider.url(call()) == "https://dashscope-intl.aliyuncs.com/compatible-mode/v1/chat/completions"
    assert provider.passes(call())
    assert provider.key_prefixes == ()


def test_the_chinese_address() -> None:
    chinese: dict[str, Any] = {"dashscope": {"international": False}}
    url = get("dashscope").url(call(**chinese))
    assert url == "https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions"
    assert get("dashscope").url(call(dashscope={"international": True})).startswith("https://dashscope-intl.")
    assert get("dashscope").url(call(upstream_url="http://h/x", **chinese)) == "http://h/x"
