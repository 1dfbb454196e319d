"""DeepSeek: OpenAI's dialect with reasoning_content. Source: DeepSeek's API documentation, 2026-11."""

from __future__ import annotations

from gateway.providers._base import CHAT
from gateway.providers._compatible import Compatible


class DeepSeek(Compatible):
    name = "deepseek"
    title = "DeepSeek"
    origin = "https://api.deepseek.com"
    paths = {CHAT: "/v1/chat/completions"}
    environment = ("DEEPSEEK_API_KEY",)
    key_url = "https://platform.deepseek.com/api_keys"
    billing_url = "https://platform.deepseek.com/top_up"
    catalogue = ("deepseek-v4-flash", "deepseek-flash", "deepseek-v4-pro")
    retired = ("deepseek-chat", "deepseek-reasoner")
