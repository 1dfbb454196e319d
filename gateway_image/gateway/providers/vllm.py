"""vLLM: OpenAI's dialect on a server of one's own. Source: vLLM's server documentation, 2026-11."""

from __future__ import annotations

from gateway.providers._compatible import Local


class VLLM(Local):
    name = "vllm"
    title = "vLLM"
    environment = ("VLLM_API_KEY",)
