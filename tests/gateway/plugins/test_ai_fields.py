from __future__ import annotations

from typing import Any

import pytest
from support.kong_schemas import checks, flat, kong_schema

from gateway.entities.plugins import clean_plugin, plugin_schema
from gateway.plugins._ai_fields import (
    AI_PROXY_CHECKS,
    ai_proxy_fields,
    body_limit,
    placeholder_error,
    provider_names,
    url_error,
)
from gateway.plugins._base import Plugin
from gateway.schema import describe

KONG = ("openai", "azure", "anthropic", "cohere", "mistral", "llama2", "gemini", "bedrock", "huggingface")
PARAMETERS = "all or none of these fields must be set: 'auth.param_name', 'auth.param_value', 'auth.param_location'"
OPENAI = {"provider": "openai", "name": "gpt-4o"}


class Proxy(Plugin):
    name = "ai-proxy"
    priority = 770
    fields = ai_proxy_fields()
    checks = AI_PROXY_CHECKS


REGISTRY: dict[str, type[Plugin]] = {"ai-proxy": Proxy}


def errors(config: dict[str, Any]) -> Any:
    return clean_plugin({"name": "ai-proxy", "config": config}, REGISTRY)[1]


def config_errors(**config: Any) -> Any:
    found = errors({"route_type": "llm/v1/chat", **config})
    return found["config"] if found else None


def model(provider: str, **options: Any) -> dict[str, Any]:
    return {"provider": provider, "name": "m-1", "options": options or None}


def test_kongs_providers_come_first_and_in_kongs_order() -> None:
    assert provider_names()[: len(KONG)] == KONG
    assert len(set(provider_names())) == len(provider_names())


def test_fields_types_and_bounds_are_kongs_and_choices_at_least_kongs() -> None:
    kong, ours = flat(kong_schema("plugin-ai-proxy")), flat(plugin_schema(Proxy))
    assert set(kong) <= set(ours)
    for path, theirs in kong.items():
        own = dict(ours[path])
        choices, theirs_choices = own.pop("one_of", []), theirs.pop("one_of", [])
        assert set(theirs_choices) <= set(choices), path
        assert own.get("required", False) == theirs.get("required", False), path
        own.pop("entity_checks", None)
        theirs.pop("entity_checks", None)
        assert own == theirs, path


def test_rules_are_kongs_and_more() -> None:
    kong = kong_schema("plugin-ai-proxy")
    config = next(field["config"] for field in kong["fields"] if "config" in field)
    assert set(checks(config)) <= set(checks(describe(Proxy.fields)))
    (first, *others), ours = kong["entity_checks"], plugin_schema(Proxy)["entity_checks"]
    assert [check for check in others if check not in ours] == []
    first["conditional"]["if_match"]["one_of"] = ["bedrock", "gemini", "cohere", "huggingface"]
    assert first in ours


@pytest.mark.parametrize(("given", "limit"), [(8192, 8 << 20), (8191, 8191), (8193, 8193), (1 << 30, 1 << 30)])
def test_kongs_default_body_limit_is_nobodys_choice(given: int, limit: int) -> None:
    assert body_limit({"max_request_body_size": given}) == limit


def test_no_body_limit() -> None:
    assert body_limit({"max_request_body_size": None}) > 1 << 40


def test_defaults() -> None:
    row, error = clean_plugin({"name": "ai-proxy", "config": {"route_type": "llm/v1/chat", "model": OPENAI}}, REGISTRY)
    assert error is None
    assert row["config"] == {
        "route_type": "llm/v1/chat",
        "auth": None,
        "model": {"provider": "openai", "name": "gpt-4o", "model_alias": None, "options": None},
        "logging": {"log_statistics": False, "log_payloads": False},
        "response_streaming": "allow",
        "max_request_body_size": 8192,
        "model_name_header": True,
        "llm_format": "openai",
    }
    config = clean_plugin(
        {"name": "ai-proxy", "config": {"route_type": "preserve", "model": model("openai", top_k=1)}}, REGISTRY
    )[0]["config"]
    assert config["model"]["options"]["azure_api_version"] == "2023-05-15"
    assert config["model"]["options"]["max_tokens"] is None


@pytest.mark.parametrize(
    ("config", "error"),
    [
        ({}, {"model": {"provider": "required field missing"}, "route_type": "required field missing"}),
        (
            {"route_type": "x", "model": {"provider": "openai", "foo": 1}, "zzz": 1},
            {
                "route_type": "expected one of: llm/v1/chat, llm/v1/completions, preserve, "
                "llm/v1/embeddings, llm/v1/responses",
                "model": {"foo": "unknown field"},
                "zzz": "unknown field",
            },
        ),
    ],
)
def test_what_is_missing_or_unknown(config: dict[str, Any], error: object) -> None:
    assert errors(config) == {"config": error}


@pytest.mark.parametrize(
    ("provider", "options", "texts"),
    [
        ("azure", {"azure_instance": "i"}, ["must set 'model.options.azure_deployment_id' for azure provider"]),
        ("azure", {"azure_instance": "i", "azure_deployment_id": "d"}, None),
        ("anthropic", {}, ["must set 'model.options.anthropic_version' for anthropic provider"]),
        (
            "azure",
            {},
            [
                "must set 'model.options.azure_instance' for azure provider",
                "must set 'model.options.azure_api_version' for azure provider",
                "must set 'model.options.azure_deployment_id' for azure provider",
            ],
        ),
        ("mistral", {}, ["must set 'model.options.mistral_format' for mistral provider"]),
        ("mistral", {"mistral_format": "openai"}, None),
        (
            "llama2",
            {},
            [
                "must set 'model.options.llama2_format' for llama2 provider",
                "must set 'model.options.upstream_url' for self-hosted providers/models",
            ],
        ),
        ("llama2", {"llama2_format": "ollama", "upstream_url": "http://n.test/api"}, None),
    ],
)
def test_what_providers_must_be_told(provider: str, options: dict[str, Any], texts: list[str] | None) -> None:
    assert config_errors(model=model(provider, **options)) == (None if texts is None else {"@entity": texts})


