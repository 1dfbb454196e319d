"""Azure OpenAI: deployments, versions and the newer paths."""

from __future__ import annotations

from typing import Any

import pytest
from support.kong_cases import asked, path, sent
from support.provider_checks import USER, call

from gateway.providers import get
from gateway.providers._base import COMPLETIONS, PRESERVE, ProviderError

INSTANCE: dict[str, Any] = {"azure_instance": "inst1", "azure_deployment_id": "d1"}
V1: dict[str, Any] = {**INSTANCE, "upstream_url": "https://inst1.openai.azure.com/openai/v1/chat/completions"}


def test_as_kong_sends() -> None:
    url = "http://127.0.0.1:8911/openai/deployments/d1/chat/completions"
    made = call("gpt-4o-mini", upstream_url=url, **INSTANCE)
    assert get("azure").request(asked("azure chat"), made) == sent("azure chat")
    assert get("azure").url(made) == "http://127.0.0.1:8911" + path("azure chat")


@pytest.mark.parametrize(
    ("options", "route", "url"),
    [
        (
            INSTANCE,
            "llm/v1/chat",
            "https://inst1.openai.azure.com/openai/deployments/d1/chat/completions?api-version=2023-05-15",
        ),
        (
            {**INSTANCE, "azure_deployment_id": "a/b c", "azure_api_version": "2024-10-21"},
            COMPLETIONS,
            "https://inst1.openai.azure.com/openai/deployments/a%2Fb%20c/completions?api-version=2024-10-21",
        ),
        ({**INSTANCE, "upstream_path": "/x"}, "llm/v1/chat", "https://inst1.openai.azure.com/x?api-version=2023-05-15"),
        (INSTANCE, PRESERVE, "https://inst1.openai.azure.com?api-version=2023-05-15"),
        (V1, "llm/v1/chat", V1["upstream_url"]),
        (
            {**INSTANCE, "upstream_url": "http://h/x?api-version=9"},
            "llm/v1/chat",
            "http://h/x?api-version=9",
        ),
        ({**INSTANCE, "upstream_url": "http://h/x?a=b"}, "llm/v1/chat", "http://h/x?a=b&api-version=2023-05-15"),
    ],
)
def test_urls(options: dict[str, Any], route: str, url: str) -> None:
    assert get("azure").url(call("m", route, **options)) == url


def test_what_is_missing_is_said() -> None:
    with pytest.raises(ProviderError, match=r"must set 'model.options.azure_instance' for azure provider"):
        get("azure").url(call("m"))
    with pytest.raises(ProviderError, match=r"must set 'model.options.azure_deployment_id' for azure provider"):
        get("azure").url(call("m", azure_instance="i"))


@pytest.mark.parametrize(
    ("options", "asks"),
    [
        (INSTANCE, False),
        ({**INSTANCE, "azure_api_version": "2024-06-01"}, False),
        ({**INSTANCE, "azure_api_version": "2024-10-21"}, True),
        (V1, True),
    ],
)
def test_usage_is_only_asked_of_versions_that_know_the_option(options: dict[str, Any], asks: bool) -> None:
    made = call("m", stream=True, **options)
    assert get("azure").asks_usage(made) is asks
    body = {"messages": [USER], "stream_options": {"include_usage": True}}
    assert ("stream_options" in get("azure").request(body, made)) is asks


@pytest.mark.parametrize(
    ("status", "code", "text", "kind"),
    [
        (401, "401", "Access denied due to invalid subscription key or wrong API endpoint.", "invalid_key"),
        (404, "DeploymentNotFound", "The API deployment for this resource does not exist.", "model_not_found"),
        (429, "429", "Please retry after 6 seconds", "rate_limited"),
        (400, "content_filter", "The response was filtered", "bad_request"),
    ],
)
def test_refusals(status: int, code: str, text: str, kind: str) -> None:
    body = f'{{"error":{{"code":"{code}","message":"{text}"}}}}'.encode()
    assert get("azure").diagnose(status, body).kind == kind
