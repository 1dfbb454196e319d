"""What setup is going to make: a pure value derived from the answers. Not for: asking, rendering or doing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

Runtime = Literal["docker", "process", "konnect"]
"""konnect: Kong's own data plane in a container, with its control plane in Kong Konnect."""
LISTENERS = ("proxy", "admin", "manager", "portal", "files", "status")
DEFAULT_PORTS = {"proxy": 8000, "admin": 8001, "manager": 8002, "portal": 8003, "files": 8004, "status": 8100}
FRONT_DOOR = "front-door"
"""The service whose routes take every model; no public name makes one called so."""


@dataclass(frozen=True, slots=True)
class RoutePlan:
    """One route to be: `openai-api_openai-chat`, reached at POST /openai/chat."""

    name: str  # route name
    service: str  # service name, "openai-api"
    public: str  # the word in the path: "openai"
    operation: str  # "chat" or "completions"
    provider: str  # model.provider as rendered
    title: str  # "OpenAI", "llama.cpp"
    model: str
    upstream_url: str  # as the gateway will use it, rewritten for the runtime where needed
    shown_upstream: str  # as the user typed it: "localhost:7999", "api.openai.com"
    options: dict[str, str | int | float] = field(default_factory=dict)  # mistral_format, azure_instance, ...
    auth_header: str = ""  # "Authorization"; "" = no credential
    secret: str = ""  # name of the secret: auth is rendered as {vault://env/NAME}
    embeddings_url: str = ""  # where the same server makes embeddings; "" = it makes none

    served_at: str = ""  # the path, where it is another than public word and operation

    @property
    def path(self) -> str:
        return self.served_at or f"/{self.public}/{self.operation}"


@dataclass(frozen=True, slots=True)
class KonnectPlan:
    """The control plane of a gateway whose runtime is "konnect"."""

    control_plane: str  # its name
    region: str  # one of answers.REGIONS
    product: str  # one of konnect.products.PRODUCTS
    image: str  # of the data plane


@dataclass(frozen=True, slots=True)
class Plan:
    routes: tuple[RoutePlan, ...]
    runtime: Runtime
    host_network: bool  # docker only; see `because`
    because: tuple[str, ...]  # sentences for the review screen: why this runtime, why host networking
    bind: str  # "127.0.0.1"
    ports: dict[str, int]  # listener -> port, keys LISTENERS
    output_dir: Path  # kong.yml and kong.env
    secrets: dict[str, str] = field(repr=False, default_factory=dict)  # name -> value (the complete header value)
    local_model: bool = False  # run the built-in model on 127.0.0.1:local_model_port
    local_model_port: int = 7999
    base_image: str = "python:3.13-slim"
    workers: int = 1
    forward_proxy: str = ""  # host:port as the gateway reaches it; its URL is among the secrets
    no_proxy: str = ""  # what is asked without it, as NO_PROXY has it
    ca_file: str = ""  # PEM file of the certificate authorities to trust; "" = the usual ones
    ca_sum: str = ""  # what stands for its content
    konnect: KonnectPlan | None = None  # with the runtime "konnect" alone

    @property
    def listeners(self) -> tuple[str, ...]:
        """The listeners this gateway has: a data plane is not configured here, so it has no Admin side."""
        return LISTENERS if self.konnect is None else ("proxy", "status")

    @property
    def chats(self) -> tuple[RoutePlan, ...]:
        return tuple(route for route in self.routes if route.operation == "chat")

    @property
    def proved(self) -> tuple[RoutePlan, ...]:
        """The routes that are tested and shown: the original ones, and the front door by way of its first model."""
        return self.routes + tuple(through_the_front_door(chat) for chat in self.chats[:1])


def through_the_front_door(chat: RoutePlan) -> RoutePlan:
    """The one door for every model, as it is seen when it leads to this one."""
    name = f"{FRONT_DOOR}_chat"
    return replace(chat, name=name, service=FRONT_DOOR, public="v1", operation="chat/completions", served_at="")
