"""What a provider is: facts and pure functions. A provider's file says everything that is known about it; nobody else
knows its name. Not for: I/O, configuration schemas, limits.

Source of the facts: each provider's published API documentation, as of 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from gateway.chat import Usage
from gateway.providers._diagnosis import Diagnosis, Tell, classify

__all__ = [
    "CHAT",
    "COMPLETIONS",
    "EMBEDDINGS",
    "PRESERVE",
    "RESPONSES",
    "Call",
    "Diagnosis",
    "Json",
    "Provider",
    "ProviderError",
    "Stream",
]

Json = Any
CHAT = "llm/v1/chat"
COMPLETIONS = "llm/v1/completions"
EMBEDDINGS = "llm/v1/embeddings"
RESPONSES = "llm/v1/responses"
PRESERVE = "preserve"


class ProviderError(ValueError):
    """A request or an answer that cannot be translated. `str()` is the text for the client; `status` for requests 400,
    for answers 500."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Call:
    """What ai-proxy asks of a provider for one request; one is compiled per plugin and kept when nothing varies."""

    route_type: str  # CHAT, COMPLETIONS, EMBEDDINGS, RESPONSES or PRESERVE
    model: str  # the resolved model name
    options: Mapping[str, Any] = field(default_factory=dict)  # config.model.options, unset ones left out
    stream: bool = False
    newest: bool = False  # where Kong 3.9 and newer Kongs differ, do as the newest does; see the provider's file


class Stream(Protocol):
    """Translates one upstream stream into OpenAI chunks (SSE bytes)."""

    @property
    def usage(self) -> Usage | None:
        """Complete after end(); None when the provider reported nothing."""
        ...

    @property
    def text_length(self) -> int:
        """Characters of completion seen, for an estimate where usage is None."""
        ...

    @property
    def error(self) -> str:
        """The message of an error that came inside the stream, "" when there was none."""
        ...

    def feed(self, piece: bytes) -> bytes:
        """What the client gets for this piece, perhaps nothing yet. Never raises: trouble becomes an error event."""
        ...

    def end(self) -> bytes:
        """What is left for the client when the upstream ended its stream."""
        ...


class Provider:
    """Base of all providers. Instances are stateless and shared."""

    # facts
    name: ClassVar[str]  # the word in model.provider
    title: ClassVar[str]  # what people call it
    origin: ClassVar[str] = ""  # "https://api.openai.com"; "" where the user names it
    paths: ClassVar[Mapping[str, str]] = {}  # route type -> path under origin
    auth_header: ClassVar[str] = "Authorization"
    auth_prefix: ClassVar[str] = "Bearer "
    environment: ClassVar[tuple[str, ...]] = ()  # usual variables of the key, best first
    key_url: ClassVar[str] = ""  # where keys are made
    billing_url: ClassVar[str] = ""
    key_prefixes: ClassVar[tuple[str, ...]] = ()  # ("sk-",): to tell another provider's key
    catalogue: ClassVar[tuple[str, ...]] = ()  # chat models to propose, best first
    retired: ClassVar[tuple[str, ...]] = ()  # never propose
    verified_on: ClassVar[str] = "2026-11-22"
    models_path: ClassVar[str] = ""  # GET, lists models; the cheapest key check unless check_path is set
    check_path: ClassVar[str] = ""
    required_options: ClassVar[Mapping[str, str]] = {}  # option -> Kong's message when it is missing
    kong_name: ClassVar[str] = (
        ""  # what setup writes as model.provider where Kong has no such provider ("openai"); "" = name
    )
    hosted: ClassVar[bool] = True
    strips_cookies: ClassVar[bool] = False  # Set-Cookie of the answer is removed
    accept_encoding: ClassVar[bytes | None] = None  # what to send upstream instead of the client's; None = keep it
    include_usage: ClassVar[bool] = True  # a passing stream takes stream_options.include_usage
    dialect: ClassVar[str] = "openai"  # what its own chats are said in, where clients of the gateway may say that too
    refused: ClassVar[frozenset[str]] = frozenset()  # members of an OpenAI request that it does not take
    telemetry_name: ClassVar[str] = ""  # OpenTelemetry's word for it (gen_ai.provider.name); "" = name
    credit_note: ClassVar[str] = ""  # what people get wrong about paying for this provider
    tells: ClassVar[tuple[Tell, ...]] = ()  # what its refusals mean where the usual reading is wrong

    def passes(self, call: Call) -> bool:
        """True when the upstream speaks OpenAI's dialect for this call, so that bytes may pass untranslated."""
        raise NotImplementedError

    def offers(self, call: Call) -> bool:
        """True when the upstream has this operation in OpenAI's dialect itself: for EMBEDDINGS and RESPONSES."""
        return False

    def limit_name(self, call: Call) -> str:
        """What a request that passes calls the most tokens to answer with."""
        return "max_tokens"

    def url(self, call: Call) -> str:
        """The full upstream URL. options.upstream_url wins over origin and path."""
        raise NotImplementedError

    def headers(self, call: Call) -> tuple[tuple[str, str], ...]:
        """Headers that the provider wants on every request beside the credential."""
        return ()

    def request(self, body: dict[str, Json], call: Call) -> dict[str, Json]:
        """An OpenAI-shaped request in the provider's shape; never changes `body`. Raises ProviderError."""
        raise NotImplementedError

    def splices(self, body: dict[str, Json]) -> bool:
        """True when request() would do no more to this body, where passes(), than put the call's own values in."""
        return self.refused.isdisjoint(body)

    def asks_usage(self, call: Call) -> bool:
        """True when stream_options.include_usage may be put into a passing stream's request."""
        return self.include_usage

    def response(self, body: Json, call: Call, created: int = 0, identity: str = "") -> dict[str, Json]:
        """A decoded 200 answer in OpenAI's shape. `created` (Unix seconds) and `identity` fill in what the upstream
        does not say. Raises ProviderError(status=500)."""
        raise NotImplementedError

    def stream(self, call: Call, created: int = 0, identity: str = "", include_usage: bool = False) -> Stream:
        """A fresh translator for one streamed answer; with `include_usage` the client gets the usage chunk too."""
        raise NotImplementedError

    def usage(self, body: Json) -> Usage | None:
        """What an untranslated answer says it used; None when it does not say."""
        raise NotImplementedError

    def authorize(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, auth: Mapping[str, str], now: float
    ) -> tuple[tuple[str, str], ...] | None:
        """Signed headers where a plain header does not do (SigV4); None = the configured header or parameter does."""
        return None

    def models(self, body: Json) -> list[str]:
        """Model ids of an answer to models_path, chat models only where that can be told."""
        raise NotImplementedError

    def diagnose(self, status: int, body: bytes) -> Diagnosis:
        """What a status and body of this provider mean, for people. The texts never hold a key."""
        return classify(self, status, body)
