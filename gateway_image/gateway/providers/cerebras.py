"""Cerebras: OpenAI's dialect. Source: Cerebras' API reference, 2026-11."""

from __future__ import annotations

from gateway.providers._base import CHAT, COMPLETIONS
from gateway.providers._compatible import CHAT_PATH, COMPLETIONS_PATH, Compatible


class Cerebras(Compatible):
    name = "cerebras"
    title = "Cerebras"
    origin = "https://api.cerebras.ai"
    paths = {CHAT: CHAT_PATH, COMPLETIONS: COMPLETIONS_PATH}
    environment = ("CEREBRAS_API_KEY",)
    key_url = "https://cloud.cerebras.ai/platform/apikeys"
    billing_url = "https://cloud.cerebras.ai/platform/billing"
    key_prefixes = ("csk-",)
    catalogue = ("gpt-oss-120b",)
    refused = frozenset({"top_k", "frequency_penalty", "presence_penalty", "logit_bias"})
