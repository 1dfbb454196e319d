"""The configuration of ai-rate-limiting-advanced. Source: Kong's published schemas 3.7 to 3.15; a single number for
`limit` and `window_size`, as before 3.10, is taken as a list of one. Not for: counting.
"""

from __future__ import annotations

from typing import Any

from gateway.schema import Array, Boolean, Conditional, Integer, Match, Number, Record, String
from gateway.schema.fields import Cleaned

DEFAULT_MESSAGE = "AI token rate limit exceeded for provider(s): "
OLD_MESSAGE = "API rate limit exceeded for provider(s): "  # before Kong 3.9
PROVIDERS = (
    "openai", "azure", "anthropic", "cohere", "mistral", "llama2", "bedrock", "gemini", "huggingface", "requestPrompt",
)  # fmt: skip
STRATEGIES = ("local", "redis", "cluster")


class OneOrMany(Array):
    """An array that also takes its only element without brackets."""

    def clean(self, value: Any) -> Cleaned:
        single = isinstance(value, (int, float)) and not isinstance(value, bool)
        return super().clean([value] if single else value)


def _same_length(entry: Any) -> str | None:
    limits, sizes = entry.get("limit") or [], entry.get("window_size") or []
    return None if len(limits) == len(sizes) else "You must provide the same number of windows and limits"


def redis_fields() -> Record:
    """Where Redis is: one server, Sentinels, or a Cluster."""
    text = "A vault reference is accepted."
    node_port = Integer("Its port.", default=6379, between=(0, 65535))
    return Record(
        "The Redis that nodes share counts through.",
        required=True,
        fields={
            "host": String(f"Host name or address. {text}", default="127.0.0.1", referenceable=True),
            "port": Integer("Port.", default=6379, between=(0, 65535)),
            "username": String(f"User name (Redis ACL). {text}", referenceable=True),
            "password": String(f"Password. {text}", referenceable=True, encrypted=True),
            "database": Integer("Number of the database.", default=0),
            "ssl": Boolean("Speak TLS.", default=False),
            "ssl_verify": Boolean("Check the server's certificate.", default=False),
            "server_name": String("The name to expect in the certificate."),
            "timeout": Integer("Old name of the three timeouts, in milliseconds.", between=(0, 2147483646)),
            "connect_timeout": Integer("Milliseconds to connect.", default=2000, between=(0, 2147483646)),
            "send_timeout": Integer("Milliseconds to send.", default=2000, between=(0, 2147483646)),
            "read_timeout": Integer("Milliseconds to wait for an answer.", default=2000, between=(0, 2147483646)),
            "keepalive_pool_size": Integer("Idle connections kept.", default=256, between=(1, 2147483646)),
            "keepalive_backlog": Integer("Requests that may wait for a connection.", between=(0, 2147483646)),
            "sentinel_master": String("Name of the master that the Sentinels watch."),
            "sentinel_role": String("Which server to ask the Sentinels for.", one_of=("master", "slave", "any")),
            "sentinel_username": String(f"User name for the Sentinels. {text}", referenceable=True),
            "sentinel_password": String(f"Password for the Sentinels. {text}", referenceable=True, encrypted=True),
            "sentinel_nodes": Array(
                "The Sentinels.",
                len_min=1,
                elements=Record(
                    fields={"host": String("Host.", required=True, default="127.0.0.1"), "port": node_port}
                ),
            ),
            "cluster_nodes": Array(
                "Nodes of a Redis Cluster.",
                len_min=1,
                elements=Record(fields={"ip": String("Host.", required=True, default="127.0.0.1"), "port": node_port}),
            ),
            "cluster_max_redirections": Integer("Redirections followed in a Cluster.", default=5),
            "connection_is_proxied": Boolean("Whether a proxy stands before Redis.", default=False),
        },
    )


def limit_fields() -> Record:
    entry = Record(
        "One provider's limits.",
        fields={
            "name": String(
                "The provider, or requestPrompt for the request's own size.", required=True, one_of=PROVIDERS
            ),
            "limit": OneOrMany(
                "Tokens (or USD) in each window.", required=True, len_min=1, elements=Number("A limit.", gt=0)
            ),
            "window_size": OneOrMany(
                "Sizes of the windows in seconds.", required=True, len_min=1, elements=Number("A size.", gt=0)
            ),
        },
        check=_same_length,
    )
    return Record(
        "Limits on what answers cost.",
        required=True,
        fields={
            "llm_providers": Array("The limits, by provider.", required=True, len_min=1, elements=entry),
            "strategy": String(
                "Where counts are kept: local (this node, exact across its workers), redis (shared between nodes), "
                "cluster (accepted; without a database it counts like local).",
                default="local",
                one_of=STRATEGIES,
            ),
            "window_type": String("sliding or fixed.", default="sliding", one_of=("fixed", "sliding")),
            "sync_rate": Number("Seconds between exchanges with Redis; 0 = with every request, -1 = never."),
            "identifier": String(
                "Whose use is counted together.",
                required=True,
                default="consumer",
                one_of=("ip", "credential", "consumer", "service", "header", "path", "consumer-group"),
            ),
            "header_name": String("The header to identify by."),
            "path": String("The path to identify by."),
            "tokens_count_strategy": String(
                "What is counted.",
                required=True,
                default="total_tokens",
                one_of=("total_tokens", "prompt_tokens", "completion_tokens", "cost"),
            ),
            "request_prompt_count_function": String(
                "How requestPrompt counts: tokens (an estimate), words, characters or requests."
            ),
            "error_code": Number("Status of a refusal.", default=429),
            "error_message": String("Text of a refusal; the providers are appended.", default=DEFAULT_MESSAGE),
            "error_hide_providers": Boolean("Leave the providers out of the text.", default=False),
            "hide_client_headers": Boolean("Leave out the Limit and Remaining headers.", default=False),
            "disable_penalty": Boolean("Do not charge refused requests for requestPrompt.", default=False),
            "retry_after_jitter_max": Number("Most seconds added to Retry-After at random.", default=0),
            "dictionary_name": String("Accepted for compatibility.", default="kong_rate_limiting_counters"),
            "namespace": String("Plugins of one namespace share counts. The plugin's id when not given."),
            "decrease_by_fractions_in_redis": Boolean("Accepted; fractions are always exact.", default=False),
            "llm_format": String("Accepted for compatibility.", one_of=("openai", "bedrock", "gemini", "anthropic")),
            "redis": redis_fields(),
        },
        checks=(
            Conditional("identifier", Match(eq="header"), "header_name", Match(required=True)),
            Conditional("identifier", Match(eq="path"), "path", Match(required=True)),
        ),
    )
