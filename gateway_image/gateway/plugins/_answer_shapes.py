"""The members of an untranslated answer that matter to the gateway, as types: decoding only these is several times
cheaper than decoding everything. Not for: translated answers (providers), streams (sse).
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from gateway.chat import MOST_TOKENS, Usage

Count = Annotated[int, msgspec.Meta(ge=0, le=MOST_TOKENS)]


class PromptDetails(msgspec.Struct, gc=False):
    cached_tokens: Count = 0
    cache_write_tokens: Count = 0


class CompletionDetails(msgspec.Struct, gc=False):
    reasoning_tokens: Count = 0


class Tokens(msgspec.Struct, gc=False):
    prompt_tokens: Count
    completion_tokens: Count
    total_tokens: Count
    prompt_tokens_details: PromptDetails | None = None
    completion_tokens_details: CompletionDetails | None = None


class Usual(msgspec.Struct, gc=False):
    """An answer as nearly all are; whatever does not fit is read the slow and lenient way."""

    choices: list[msgspec.Raw]
    usage: Tokens
    model: str


class Answer(msgspec.Struct, gc=False):
    """The members of an untranslated answer that matter here; decoding only these is cheap."""

    choices: msgspec.Raw = msgspec.Raw()
    usage: Any = None
    model: Any = None


read_answer = msgspec.json.Decoder(Answer).decode
"""The members whatever they are. Raises msgspec.DecodeError for what is no object."""
_read_usual = msgspec.json.Decoder(Usual).decode


def usual_usage(body: bytes) -> tuple[Usage, str] | None:
    """What an answer as nearly all are used, and its model; None for any other."""
    try:
        usual = _read_usual(body)
    except msgspec.DecodeError:
        return None
    tokens = usual.usage
    prompt, completion, total = tokens.prompt_tokens, tokens.completion_tokens, tokens.total_tokens
    if prompt + completion != total:
        return None
    usage = Usage(prompt, completion, total)
    details = tokens.prompt_tokens_details
    if details is not None:
        usage.cached_tokens = details.cached_tokens
        usage.cache_write_tokens = details.cache_write_tokens
    if tokens.completion_tokens_details is not None:
        usage.reasoning_tokens = tokens.completion_tokens_details.reasoning_tokens
    return usage, usual.model
