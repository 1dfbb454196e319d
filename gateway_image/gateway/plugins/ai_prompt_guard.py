"""ai-prompt-guard: requests are let through or refused by regular expressions over what was said.

It runs after the template and the decorator, so it judges what the model would read. Source: Kong's documentation and
the observable behaviour of Kong 3.9.1. Deviations on purpose: contents in parts (pictures beside text) are looked at
instead of refused; patterns run on a linear-time engine and one that does not compile is a configuration error.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from gateway.errors import ConfigError
from gateway.patterns import PatternError, compile_pattern, literal
from gateway.plugins._ai_fields import body_limit, body_size_field, llm_format_field
from gateway.plugins._base import Plugin, Setting
from gateway.plugins._prompt_body import Turn, UnreadablePrompt, asks_nothing, by_user, document_of, too_large, turns
from gateway.plugins._repeat import Repeat, Talk
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
        self.limit = body_limit(config)
        self.all_roles: bool = config["match_all_roles"]
        self.last_only: bool = config["allow_all_conversation_history"]

    def access(self, exchange: Exchange) -> Reply | None:
        if asks_nothing(exchange):
            return None
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
        if not self.passes(self._words(judged, " ")):
            return exchange.ai_error(400, REFUSED)
        if self.deny is not None and any(len(turn.parts) > 1 for turn in judged):
            # a word must not get through by being cut into two parts
            return exchange.ai_error(400, REFUSED) if self.deny.search(self._words(judged, "")) else None
        return None

    def _words(self, judged: list[Turn], glue: str) -> bytes:
        return self.words([glue.join(turn.parts) for turn in judged])

    def words(self, said: list[str]) -> bytes:
        """What the patterns see, as Kong puts it together: the newest message first, a blank after each."""
        if self.last_only:
            return said[-1].encode("utf-8", "replace") if said else b""
        said.reverse()
        return " ".join([*said, ""]).encode("utf-8", "replace")

    def passes(self, words: bytes) -> bool:
        if self.deny is not None and self.deny.search(words):
            return False
        return self.allow is None or self.allow.search(words)

    def repeat(self, exchange: Exchange) -> Repeat:
        return _Repeat(self)


class _Repeat(Repeat):
    name = AiPromptGuard.name
    looks = True

    def __init__(self, plugin: AiPromptGuard) -> None:
        self._passes, self._words = plugin.passes, plugin.words
        self._all_roles = plugin.all_roles
        self.most = plugin.limit

    def access(self, talk: Talk) -> bool:
        everyone = self._all_roles
        said = [turn.content for turn in talk.turns if turn.role == "user" or everyone or by_user(turn.role)]
        return self._passes(self._words(said))


class _Patterns:
    """Several patterns, of which one is to be found. Plain texts need no engine."""

    __slots__ = ("_engines", "_texts")

    def __init__(self, given: list[str], compiled: list[Any]) -> None:
        texts = [literal(pattern) for pattern in given]
        self._texts = [text for text in texts if text is not None]
        self._engines = [engine for text, engine in zip(texts, compiled, strict=True) if text is None]
        left = [pattern for text, pattern in zip(texts, given, strict=True) if text is None]
        if len(left) > 1:
            with suppress(PatternError):  # too large together
                self._engines = [compile_pattern("|".join(f"(?:{pattern})" for pattern in left))]

    def search(self, words: bytes) -> bool:
        for text in self._texts:
            if text in words:
                return True
        return any(engine.search(words) for engine in self._engines) if self._engines else False


def _compiled(config: Mapping[str, Any], name: str, problems: dict[str, list[str | None]]) -> _Patterns | None:
    """The patterns of one field, None without patterns; what is wrong is added to `problems` at its place."""
    given: list[str] = config[name] or []
    compiled: list[Any] = []
    errors: list[str | None] = []
    for pattern in given:
        try:
            compiled.append(compile_pattern(pattern))
            errors.append(None)
        except PatternError as error:
            errors.append(str(error))
    if any(errors):
        problems[name] = errors
    return _Patterns(given, compiled) if given and not any(errors) else None


PLUGIN = AiPromptGuard
