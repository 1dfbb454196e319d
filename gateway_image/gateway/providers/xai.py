"""xAI: OpenAI's dialect, errors of its own: a bad key is 400 with a plain text. Source: xAI's API, 2026-11."""

from __future__ import annotations

from gateway.providers._base import CHAT
from gateway.providers._compatible import Compatible
from gateway.providers._diagnosis import Tell


class XAI(Compatible):
    name = "xai"
    title = "xAI"
    telemetry_name = "x_ai"
    origin = "https://api.x.ai"
    paths = {CHAT: "/v1/chat/completions"}
    environment = ("XAI_API_KEY",)
    key_url = "https://console.x.ai"
    billing_url = "https://console.x.ai"
    key_prefixes = ("xai-",)
    catalogue = ("grok-4.20-non-reasoning", "grok-4.3", "grok-4.7", "grok-code-fast")
    retired = ("grok-2", "grok-3", "grok-beta", "grok-code-fast-1")
    tells = (
        Tell("incorrect api key", "invalid_key"),
        Tell("api key", "invalid_key", (400,)),
        Tell("credits", "no_credit", (403, 429)),
        Tell("spending limit", "no_credit", (403, 429)),
    )
