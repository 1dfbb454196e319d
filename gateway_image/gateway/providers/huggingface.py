"""Hugging Face's inference router: OpenAI's dialect for the models of many hosts. Source: Hugging Face's inference
provider documentation, 2026-11. Kong 3.9 asks an address that no longer answers and adds the path to upstream_url
again; here upstream_url is meant as it stands.
"""

from __future__ import annotations

from gateway.chat import mapping
from gateway.providers._base import CHAT, COMPLETIONS, Call
from gateway.providers._compatible import CHAT_PATH, COMPLETIONS_PATH, Compatible
from gateway.providers._diagnosis import Tell

_HEADERS = {"use_cache": "x-use-cache", "wait_for_model": "x-wait-for-model"}


class HuggingFace(Compatible):
    name = "huggingface"
    title = "Hugging Face"
    origin = "https://router.huggingface.co"
    paths = {CHAT: CHAT_PATH, COMPLETIONS: COMPLETIONS_PATH}
    environment = ("HF_TOKEN", "HUGGINGFACE_API_KEY")
    key_url = "https://huggingface.co/settings/tokens"
    billing_url = "https://huggingface.co/settings/billing"
    credit_note = "Free accounts have a small monthly credit."
    key_prefixes = ("hf_",)
    catalogue = ("openai/gpt-oss-20b", "openai/gpt-oss-120b")
    check_path = "/v1/models"
    kong_name = ""
    refused = frozenset()
    tells = (Tell("token seems invalid", "invalid_key"), Tell("overloaded", "unavailable", (429,)))

    def headers(self, call: Call) -> tuple[tuple[str, str], ...]:
        given = mapping(call.options.get("huggingface"))
        return tuple(
            (_HEADERS[name], str(given[name]).lower()) for name in _HEADERS if isinstance(given.get(name), bool)
        )
