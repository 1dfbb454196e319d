"""LM Studio: OpenAI's dialect on this machine. Source: LM Studio's server documentation, 2026-11."""

from __future__ import annotations

from gateway.providers._compatible import Local


class LMStudio(Local):
    name = "lmstudio"
    title = "LM Studio"
    origin = "http://127.0.0.1:1234"
    required_options = {}
