"""The gateway as the first article's quickstart leaves it, with its two mistakes: Cohere's model is a name that nobody
serves, and Mistral's requests go to a place where nothing listens. Providers are strict stand-ins on loopback.

Not for: the wizard, which makes neither mistake.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any, Self

from support import kong_file
from support.gateway_process import GatewayProcess, Got, ask, free_ports
from support.providers_mock import KEY, LlamaCpp, OpenAI
from support.providers_mock_own import Cohere

ALICE = "alice-key-7b2e90c1"
LIMIT = 100


class Articles:
    """Use as a context manager. `manager`, `portal` and `files` are addresses."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self._stack = contextlib.ExitStack()
        self._folder = folder
        self._settings = settings

    def __enter__(self) -> Self:
        enter = self._stack.enter_context
        self.cohere, self.openai, self.llama = enter(Cohere()), enter(OpenAI()), enter(LlamaCpp())
        (self.nowhere,) = free_ports(1)
        file = kong_file.write(self._folder / "kong.yml", *self._services(), consumers=[self._alice()])
        keys = {f"{name}_AUTH_HEADER": f"Bearer {KEY}" for name in ("COHERE", "OPENAI")}
        self.gateway = enter(GatewayProcess(file, {**keys, **self._settings}))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _services(self) -> list[dict[str, Any]]:
        cohere = kong_file.service(
            "cohere", f"{self.cohere.url}/v2/chat", "command-nobody-serves", value="{vault://env/cohere-auth-header}"
        )
        openai = kong_file.service(
            "openai",
            f"{self.openai.url}/v1/chat/completions",
            "gpt-6-luna",
            value="{vault://env/openai-auth-header}",
            input_cost=0.25,
            output_cost=2,
        )
        openai["routes"][0]["plugins"].append(
            {
                "name": "ai-rate-limiting-advanced",
                "config": {"llm_providers": [{"name": "openai", "limit": [LIMIT], "window_size": [100]}]},
            }
        )
        mistral = kong_file.service(
            "mistral", f"http://127.0.0.1:{self.nowhere}/v1/chat/completions", "mistral-tiny", mistral_format="openai"
        )
        private = {
            "name": "private",
            "url": f"{self.llama.url}/v1/models",
            "routes": [{"name": "private", "paths": ["/private"], "plugins": [{"name": "key-auth"}]}],
        }
        return [cohere, openai, mistral, private]

    def _alice(self) -> dict[str, Any]:
        return {"username": "alice", "keyauth_credentials": [{"key": ALICE}], "acls": [{"group": "team"}]}

    def address(self, name: str) -> str:
        return f"http://127.0.0.1:{self.gateway.ports[name]}"

    @property
    def manager(self) -> str:
        return self.address("ADMIN_GUI")

    @property
    def portal(self) -> str:
        return self.address("PORTAL_GUI")

    @property
    def files(self) -> str:
        return self.address("PORTAL_API")

    def admin(self, method: str, path: str, body: Any = None) -> Got:
        return ask(self.gateway.ports["ADMIN"], method, path, body)

    def chat(self, name: str, **more: Any) -> Got:
        return self.gateway.chat(f"/{name}/chat", **more)
