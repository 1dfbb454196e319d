"""The configuration fields that the AI plugins share: which provider, model, key, and what to log. The list of
providers and what each must be told come from the providers' folder. Not for: what is done with any of it.

Names, types, bounds and texts are Kong's (ai-proxy 3.9, with fields of later versions that this gateway follows).
Deviations on purpose: Kong's default of 8192 bytes for a body is no limit that anybody chose, a placeholder for a
model's name is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.headers import line_error
from gateway.schema import (
    Boolean,
    Check,
    Conditional,
    ConditionalAtLeastOneOf,
    Custom,
    Field,
    Integer,
    Match,
    MutuallyRequired,
    Number,
    Record,
    String,
    read,
)

ROUTE_TYPES = ("llm/v1/chat", "llm/v1/completions", "preserve", "llm/v1/embeddings", "llm/v1/responses")
NATIVE_FORMATS = ("bedrock", "gemini", "cohere", "huggingface")
LLM_FORMATS = ("openai", *NATIVE_FORMATS, "anthropic")
KONGS_BODY_SIZE = 8192
"""Kong's default. It stands in every dump of a Kong and decK writes it where nobody chose anything, but hardly a chat
fits into it; so it is read as no choice."""
USUAL_BODY_SIZE = 8 << 20
"""The limit, in bytes, where nobody chose one."""
# What Kong knows comes first, in Kong's order, so that its texts stay the same; then the others of the folder.
_KONG_PROVIDERS = ("openai", "azure", "anthropic", "cohere", "mistral", "llama2", "gemini", "bedrock", "huggingface")
_KONG_RULES = (
    ("llama2", "llama2_format", "must set %s for llama2 provider"),
    ("mistral", "mistral_format", "must set %s for mistral provider"),
    ("anthropic", "anthropic_version", "must set %s for anthropic provider"),
    ("azure", "azure_instance", "must set %s for azure provider"),
    ("azure", "azure_api_version", "must set %s for azure provider"),
    ("azure", "azure_deployment_id", "must set %s for azure provider"),
    ("llama2", "upstream_url", "must set %s for self-hosted providers/models"),
)
_PLACEHOLDERS = ("", "model", "modelname", "yourmodel", "yourmodelname", "changeme", "placeholder")


def provider_names() -> tuple[str, ...]:
    """The words that model.provider may be: those of the folder."""
    from gateway.providers import providers  # late: the folder is read when it is first needed

    known = tuple(name for name in _KONG_PROVIDERS if name in providers())
    return known + tuple(name for name in providers() if name not in known)


def url_error(value: str) -> str | None:
    """A URL to send to; a template, $(headers.x), is not judged before it is filled in."""
    broken = line_error(value)
    if broken is not None:
        return broken
    scheme, mark, rest = value.partition("://")
    if not mark:
        scheme, rest = "", value.removeprefix("//") if value.startswith("//") else ""
    host = rest.partition("/")[0].rpartition("@")[2]
    if not host or host.startswith(":"):
        return "missing host in url"
    if not scheme:
        return "missing scheme in url"
    return None if scheme.lower() in ("http", "https") else f"unsupported scheme '{scheme}' in url: use http or https"


def placeholder_error(name: str) -> str | None:
    """A model's name that nobody serves, because an example was copied as it stood."""
    if "".join(letter for letter in name.lower() if letter.isalnum()) in _PLACEHOLDERS:
        return f"'{name}' is a placeholder: write the name of a model that the provider serves"
    return None


def auth_fields() -> dict[str, Field]:
    """Of `auth`: how the key goes to the provider."""
    return {
        "header_name": String("The header that carries the key.", check=line_error, referenceable=True),
        "header_value": _secret("The whole value of that header, such as 'Bearer ' and the key."),
        "param_name": String("The query or body parameter that carries the key.", referenceable=True),
        "param_value": _secret("The value of that parameter."),
        "param_location": String("Where the parameter goes.", one_of=("query", "body")),
        "gcp_use_service_account": Boolean("Whether to sign in to Google with a service account.", default=False),
        "gcp_service_account_json": String(
            "The service account's JSON; without it the environment variable GCP_SERVICE_ACCOUNT.", referenceable=True
        ),
        "aws_access_key_id": _secret("The AWS access key id; without it the environment variable AWS_ACCESS_KEY_ID."),
        "aws_secret_access_key": _secret("The AWS secret; without it the variable AWS_SECRET_ACCESS_KEY."),
        "allow_override": Boolean("Whether a client's own Authorization header is used instead.", default=False),
    }


