"""OpenRouter: many providers behind OpenAI's dialect. Source: OpenRouter's API reference and SDK, 2026-11."""

from __future__ import annotations

from gateway.providers._base import CHAT, COMPLETIONS, EMBEDDINGS
from gateway.providers._compatible import Compatible


class OpenRouter(Compatible):
    name = "openrouter"
    title = "OpenRouter"
    origin = "https://openrouter.ai"
    paths = {
        CHAT: "/api/v1/chat/completions",
        COMPLETIONS: "/api/v1/completions",
        EMBEDDINGS: "/api/v1/embeddings",
    }
    environment = ("OPENROUTER_API_KEY",)
    key_url = "https://openrouter.ai/settings/keys"
    billing_url = "https://openrouter.ai/settings/credits"
    key_prefixes = ("sk-or-",)
    catalogue = ("openai/gpt-6-luna", "anthropic/claude-haiku-5-5", "google/gemini-3.5-flash-lite")
    models_path = "/api/v1/models"
    check_path = "/api/v1/key"  # the model list needs no key, so it says nothing about one
    refused = frozenset()
