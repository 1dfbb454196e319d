"""Ollama, on this machine or in its cloud: its own paths are translated, its /v1 paths pass. Source: see _ollama."""

from __future__ import annotations

from urllib.parse import urlsplit

from gateway.chat import Usage, mapping, string
from gateway.providers._base import CHAT, COMPLETIONS, Call, Json
from gateway.providers._compatible import complete_url, listed_models
from gateway.providers._diagnosis import Tell
from gateway.providers._ollama import CHAT_PATH, GENERATE_PATH, Ollamas, ollama_usage


class Ollama(Ollamas):
    name = "ollama"
    title = "Ollama"
    origin = "http://127.0.0.1:11434"
    paths = {CHAT: CHAT_PATH, COMPLETIONS: GENERATE_PATH}
    environment = ("OLLAMA_API_KEY",)
    key_url = "https://ollama.com/settings/keys"
    catalogue = ("gemma4",)
    models_path = "/api/tags"
    kong_name = "openai"
    hosted = False
    tells = (
        Tell("not found", "model_not_found", (404,)),
        Tell("maximum pending requests", "unavailable", (503,)),
        Tell("input length exceeds", "context_too_long"),
    )

    def url(self, call: Call) -> str:
        given = string(call.options.get("upstream_url"))
        if given and urlsplit(given).path.rstrip("/").endswith("/v1"):
            return complete_url(given, "/v1/completions" if call.route_type == COMPLETIONS else "/v1/chat/completions")
        return super().url(call)

    def native(self, call: Call) -> bool:
        return "/v1" not in urlsplit(self.url(call)).path

    def usage(self, body: Json) -> Usage | None:
        return super().usage(body) or ollama_usage(mapping(body))

    def models(self, body: Json) -> list[str]:
        openai = isinstance(mapping(body).get("data"), list)
        names = listed_models(body) if openai else listed_models(body, "models", "name")
        return [name for name in names if "embed" not in name]
