"""OpenAI: the dialect that all others are measured by. Source: OpenAI's API reference and model list, 2026-11."""

from __future__ import annotations

import re

from gateway.providers._base import RESPONSES, Call, Json
from gateway.providers._compatible import Compatible

_NEW_LIMIT = re.compile(r"(?:gpt-(?:[5-9]|\d\d)|o\d)")
"""Models that refuse max_tokens and want max_completion_tokens."""


class OpenAI(Compatible):
    name = "openai"
    title = "OpenAI"
    origin = "https://api.openai.com"
    paths = {**Compatible.paths, RESPONSES: "/v1/responses"}
    environment = ("OPENAI_API_KEY",)
    key_url = "https://platform.openai.com/api-keys"
    billing_url = "https://platform.openai.com/settings/organization/billing"
    credit_note = "ChatGPT Plus does not include API credit."
    key_prefixes = ("sk-", "sk-proj-", "sk-svcacct-", "sk-admin-")
    catalogue = ("gpt-6-luna", "gpt-6.1-terra", "gpt-6.2-sol", "gpt-5.6-luna", "gpt-5.4-mini", "gpt-6.2-astra")
    retired = (
        "gpt-3.5-turbo", "gpt-3.5-turbo-0125", "gpt-3.5-turbo-16k", "gpt-4", "gpt-4-32k", "gpt-4-turbo",
        "gpt-4-vision-preview", "gpt-4o-2024-05-13", "gpt-4.1-nano", "o1", "o1-mini", "o1-preview", "o3-mini",
        "o4-mini", "chatgpt-4o-latest", "codex-mini-latest", "gpt-5", "gpt-5-mini", "gpt-5-nano", "o3",
        "gpt-4o", "gpt-4o-mini",
        "gpt-4.1", "gpt-4.1-mini",
    )  # fmt: skip
    kong_name = ""
    strips_cookies = True
    accept_encoding = b"gzip, identity"

    def limit_name(self, call: Call) -> str:
        return "max_completion_tokens" if _NEW_LIMIT.match(call.model) else "max_tokens"

    def request(self, body: dict[str, Json], call: Call) -> dict[str, Json]:
        request = super().request(body, call)
        name = self.limit_name(call)
        if "max_tokens" in call.options and "max_tokens" in request and name != "max_tokens":
            request[name] = request.pop("max_tokens")
        return request
