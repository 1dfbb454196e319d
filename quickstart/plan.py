"""What setup is going to make: a pure value derived from the answers. Not for: asking, rendering or doing."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Runtime = Literal["docker", "process"]
LISTENERS = ("proxy", "admin", "manager", "portal", "files", "status")
DEFAULT_PORTS = {"proxy": 8000, "admin": 8001, "manager": 8002, "portal": 8003, "files": 8004, "status": 8100}


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

    @property
    def path(self) -> str:
        return f"/{self.public}/{self.operation}"


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
