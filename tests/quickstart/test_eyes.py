"""The real eyes see real servers, and leave our own ports alone."""

from __future__ import annotations

from support.providers_mock import LlamaCpp, OpenAI

from gateway.providers import providers
from quickstart.eyes import real


def test_they_check_discover_and_probe() -> None:
    with OpenAI(key="right") as openai, LlamaCpp() as llama:
        eyes = real({}, {openai.port})
        assert eyes.check(providers()["openai"], "Bearer right", openai.url).verdict == "ok"
        for _ in range(10):  # on a busy machine a server may miss the moment that it is given
            found = eyes.discover()
            if llama.port in {server.port for server in found}:
                break
        assert llama.port in {server.port for server in found}
        assert openai.port not in {server.port for server in found}
        probed = eyes.probe(llama.url)
        assert probed is not None and probed.models == llama.models
