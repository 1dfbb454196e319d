"""The configuration of ai-rate-limiting-advanced. Source: Kong's published schemas 3.7 to 3.15; a single number for
`limit` and `window_size`, as before 3.10, is taken as a list of one. Not for: counting.
"""

from __future__ import annotations

from typing import Any

from gateway.plugins._redis_fields import advanced_redis_fields
from gateway.schema import Array, Boolean, Conditional, Match, Number, Record, String
from gateway.schema.fields import Cleaned

DEFAULT_MESSAGE = "AI token rate limit exceeded for provider(s): "
OLD_MESSAGE = "API rate limit exceeded for provider(s): "  # before Kong 3.9
PROVIDERS = (
    "openai", "azure", "anthropic", "cohere", "mistral", "llama2", "bedrock", "gemini", "huggingface", "requestPrompt",
)  # fmt: skip
STRATEGIES = ("local", "redis", "cluster")
SHORTEST_SYNC = 0.02


class OneOrMany(Array):
    """An array that also takes its only element without brackets."""

    def clean(self, value: Any) -> Cleaned:
        single = isinstance(value, (int, float)) and not isinstance(value, bool)
        return super().clean([value] if single else value)


def _same_length(entry: Any) -> str | None:
    limits, sizes = entry.get("limit") or [], entry.get("window_size") or []
    return None if len(limits) == len(sizes) else "You must provide the same number of windows and limits"


def _sync_rate(value: float) -> str | None:
    if 0 < value < SHORTEST_SYNC:
        return f"must be 0, -1 or at least {SHORTEST_SYNC} seconds"
    return None


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
                "cluster (accepted; without a database it counts like local: redis is what spans nodes).",
                default="local",
                one_of=STRATEGIES,
            ),
            "window_type": String("sliding or fixed.", default="sliding", one_of=("fixed", "sliding")),
            "sync_rate": Number(
                "Seconds between exchanges with Redis; 0 or none = with every request, -1 = never: this node counts "
                "alone.",
                check=_sync_rate,
            ),
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
            "redis": advanced_redis_fields(),
        },
        checks=(
            Conditional("identifier", Match(eq="header"), "header_name", Match(required=True)),
            Conditional("identifier", Match(eq="path"), "path", Match(required=True)),
        ),
    )
