"""Databricks: a workspace's own address."""

from __future__ import annotations

from typing import Any

import pytest
from support.provider_checks import call

from gateway.providers import get
from gateway.providers._base import ProviderError

WORKSPACE: dict[str, Any] = {"databricks": {"workspace_instance_id": "dbc-1-2"}}


def test_where_it_is() -> None:
    url = get("databricks").url(call(**WORKSPACE))
    assert url == "https://dbc-1-2.cloud.databricks.com/serving-endpoints/v1/chat/completions"
    assert get("databricks").url(call(upstream_path="/x", **WORKSPACE)) == "https://dbc-1-2.cloud.databricks.com/x"
    assert get("databricks").url(call(upstream_url="http://h/x")) == "http://h/x"


def test_without_a_workspace_it_says_what_to_set() -> None:
    with pytest.raises(ProviderError, match="workspace_instance_id"):
        get("databricks").url(call())


def test_its_endpoints_are_its_models() -> None:
    assert get("databricks").models({"endpoints": [{"name": "llm"}, {}]}) == ["llm"]
