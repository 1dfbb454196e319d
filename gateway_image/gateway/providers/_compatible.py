"""What all providers share that speak OpenAI's dialect, and the URLs people type. Not for: facts of any one of them,
and not for dialects that must be translated (_translated).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import urlsplit, urlunsplit

from gateway.chat import Usage, mapping, string
from gateway.providers._base import (
    CHAT,
    COMPLETIONS,
    EMBEDDINGS,
    PRESERVE,
    Call,
    Json,
    Provider,
    ProviderError,
    Stream,
)
from gateway.sse import UsageScanner

CHAT_PATH = "/v1/chat/completions"
COMPLETIONS_PATH = "/v1/completions"
EMBEDDINGS_PATH = "/v1/embeddings"
MERGED = ("max_tokens", "temperature", "top_p", "top_k")
"""Options of the configuration that go into a request under their own names."""


def complete_url(text: str, path: str = CHAT_PATH, scheme: str = "http") -> str:
    """What people type for a model server as the full URL: `localhost:7999`, `http://host/v1`, a complete URL.

    A missing scheme is `scheme`; no path becomes `path`; a path ending in /v1 gets what follows /v1 in `path`; any
    other path is meant as it is. No port means the scheme's own. Raises ValueError for what is no such URL.
    """
    text = text.strip()
    try:
        parts = urlsplit(text if "://" in text else f"{scheme}://{text}")
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none, a bracket without its partner
        fits = False
    if not fits:
        raise ValueError("not a URL of a model server: type one like http://localhost:11434 or localhost:8080/v1")
    rest = parts.path.rstrip("/")
    if not rest:
        rest = path
    elif rest.endswith("/v1"):
        rest += path.rpartition("/v1")[2] if "/v1/" in path else ""
    else:
        rest = parts.path
    return urlunsplit((parts.scheme, parts.netloc, rest, parts.query, ""))


def provider_url(provider: Provider, call: Call) -> str:
    """The rules all providers share: upstream_url wins whole, upstream_path replaces the path only."""
    path = string(call.options.get("upstream_path")) or provider.paths.get(call.route_type, "")
    given = string(call.options.get("upstream_url"))
    if given:
        return complete_url(given, path or "/")
    if not provider.origin:
        raise ProviderError(f"{provider.title} has no address of its own: set model.options.upstream_url")
    if not path and call.route_type != PRESERVE:
        raise ProviderError(f"no transformer for {provider.name}://{call.route_type}")
    return provider.origin + path


def offered(provider: Provider, call: Call) -> bool:
    """Whether a provider that speaks OpenAI's dialect has an operation beyond chats: one of its own paths, unless the
    configured address is another operation's."""
    given = string(call.options.get("upstream_url")) or string(call.options.get("upstream_path"))
    if not given:
        return call.route_type in provider.paths
    path = urlsplit(given).path.rstrip("/")
    word = call.route_type.rpartition("/")[2]
    return path.endswith(f"/{word}") or ((path.endswith("/v1") or not path) and call.route_type in provider.paths)


def openai_request(provider: Provider, body: dict[str, Json], call: Call) -> dict[str, Json]:
    """An OpenAI request with the configuration's values over the client's, without what this provider refuses."""
    request = {name: value for name, value in body.items() if name not in provider.refused}
    request["model"] = call.model
    request["stream"] = call.stream
    for name in MERGED:
        if call.options.get(name) is not None and name not in provider.refused:
            request[name] = call.options[name]
    if call.options.get("max_tokens") is not None and "max_completion_tokens" in request:
        # two limits are an error at OpenAI: the configured one is meant, under the name the client's model wants
        request["max_completion_tokens"] = request.pop("max_tokens")
    if not call.stream:
        request.pop("stream_options", None)
    return request


def checked_answer(body: Json, call: Call) -> dict[str, Json]:
    """An OpenAI answer as it came. Raises ProviderError when it is none, or an error that came with status 200."""
    if isinstance(body, dict) and isinstance(body.get("choices"), list):
        return body
    error = mapping(body).get("error")
    if error:
        message = string(mapping(error).get("message")) or string(error)
        raise ProviderError(f"the upstream answered an error: {message[:500]}", 500)
    raise ProviderError(f"'choices' not in {call.route_type} response", 500)


def listed_models(body: Json, array: str = "data", name: str = "id") -> list[str]:
    """The ids of a model list: {"data": [{"id"}]}, or the bare array some answer. Raises ProviderError."""
    return [identity for entry in model_entries(body, array) if (identity := string(entry.get(name)))]


def model_entries(body: Json, array: str = "data") -> list[dict[str, Json]]:
    """The entries of a model list, for providers that say more about a model than its id. Raises ProviderError."""
    entries = body if isinstance(body, list) else mapping(body).get(array)
    if not isinstance(entries, list):
        raise ProviderError("this is not a list of models", 500)
    return [mapping(entry) for entry in entries]


NOT_CHAT = (
    "embed", "whisper", "tts", "dall-e", "moderation", "realtime", "transcribe", "audio", "image", "rerank", "guard",
    "ocr", "sora", "imagen", "veo", "aqa", "voxtral-mini-tts", "babbage", "davinci", "instruct-embed", "speech", "bge-",
)  # fmt: skip


def chat_models(names: list[str]) -> list[str]:
    """Without the models whose names say that they do something else than chat."""
    return [name for name in names if not any(word in name.lower() for word in NOT_CHAT)]


class Compatible(Provider):
    """A provider that speaks OpenAI's dialect. Most of them are facts and nothing else."""

    paths: ClassVar[Mapping[str, str]] = {
        CHAT: CHAT_PATH,
        COMPLETIONS: COMPLETIONS_PATH,
        EMBEDDINGS: EMBEDDINGS_PATH,
    }
    models_path: ClassVar[str] = "/v1/models"
    kong_name: ClassVar[str] = "openai"
    refused: ClassVar[frozenset[str]] = frozenset({"top_k"})

    def passes(self, call: Call) -> bool:
        return True

    def offers(self, call: Call) -> bool:
        return offered(self, call)

    def url(self, call: Call) -> str:
        return provider_url(self, call)

    def request(self, body: dict[str, Json], call: Call) -> dict[str, Json]:
        return openai_request(self, body, call)

    def response(self, body: Json, call: Call, created: int = 0, identity: str = "") -> dict[str, Json]:
        return checked_answer(body, call)

    def stream(self, call: Call, created: int = 0, identity: str = "", include_usage: bool = False) -> Stream:
        return UsageScanner()

    def usage(self, body: Json) -> Usage | None:
        return Usage.from_openai(mapping(body).get("usage"))

    def models(self, body: Json) -> list[str]:
        return chat_models(listed_models(body))


class Local(Compatible):
    """A model server that people run themselves: no origin of its own, usually no key."""

    hosted: ClassVar[bool] = False
    refused: ClassVar[frozenset[str]] = frozenset()
    required_options: ClassVar[Mapping[str, str]] = {
        "upstream_url": "must set 'model.options.upstream_url' for self-hosted providers/models"
    }
