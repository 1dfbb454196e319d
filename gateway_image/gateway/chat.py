"""The words of a chat in OpenAI's dialect: usage, chunks, finish reasons, message contents. Not for: any one
provider's dialect (gateway/providers) or for framing (gateway/sse).

Everything here takes what strangers sent: a wrong type is treated as absent and never raises.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = Any
FINISH_REASONS = frozenset({"stop", "length", "tool_calls", "content_filter", "function_call"})
MOST_TOKENS = 1 << 48
"""A count beyond this is nonsense; kept out so that sums and JSON numbers stay exact."""
DONE = b"data: [DONE]\n\n"


def count(value: Json) -> int:
    """A token count from an upstream: what is no whole number between 0 and MOST_TOKENS counts as 0."""
    if type(value) is int or (type(value) is float and value.is_integer()):
        return int(value) if 0 <= value <= MOST_TOKENS else 0
    return 0


def mapping(value: Json) -> dict[str, Json]:
    """`value` when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Json) -> list[Json]:
    """`value` when it is an array, else an empty one."""
    return value if isinstance(value, list) else []


def string(value: Json) -> str:
    """`value` when it is a string, else the empty one."""
    return value if isinstance(value, str) else ""


@dataclass(slots=True)
class Usage:
    """Tokens of one answer. As in OpenAI's dialect `cached_tokens` and `cache_write_tokens` are part of `prompt_tokens`
    and `reasoning_tokens` part of `completion_tokens`."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    estimated: bool = False  # counted by this gateway because the provider reported nothing

    @classmethod
    def of(
        cls,
        prompt: Json,
        completion: Json,
        *,
        total: Json = None,
        cached: Json = None,
        cache_write: Json = None,
        reasoning: Json = None,
    ) -> Usage:
        """From a provider's own counts; a missing total is the sum."""
        prompt, completion = count(prompt), count(completion)
        return cls(
            prompt,
            completion,
            count(total) or prompt + completion,
            count(cached),
            count(cache_write),
            count(reasoning),
        )

    @classmethod
    def from_openai(cls, value: Json) -> Usage | None:
        """From a `usage` object of Chat Completions, Embeddings or Responses; None when it says nothing."""
        if not isinstance(value, dict):
            return None
        prompt = value.get("prompt_tokens", value.get("input_tokens"))
        completion = value.get("completion_tokens", value.get("output_tokens"))
        if prompt is None and completion is None:
            return None
        prompt_details = mapping(value.get("prompt_tokens_details", value.get("input_tokens_details")))
        completion_details = mapping(value.get("completion_tokens_details", value.get("output_tokens_details")))
        found = cls.of(
            prompt,
            completion,
            total=value.get("total_tokens"),
            cached=prompt_details.get("cached_tokens", value.get("prompt_cache_hit_tokens")),
            cache_write=prompt_details.get("cache_write_tokens"),
            reasoning=completion_details.get("reasoning_tokens", value.get("reasoning_tokens")),
        )
        left_out = found.total_tokens - found.prompt_tokens - found.completion_tokens
        if found.reasoning_tokens and left_out == found.reasoning_tokens:
            found.completion_tokens += left_out  # xAI counts reasoning beside the completion on some models
        return found

    def to_openai(self) -> dict[str, Json]:
        """The `usage` object for a client; details only where something is known."""
        shown: dict[str, Json] = {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.total_tokens,
        }
        if self.cached_tokens or self.cache_write_tokens:
            details = {"cached_tokens": self.cached_tokens}
            if self.cache_write_tokens:
                details["cache_write_tokens"] = self.cache_write_tokens
            shown["prompt_tokens_details"] = details
        if self.reasoning_tokens:
            shown["completion_tokens_details"] = {"reasoning_tokens": self.reasoning_tokens}
        return shown
