"""The members of an untranslated answer that matter to the gateway, as types: decoding only these is several times
cheaper than decoding everything. Not for: translated answers (providers), streams (sse).
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from gateway.chat import MOST_TOKENS

Count = Annotated[int, msgspec.Meta(ge=0, le=MOST_TOKENS)]


class PromptDetails(msgspec.Struct):
    cached_tokens: Count = 0
    cache_write_tokens: Count = 0


class CompletionDetails(msgspec.Struct):
    reasoning_tokens: Count = 0


class Tokens(msgspec.Struct):
    prompt_tokens: Count
    completion_tokens: Count
    total_tokens: Count
    prompt_tokens_details: PromptDetails | None = None
    completion_tokens_details: CompletionDetails | None = None


class Usual(msgspec.Struct):
    """An answer as nearly all are; whatever does not fit is read the slow and lenient way."""

    choices: msgspec.Raw
    usage: Tokens
    model: str


class Answer(msgspec.Struct):
    """The members of an untranslated answer that matter here; decoding only these is cheap."""

    choices: msgspec.Raw = msgspec.Raw()
    usage: Any = None
    model: Any = None


read_answer = msgspec.json.Decoder(Answer).decode
"""The members whatever they are. Raises msgspec.DecodeError for what is no object."""
read_usual = msgspec.json.Decoder(Usual).decode
"""An answer as nearly all are. Raises msgspec.DecodeError for any other."""