@pytest.mark.parametrize(
    ("auth", "error"),
    [
        ({"header_name": "Authorization", "header_value": "{vault://env/key}"}, None),
        ({"param_name": "k", "param_value": "v", "param_location": "query"}, None),
        (
            {"header_name": "a"},
            {"@entity": ["all or none of these fields must be set: 'auth.header_name', 'auth.header_value'"]},
        ),
        (
            {"param_name": "k", "param_value": "v"},
            {"@entity": [PARAMETERS]},
        ),
        (
            {"param_name": "k", "param_value": "v", "param_location": "x"},
            {"auth": {"param_location": "expected one of: query, body"}},
        ),
    ],
)
def test_credentials(auth: dict[str, Any], error: object) -> None:
    assert config_errors(model=OPENAI, auth=auth) == error


@pytest.mark.parametrize("provider", ["bedrock", "gemini"])
def test_signing_providers_take_no_clients_key(provider: str) -> None:
    refused = {
        "auth": {"allow_override": "value must be false"},
        "@entity": ["bedrock and gemini only support auth.allow_override = false"],
    }
    assert config_errors(model=model(provider), auth={"allow_override": True}) == refused
    assert config_errors(model=model(provider)) == refused  # as Kong: auth must be there
    assert config_errors(model=model(provider), auth={}) is None


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (
            {"temperature": 6, "top_p": 2, "top_k": -1, "max_tokens": "x", "input_cost": 0},
            {
                "temperature": "value should be between 0 and 5",
                "top_p": "value should be between 0 and 1",
                "top_k": "value should be between 0 and 500",
                "max_tokens": "expected an integer",
                "input_cost": "value must be greater than 0",
            },
        ),
        ({"upstream_url": "not a url"}, {"upstream_url": "missing host in url"}),
        (
            {"gemini": {"project_id": "p"}},
            {
                "gemini": {
                    "@entity": ["all or none of these fields must be set: 'api_endpoint', 'project_id', 'location_id'"]
                }
            },
        ),
    ],
)
def test_options(options: dict[str, Any], error: object) -> None:
    assert config_errors(model=model("openai", **options)) == {"model": {"options": error}}


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://n.test", None),
        ("HTTPS://n.test:8080/v1?x=1", None),
        ("http://[::1]:7999/v1", None),
        ("http://user@n.test", None),
        ("x", "missing host in url"),
        ("http://", "missing host in url"),
        ("http:///path", "missing host in url"),
        ("http://:80/", "missing host in url"),
        ("localhost:8080/v1", "missing host in url"),
        ("//n.test/v1", "missing scheme in url"),
        ("ftp://n.test", "unsupported scheme 'ftp' in url: use http or https"),
    ],
)
def test_urls(url: str, error: str | None) -> None:
    assert url_error(url) == error


@pytest.mark.parametrize("name", ["model", "MODEL", "your-model", "<model-name>", "MODEL_NAME", "CHANGEME"])
def test_a_placeholder_is_no_model(name: str) -> None:
    found = config_errors(model={"provider": "openai", "name": name})
    assert found == {
        "model": {"name": f"'{name}' is a placeholder: write the name of a model that the provider serves"}
    }


def test_an_empty_model_name_is_refused_and_none_is_not() -> None:
    assert config_errors(model={"provider": "openai", "name": ""}) == {"model": {"name": "length must be at least 1"}}
    assert config_errors(model={"provider": "openai"}) is None


@pytest.mark.parametrize("name", ["gpt-4o", "$(headers.x-model)", "models/gemini-2.0-flash", "model-router", "llama2"])
def test_models_names(name: str) -> None:
    assert placeholder_error(name) is None


def test_statistics_of_anthropic_completions() -> None:
    config = {
        "route_type": "llm/v1/completions",
        "model": model("anthropic", anthropic_version="2023-06-01"),
        "logging": {"log_statistics": True},
    }
    assert errors(config) == {
        "config": {"@entity": ["anthropic does not support statistics when route_type is llm/v1/completions"]}
    }


@pytest.mark.parametrize(
    ("config", "error"),
    [
        (
            {"route_type": "llm/v1/completions", "llm_format": "gemini", "model": model("gemini"), "auth": {}},
            {
                "config": {"route_type": "value must be llm/v1/chat"},
                "@entity": ["native provider options in llm_format can only be used with the 'llm/v1/chat' route_type"],
            },
        ),
        (
            {"route_type": "llm/v1/chat", "llm_format": "bedrock", "model": OPENAI},
            {
                "config": {"model": {"provider": "value must be bedrock"}},
                "@entity": ["native llm_format 'bedrock' can only be used with the 'bedrock' model.provider"],
            },
        ),
        ({"route_type": "llm/v1/chat", "llm_format": "anthropic", "model": OPENAI}, None),
    ],
)
def test_native_formats(config: dict[str, Any], error: object) -> None:
    assert errors(config) == error


def test_what_other_providers_of_the_folder_require_is_asked_for() -> None:
    from gateway.providers import providers

    for name, provider in providers().items():
        if name in KONG or not provider.required_options:
            continue
        found = config_errors(model=model(name))
        assert set(provider.required_options.values()) <= set(found["@entity"])


def test_no_secret_is_told_by_an_error() -> None:
    auth = {"header_name": "", "header_value": "canary", "param_value": ["canary"]}
    assert "canary" not in str(config_errors(model=OPENAI, auth=auth))
