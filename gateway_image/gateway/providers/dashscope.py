"""Alibaba's DashScope (Model Studio): OpenAI's dialect in its compatible mode, at an international or a Chinese
address. Source: Alibaba Cloud's Model Studio documentation and Kong's, 2026-11.
"""

from __future__ import annotations

from gateway.chat import mapping, string
from gateway.providers._base import CHAT, EMBEDDINGS, Call
from gateway.providers._compatible import Compatible

_CHINA = "https://dashscope.aliyuncs.com"


class DashScope(Compatible):
    name = "dashscope"
    title = "Alibaba DashScope"
    origin = "https://dashscope-intl.aliyuncs.com"
    paths = {CHAT: "/compatible-mode/v1/chat/completions", EMBEDDINGS: "/compatible-mode/v1/embeddings"}
    environment = ("DASHSCOPE_API_KEY",)
    key_url = "https://modelstudio.console.alibabacloud.com/?tab=globalset#/efm/api_key"
    catalogue = ("qwen-flash", "qwen-plus", "qwen-max")
    models_path = "/compatible-mode/v1/models"
    refused = frozenset()

    def url(self, call: Call) -> str:
        url = super().url(call)
        chinese = mapping(call.options.get("dashscope")).get("international") is False
        return (
            _CHINA + url.removeprefix(self.origin) if chinese and not string(call.options.get("upstream_url")) else url
        )
