"""Together AI: open models behind OpenAI's dialect; its model list is a bare array. Source: Together's SDK, 2026-11."""

from __future__ import annotations

from gateway.providers._base import Json
from gateway.providers._compatible import Compatible, chat_models, listed_models, model_entries


class Together(Compatible):
    name = "together"
    title = "Together AI"
    origin = "https://api.together.ai"
    environment = ("TOGETHER_API_KEY", "TOGETHERAI_API_KEY")
    key_url = "https://api.together.ai/settings/api-keys"
    billing_url = "https://api.together.ai/settings/billing"
    key_prefixes = ("tgp_v1_",)
    catalogue = ("openai/gpt-oss-120b", "Qwen/Qwen3.8-Flash", "MiniMaxAI/MiniMax-M3.1-Flash")
    retired = ("openai/gpt-oss-20b", "meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo")
    refused = frozenset()

    def models(self, body: Json) -> list[str]:
        if not isinstance(body, list):
            return super().models(body)
        entries = model_entries(body)
        return chat_models(listed_models([e for e in entries if (e.get("type") or "chat") in ("chat", "language")]))
