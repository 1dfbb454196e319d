"""Kong's families of metrics: names, help texts, labels and buckets, word for word. Not for: counting (prometheus.py),
what the node itself tells (admin/metrics_endpoint.py).

Source: the observable /metrics of Kong 3.9.1.
"""

from __future__ import annotations

from gateway.metrics import Definition

WORKSPACE = "default"
_UPSTREAM_BOUNDS = (25, 50, 80, 100, 250, 400, 700, 1000, 2000, 5000, 10000, 30000, 60000)
_KONG_BOUNDS = (1, 2, 5, 7, 10, 15, 20, 30, 50, 75, 100, 200, 500, 750, 1000, 3000, 6000)
_LLM_BOUNDS = (250, 500, 1000, 1500, 2000, 2500, 3000, 3500, 4000, 4500, 5000, 10000, 30000, 60000)
_ROUTE = ("service", "route")
_AI = ("ai_provider", "ai_model", "cache_status", "vector_db", "embeddings_provider", "embeddings_model")
NO_CACHE = ("", "", "", "")
"""Labels of Kong's AI families that say something about its semantic cache, which is not here."""

REQUESTS = Definition(
    "counter",
    "kong_http_requests_total",
    "HTTP status codes per consumer/service/route in Kong",
    (*_ROUTE, "code", "source", "workspace", "consumer"),
)
BANDWIDTH = Definition(
    "counter",
    "kong_bandwidth_bytes",
    "Total bandwidth (ingress/egress) throughput in bytes",
    (*_ROUTE, "direction", "workspace", "consumer"),
)
KONG_LATENCY = Definition(
    "histogram",
    "kong_kong_latency_ms",
    "Latency added by Kong and enabled plugins for each service/route in Kong",
    (*_ROUTE, "workspace"),
    _KONG_BOUNDS,
)
UPSTREAM_LATENCY = Definition(
    "histogram",
    "kong_upstream_latency_ms",
    "Latency added by upstream response for each service/route in Kong",
    (*_ROUTE, "workspace"),
    _UPSTREAM_BOUNDS,
)
REQUEST_LATENCY = Definition(
    "histogram",
    "kong_request_latency_ms",
    "Total latency incurred during requests for each service/route in Kong",
    (*_ROUTE, "workspace"),
    _UPSTREAM_BOUNDS,
)
AI_REQUESTS = Definition(
    "counter",
    "kong_ai_llm_requests_total",
    "AI requests total per ai_provider in Kong",
    (*_AI, "workspace"),
)
AI_COST = Definition(
    "counter",
    "kong_ai_llm_cost_total",
    "AI requests cost per ai_provider/cache in Kong",
    (*_AI, "workspace"),
)
AI_TOKENS = Definition(
    "counter",
    "kong_ai_llm_tokens_total",
    "AI requests cost per ai_provider/cache in Kong",  # Kong's words
    (*_AI, "token_type", "workspace"),
)
AI_LATENCY = Definition(
    "histogram",
    "kong_ai_llm_provider_latency_ms",
    "LLM response Latency for each AI plugins per ai_provider in Kong",
    (*_AI, "workspace"),
    _LLM_BOUNDS,
)
