"""ai-prompt-guard: requests are let through or refused by regular expressions over what was said.

It runs after the template and the decorator, so it judges what the model would read. Source: Kong's documentation and
the observable behaviour of Kong 3.9.1. Deviations on purpose: contents in parts (pictures beside text) are looked at
instead of refused; patterns run on a linear-time engine and one that does not compile is a configuration error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gateway.errors import ConfigError
from gateway.patterns import PatternError, compile_pattern
from gateway.plugins._ai_fields import body_size_field, llm_format_field
from gateway.plugins._base import Plugin, Setting
from gateway.plugins._prompt_body import Turn, UnreadablePrompt, document_of, too_large, turns
from gateway.schema import Array, AtLeastOneOf, Boolean, Conditional, Match, Record, String
from gateway.values import Reply

if TYPE_CHECKING:
    from gateway.exchange import Exchange

REFUSED = "bad request"


def _patterns(help: str) -> Array:
    return Array(help, elements=String("A regular expression, found anywhere.", len_min=1, len_max=500), len_max=10)


class AiPromptGuard(Plugin):
    name = "ai-prompt-guard"
    priority = 771
    fields = Record(
        "Lets prompts through, or refuses them, by patterns.",
        required=True,
        fields={
            "allow_patterns": _patterns("When given, a prompt must match one of these."),
            "deny_patterns": _patterns("A prompt that matches one of these is refused, whatever else it matches."),
            "allow_all_conversation_history": Boolean(
                "Judge the user's last message only and leave the conversation before it alone.",
                default=False,
                required=True,
            ),
            "max_request_body_size": body_size_field(),
            "match_all_roles": Boolean(
                "Judge what the system and the assistant said too.", default=False, required=True
            ),
            "llm_format": llm_format_field(),
        },
    )
    checks = (
        AtLeastOneOf("config.allow_patterns", "config.deny_patterns"),
        Conditional("config.match_all_roles", Match(eq=True), "config.allow_all_conversation_history", Match(eq=False)),
    )

    def __init__(self, config: Mapping[str, Any], setting: Setting) -> None:
        super().__init__(config, setting)
        problems: dict[str, list[str | None]] = {}
        self.deny = _compiled(config, "deny_patterns", problems)
        self.allow = _compiled(config, "allow_patterns", problems)
        if problems:
            raise ConfigError({"config": problems})
        self.limit: int | None = config["max_request_body_size"]
        self.all_roles: bool = config["match_all_roles"]
        self.last_only: bool = config["allow_all_conversation_history"]

    def access(self, exchange: Exchange) -> Reply | None:
        refused = too_large(exchange, self.limit)
        if refused is not None:
            return refused
        document = document_of(exchange)
        if document is None:
            return exchange.ai_error(400, REFUSED)
        try:
            judged = [turn for turn in turns(document) if turn.by_user or self.all_roles]
        except UnreadablePrompt:
            return exchange.ai_error(400, REFUSED)
        words = self._words(judged, " ")
        if self._denied(words):
            return exchange.ai_error(400, REFUSED)
        if any(len(turn.parts) > 1 for turn in judged) and self._denied(self._words(judged, "")):
            return exchange.ai_error(400, REFUSED)  # a word must not get through by being cut into two parts
        if self.allow and not any(pattern.search(words) for pattern in self.allow):
            return exchange.ai_error(400, REFUSED)
        return None

    def _words(self, judged: list[Turn], glue: str) -> bytes:
        """What the patterns see, as Kong puts it together: the newest message first, a blank after each."""
        if self.last_only:
            return glue.join(judged[-1].parts).encode("utf-8", "replace") if judged else b""
        return "".join(glue.join(turn.parts) + " " for turn in reversed(judged)).encode("utf-8", "replace")

    def _denied(self, words: bytes) -> bool:
        return any(pattern.search(words) for pattern in self.deny)


def _compiled(config: Mapping[str, Any], name: str, problems: dict[str, list[str | None]]) -> tuple[Any, ...]:
    """The patterns of one field; what is wrong with them is added to `problems` at their place."""
    compiled: list[Any] = []
    errors: list[str | None] = []
    for pattern in config[name] or ():
        try:
            compiled.append(compile_pattern(pattern))
            errors.append(None)
        except PatternError as error:
            errors.append(str(error))
    if any(errors):
        problems[name] = errors
    return tuple(compiled)


PLUGIN = AiPromptGuard
