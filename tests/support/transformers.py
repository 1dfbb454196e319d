"""Rows of the AI transformers and answers of the model they ask."""

import json
from typing import Any

from support.exchange import Answer

URL = "http://model.test:9/v1/chat/completions"


def transformer(name: str = "ai-request-transformer", url: str = URL, **config: Any) -> dict[str, Any]:
    llm = {
        "route_type": "llm/v1/chat",
        "model": {"provider": "openai", "name": "gpt", "options": {"upstream_url": url, "input_cost": 2}},
        "auth": {"header_name": "Authorization", "header_value": "Bearer secret"},
        "logging": {"log_statistics": True, "log_payloads": True},
    }
    return {"name": name, "config": {"prompt": "Rewrite.", "llm": llm, **config}}


def said(message: Any, **more: Any) -> Answer:
    return Answer(200, {}, json.dumps({"choices": [{"message": message}], "model": "gpt-1", **more}).encode())