def option_fields() -> dict[str, Field]:
    """Of `model.options`: tuning, prices, and what single providers want to know."""
    return {
        "max_tokens": Integer("The most tokens an answer may have."),
        "input_cost": Number("Price of 1,000,000 prompt tokens.", gt=0),
        "output_cost": Number("Price of 1,000,000 completion tokens.", gt=0),
        "cache_read_cost": Number("Price of 1,000,000 prompt tokens that the provider had cached.", gt=0),
        "cache_write_cost": Number("Price of 1,000,000 prompt tokens that the provider puts into its cache.", gt=0),
        "temperature": Number("How freely to choose words.", between=(0, 5)),
        "top_p": Number("The share of probability to choose words from.", between=(0, 1)),
        "top_k": Integer("The number of words to choose from.", between=(0, 500)),
        "anthropic_version": String("The version of Anthropic's API, such as 2023-06-01."),
        "azure_instance": String("The name of the Azure OpenAI resource."),
        "azure_api_version": String("The version of Azure's API.", default="2023-05-15"),
        "azure_deployment_id": String("The name of the Azure deployment."),
        "llama2_format": String("What the server of a Llama model speaks.", one_of=("raw", "openai", "ollama")),
        "mistral_format": String("What the server of a Mistral model speaks.", one_of=("openai", "ollama")),
        "upstream_url": String("The whole URL to call instead of the provider's own.", check=url_error),
        "upstream_path": String("The path to call instead of the provider's own."),
        "embeddings_dimensions": Integer("How many numbers an embedding has.", gt=0),
        "gemini": Record(
            "For Gemini on Vertex AI.",
            fields={
                "api_endpoint": String("The regional host name."),
                "project_id": String("The project."),
                "location_id": String("The location."),
            },
            checks=(MutuallyRequired("api_endpoint", "project_id", "location_id"),),
        ),
        "bedrock": Record(
            "For Amazon Bedrock.",
            fields={"aws_region": String("The region; without it the environment variable AWS_REGION.")},
        ),
        "huggingface": Record(
            "For Hugging Face.",
            fields={
                "use_cache": Boolean("Whether an answer may come from the provider's cache."),
                "wait_for_model": Boolean("Whether to wait until the model is loaded."),
            },
        ),
    }


def model_fields() -> dict[str, Field]:
    """Of `model`."""
    return {
        "provider": String("Who serves the model.", required=True, one_of=provider_names),
        "name": String("The model's name at the provider, or a template such as $(headers.x-model)."),
        "model_alias": String("The name that clients may say instead."),
        "options": Record("Settings of the model.", fields=option_fields()),
    }


def target_fields() -> dict[str, Field]:
    """One model behind a route: what ai-proxy has at the top and the transformers under `llm`."""
    return {
        "route_type": String(
            "What clients ask for; preserve passes everything through.", required=True, one_of=ROUTE_TYPES
        ),
        "auth": Record("How the gateway proves who it is to the provider.", fields=auth_fields()),
        "model": Record("Which model.", required=True, fields=model_fields()),
        "logging": Record(
            "What the log plugins learn.",
            required=True,
            fields={
                "log_statistics": Boolean("Tokens, cost and latency.", default=False, required=True),
                "log_payloads": Boolean("Prompts and answers, word for word.", default=False, required=True),
            },
        ),
    }


def target_checks() -> tuple[Check, ...]:
    """The rules over the fields of one target."""
    return (
        Conditional(
            "model.provider",
            Match(one_of=("bedrock", "gemini")),
            "auth.allow_override",
            Match(eq=False),
            "bedrock and gemini only support auth.allow_override = false",
        ),
        MutuallyRequired("auth.header_name", "auth.header_value"),
        MutuallyRequired("auth.param_name", "auth.param_value", "auth.param_location"),
        *(_must_set(provider, option, text) for provider, option, text in _KONG_RULES),
        Custom(("route_type", "model", "logging"), _statistics),
        Custom(("model.provider", "model.options", "route_type"), _provider_needs),
        Custom(("model.name",), _placeholder),
    )


