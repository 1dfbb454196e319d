"""What is compared: the gateway's configuration, the requests, the rows of the table and their targets. Not for: how
it is measured (measuring.py), what stands beside the gateway (nginx_parts.py).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KEY = "bench-key"
METRICS = {
    "name": "prometheus",
    "config": {"status_code_metrics": True, "latency_metrics": True, "bandwidth_metrics": True, "ai_metrics": True},
}
"""On for every route; the access log is too."""
QUESTION = {
    "messages": [
        {"role": "system", "content": "You are a helper."},
        {
            "role": "user",
            "content": "What is the capital of France? Answer in one sentence, please, and say how sure you are.",
        },
    ],
    "temperature": 0.7,
}
LARGE = {"messages": [{"role": "user", "content": "All of it is text that somebody pasted. " * 2560}]}
REAL_HEADERS = {  # what an SDK sends beside its body
    "Accept": "application/json",
    "User-Agent": "OpenAI/Python 3.54.0",
    "X-Stainless-Lang": "python",
    "X-Stainless-Package-Version": "3.54.0",
    "X-Stainless-OS": "Linux",
    "X-Stainless-Arch": "x64",
    "X-Stainless-Runtime": "CPython",
    "X-Stainless-Runtime-Version": "3.12.1",
    "X-Stainless-Async": "false",
    "X-Stainless-Retry-Count": "0",
    "X-Stainless-Read-Timeout": "600",
}


def _ai_proxy(url: str, provider: str = "openai") -> dict[str, Any]:
    header = ("x-api-key", "sk-x") if provider == "anthropic" else ("Authorization", "Bearer sk-x")
    options: dict[str, Any] = {"upstream_url": url}
    if provider == "anthropic":
        options |= {"max_tokens": 256, "anthropic_version": "2023-06-01"}
    return {
        "name": "ai-proxy",
        "config": {
            "route_type": "llm/v1/chat",
            "max_request_body_size": 8 << 20,
            "auth": {"header_name": header[0], "header_value": header[1]},
            "logging": {"log_statistics": True},
            "model": {"provider": provider, "name": "gpt-4o-mini", "options": options},
        },
    }


def route(name: str, url: str, *plugins: dict[str, Any], provider: str = "openai") -> dict[str, Any]:
    return {
        "name": name,
        "paths": [f"~/{name}$"],
        "methods": ["POST"],
        "plugins": [_ai_proxy(url, provider), *plugins],
    }


def configuration(port: int, tls_port: int) -> str:
    """Every route of the table. JSON, which is YAML too."""
    chat = f"http://127.0.0.1:{port}/v1/chat/completions"
    guards = (
        {"name": "key-auth", "config": {}},
        {
            "name": "ai-rate-limiting-advanced",
            "config": {
                "llm_providers": [{"name": "openai", "limit": [1_000_000_000_000], "window_size": [3600]}],
                "strategy": "local",
            },
        },
        {"name": "ai-prompt-guard", "config": {"deny_patterns": [".*secret plan.*", ".*password of.*"]}},
        {
            "name": "ai-prompt-decorator",
            "config": {"prompts": {"prepend": [{"role": "system", "content": "Answer briefly."}]}},
        },
    )
    routes = [
        route("chat", chat),
        route("guarded", chat, *guards),
        route("stream", f"http://127.0.0.1:{port}/stream"),
        route("messages", f"http://127.0.0.1:{port}/messages", provider="anthropic"),
        route("tls", f"https://localhost:{tls_port}/v1/chat/completions"),
    ]
    return json.dumps(
        {
            "_format_version": "3.0",
            "services": [{"name": "models", "url": f"http://127.0.0.1:{port}", "routes": routes}],
            "consumers": [{"username": "bench", "keyauth_credentials": [{"key": KEY}]}],
            "plugins": [METRICS],
        }
    )


def many_routes(port: int, count: int) -> str:
    """`count` routes, of which /chat is one in the middle."""
    chat = f"http://127.0.0.1:{port}/v1/chat/completions"
    others: list[dict[str, Any]] = [
        {"name": f"r{number}", "paths": [f"/service-{number}/v1"]} for number in range(count - 1)
    ]
    routes = [*others[: count // 2], route("chat", chat), *others[count // 2 :]]
    service = {"name": "models", "url": f"http://127.0.0.1:{port}", "routes": routes}
    return json.dumps({"_format_version": "3.0", "services": [service], "plugins": [METRICS]})


@dataclass(frozen=True)
class Ask:
    """A request that wrk repeats."""

    name: str
    body: str
    headers: tuple[tuple[str, str], ...] = ()

    def script(self, folder: Path) -> Path:
        lines = [("Content-Type", "application/json"), *self.headers]
        told = "".join(f"wrk.headers['{name}']='{value}'\n" for name, value in lines)
        path = folder / f"{self.name}.lua"
        path.write_text(f"wrk.method='POST'\n{told}wrk.body=[[{self.body}]]\n")
        return path


CHAT = Ask("chat", json.dumps(QUESTION))
REAL = Ask("real", json.dumps(QUESTION), tuple(REAL_HEADERS.items()))
ZIPPED = Ask("zipped", json.dumps(QUESTION), (*REAL_HEADERS.items(), ("Accept-Encoding", "gzip, deflate")))
GUARDED = Ask("guarded", json.dumps(QUESTION), (("apikey", KEY),))
STREAM = Ask("stream", json.dumps({**QUESTION, "stream": True, "stream_options": {"include_usage": True}}))
PASTED = Ask("pasted", json.dumps(LARGE))


@dataclass(frozen=True)
class Row:
    """`system` and `beside` are names of what is running, with a path; `most`: the target of their ratio."""

    title: str
    ask: Ask
    system: tuple[str, str]
    beside: tuple[str, str]
    most: float
    needs_lua: bool = False
    kong: float = 0.0  # what the same cost Kong 3.9.1 on such a machine, in microseconds; a quarter of it is wanted


NGINX = "nginx"
GATEWAY = "gateway"
COMPLETIONS = "/v1/chat/completions"
ROWS = (
    Row("chat, usage counted", CHAT, (GATEWAY, "/chat"), (NGINX, COMPLETIONS), 1.8, kong=146.0),
    Row("chat, against nginx with Lua", CHAT, (GATEWAY, "/chat"), ("nginx+lua", "/chat"), 1.0, True),
    Row("chat with an SDK's headers", REAL, (GATEWAY, "/chat"), (NGINX, COMPLETIONS), 2.0),
    Row("the same, answers packed with gzip", ZIPPED, (GATEWAY, "/chat"), (NGINX, "/gzip" + COMPLETIONS), 2.0),
    Row("+ key, token limit, guard, decorator", GUARDED, (GATEWAY, "/guarded"), (NGINX, COMPLETIONS), 2.5),
    Row("stream of 60 flushed events", STREAM, (GATEWAY, "/stream"), (NGINX, "/stream"), 1.4, True),
    Row("Anthropic stream, translated", STREAM, (GATEWAY, "/messages"), (GATEWAY, "/stream"), 3.0, True),
    Row("TLS upstream", CHAT, (GATEWAY, "/tls"), (NGINX, "/tls" + COMPLETIONS), 1.6),
    Row("prompt of 100 KB", PASTED, (GATEWAY, "/chat"), (NGINX, COMPLETIONS), 2.0),
    Row("among 100 routes", CHAT, ("100 routes", "/chat"), ("1 route", "/chat"), 1.15),
    Row("among 10,000 routes", CHAT, ("10,000 routes", "/chat"), ("1 route", "/chat"), 1.15),
)
