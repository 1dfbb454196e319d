"""Groq: OpenAI's dialect under /openai. Source: Groq's API reference and SDK, 2026-11."""

from __future__ import annotations

from gateway.chat import Usage, mapping
from gateway.providers._base import CHAT, Json
from gateway.providers._compatible import Compatible


class Groq(Compatible):
    name = "groq"
    title = "Groq"
    origin = "https://api.groq.com"
    paths = {CHAT: "/openai/v1/chat/completions"}
    environment = ("GROQ_API_KEY",)
    key_url = "https://console.groq.com/keys"
    billing_url = "https://console.groq.com/settings/billing"
    key_prefixes = ("gsk_",)
    catalogue = ("openai/gpt-oss-20b", "openai/gpt-oss-120b", "qwen/qwen3.8-27b")
    retired = (
        "llama-3.1-8b-instant", "llama-3.3-70b-versatile", "llama-guard-3-8b", "mixtral-8x7b-32768", "gemma2-9b-it",
    )  # fmt: skip
    models_path = "/openai/v1/models"
    refused = frozenset({"top_k", "logit_bias"})

    def usage(self, body: Json) -> Usage | None:
        return super().usage(body) or Usage.from_openai(mapping(mapping(body).get("x_groq")).get("usage"))