def body_size_field() -> Field:
    return Integer(
        f"The longest request body that is taken, in bytes. {KONGS_BODY_SIZE}, Kong's default, counts as not chosen: "
        f"{USUAL_BODY_SIZE} then.",
        gt=0,
        default=KONGS_BODY_SIZE,
    )


def body_limit(config: Mapping[str, Any]) -> int:
    """How many bytes a body may have by max_request_body_size; null is no limit."""
    given = config["max_request_body_size"]
    if given is None:
        return 1 << 62
    return USUAL_BODY_SIZE if given == KONGS_BODY_SIZE else int(given)


def llm_format_field() -> Field:
    return String("What clients speak: OpenAI's dialect, or a provider's own.", one_of=LLM_FORMATS, default="openai")


def route_fields() -> dict[str, Field]:
    """What holds for a route whichever model answers."""
    return {
        "response_streaming": String(
            "Whether clients may ask for a stream, never get one, or always do.",
            one_of=("allow", "deny", "always"),
            default="allow",
        ),
        "max_request_body_size": body_size_field(),
        "model_name_header": Boolean("Whether answers name the model in X-Kong-LLM-Model.", default=True),
        "llm_format": llm_format_field(),
    }


def ai_proxy_fields() -> Record:
    """The configuration of ai-proxy; AI_PROXY_CHECKS are its rules over the whole row."""
    return Record(
        "Turns a route into an AI endpoint: clients speak OpenAI's dialect, whoever serves the model.",
        required=True,
        fields={
            **target_fields(),
            **route_fields(),
        },
        checks=target_checks(),
    )


AI_PROXY_CHECKS: tuple[Check, ...] = (
    Conditional(
        "config.llm_format",
        Match(one_of=NATIVE_FORMATS),
        "config.route_type",
        Match(eq="llm/v1/chat"),
        "native provider options in llm_format can only be used with the 'llm/v1/chat' route_type",
    ),
    *(
        Conditional(
            "config.llm_format",
            Match(eq=native),
            "config.model.provider",
            Match(eq=native),
            f"native llm_format '{native}' can only be used with the '{native}' model.provider",
        )
        for native in NATIVE_FORMATS
    ),
    Conditional(
        "config.llm_format",
        Match(eq="anthropic"),
        "config.route_type",
        Match(eq="llm/v1/chat"),
        "llm_format 'anthropic' can only be used with the 'llm/v1/chat' route_type",
    ),
)


def _secret(help: str) -> Field:
    return String(help, referenceable=True, encrypted=True)


def _must_set(provider: str, option: str, text: str) -> Check:
    return ConditionalAtLeastOneOf("model.provider", Match(one_of=(provider,)), (f"model.options.{option}",), text)


def _provider_needs(values: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a provider of the folder requires beyond Kong's rules."""
    from gateway.providers import providers

    model = values.get("model") or {}
    provider = providers().get(model.get("provider") or "")
    told = {option for name, option, _ in _KONG_RULES if provider is not None and name == provider.name}
    missing = [
        text
        for option, text in (provider.required_options if provider is not None else {}).items()
        if option not in told and not isinstance(read(values, f"model.options.{option}"), str)
    ]
    return {"@entity": missing} if missing else None


def _statistics(values: Mapping[str, Any]) -> str | None:
    logging = values.get("logging") or {}
    model = values.get("model") or {}
    if (
        values.get("route_type") == "llm/v1/completions"
        and model.get("provider") == "anthropic"
        and logging.get("log_statistics")
    ):
        return "anthropic does not support statistics when route_type is llm/v1/completions"
    return None


def _placeholder(values: Mapping[str, Any]) -> dict[str, Any] | None:
    name = (values.get("model") or {}).get("name")
    text = placeholder_error(name) if isinstance(name, str) else None
    return {"model": {"name": text}} if text else None
