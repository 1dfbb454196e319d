"""One gateway with everything behind it, configured by setup's own rendering, for every SDK; and the SDKs' calls.

The upstreams are strict stand-ins. What setup does not render (a provider's own dialect by route type preserve,
OpenAI's own responses) is added by hand.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.gateway_process import GatewayProcess
from support.providers_mock import KEY, Mistral, ProviderMock
from support.providers_mock_own import Cohere, Gemini, Ollama
from support.providers_mock_sdk import SdkAnthropic, SdkOpenAI
from support.sdk_environments import Unavailable, python_of

from quickstart.answers import Answers, Hosted, Local
from quickstart.planning import make_plan
from quickstart.render import render

Json = Any
CLIENTS = Path(__file__).parent / "clients"
MOCKS: dict[str, type[ProviderMock]] = {
    "openai": SdkOpenAI, "anthropic": SdkAnthropic, "cohere": Cohere, "mistral-cloud": Mistral, "gemini": Gemini,
    "llama2": Ollama,
}  # fmt: skip


class Stage:
    """The running gateway, its upstreams, and `call()` for the SDKs."""

    def __init__(self, gateway: GatewayProcess, mocks: dict[str, ProviderMock]) -> None:
        self.gateway = gateway
        self.mocks = mocks
        self.url = f"http://127.0.0.1:{gateway.ports['PROXY']}"

    def calls(self, python: Path, script: str, calls: list[Json]) -> dict[str, Json]:
        """All calls of one script in one process of an SDK's environment."""
        told = json.dumps({"url": self.url, "calls": calls})
        kept = {name: value for name, value in os.environ.items() if "PROXY" not in name.upper()}
        kept |= {"PYTHONPATH": str(CLIENTS), "NO_PROXY": "*"}
        done = subprocess.run(
            [str(python), str(CLIENTS / f"{script}.py")], input=told, env=kept, capture_output=True, text=True,
            timeout=240,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-4000:]
        found: dict[str, Json] = json.loads(done.stdout.splitlines()[-1])
        return found


def configuration(mocks: dict[str, ProviderMock]) -> tuple[str, dict[str, str]]:
    """kong.yml and the secrets it refers to."""
    secrets = {f"{name.upper()}_AUTH_HEADER": f"Bearer {KEY}" for name in ("openai", "cohere", "mistral")}
    secrets |= {"ANTHROPIC_AUTH_HEADER": KEY, "GEMINI_AUTH_HEADER": KEY}
    answers = Answers(
        hosted=(
            Hosted("openai", "gpt-6-luna", "", f"{mocks['openai'].url}/v1"),
            Hosted("anthropic", "claude-haiku-5-5", "", mocks["anthropic"].url),
            Hosted("cohere", "command-a-03-2025", "", mocks["cohere"].url),
            Hosted("mistral", "mistral-small-latest", "mistral-cloud", mocks["mistral-cloud"].url),
            Hosted("gemini", "gemini-3.5-flash-lite", "", mocks["gemini"].url),
        ),
        local=(Local("llama2", mocks["llama2"].url, "llama2:latest", "ollama"),),
        runtime="process",
        secrets=secrets,
    )
    document = yaml.safe_load(render(make_plan(answers, lambda: False, lambda port: False, "Linux")).kong_yml)
    own = [
        _own("native", "/native/v1/responses", "llm/v1/responses", "openai", "gpt-6-luna",
             {"upstream_url": f"{mocks['openai'].url}/v1/responses"}, "Authorization", "openai"),
        _own("cohere-own", "/v2/chat", "preserve", "cohere", "command-a-03-2025",
             {"upstream_url": mocks["cohere"].url}, "Authorization", "cohere"),
        _own("gemini-own", "/v1(beta)?/models/.+", "preserve", "gemini", None,
             {"upstream_url": mocks["gemini"].url}, "x-goog-api-key", "gemini"),
    ]  # fmt: skip
    document["services"] += own
    return yaml.safe_dump(document, sort_keys=False), secrets


def _own(
    name: str, path: str, route_type: str, provider: str, model: str | None, options: Json, header: str, secret: str
) -> Json:
    config = {
        "route_type": route_type,
        "auth": {"header_name": header, "header_value": "{vault://env/" + secret + "-auth-header}"},
        "model": {"provider": provider, "name": model, "options": options},
    }
    plugin = {"name": "ai-proxy", "config": config}
    route = {"name": name, "paths": [f"~{path}$"], "strip_path": False, "plugins": [plugin]}
    return {"name": f"{name}-api", "url": "http://127.0.0.1:1", "routes": [route]}


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with contextlib.ExitStack() as stack:
        mocks = {name: stack.enter_context(mock()) for name, mock in MOCKS.items()}
        text, secrets = configuration(mocks)
        file = tmp_path_factory.mktemp("sdks") / "kong.yml"
        file.write_text(text)
        yield Stage(stack.enter_context(GatewayProcess(file, secrets)), mocks)


@pytest.fixture(scope="session")
def sdk() -> Callable[[str], Path]:
    """The interpreter of a set of packages; a test without it is skipped with the reason, but fails in CI."""

    def found(name: str) -> Path:
        try:
            return python_of(name)
        except Unavailable as error:
            if os.environ.get("CI") == "true":
                pytest.fail(f"CI must run this, and {error}", pytrace=False)
            pytest.skip(str(error))

    return found
