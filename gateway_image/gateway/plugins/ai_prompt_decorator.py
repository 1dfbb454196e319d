"""ai-prompt-decorator: messages before and after what the client said. Everything else of the request stays.

Source: Kong's documentation and the observable behaviour of Kong 3.9.1. Deviations on purpose: a content may have
100,000 bytes, as in newer versions (3.9: 500); the request's other members are kept in every mode.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.codec import CodecError, encode, members
from gateway.plugins._ai_fields import body_limit, body_size_field, llm_format_field
from gateway.plugins._base import Plugin, Setting
from gateway.plugins._prompt_body import asks_nothing, document_of, too_large
from gateway.plugins._repeat import Message, Repeat, Talk
from gateway.schema import Array, AtLeastOneOf, Record, String
from gateway.values import Reply

if TYPE_CHECKING:
    from gateway.exchange import Exchange

NOT_JSON = "this LLM route only supports application/json requests"
NO_CHAT = "this LLM route only supports llm/chat type requests"
LONGEST_CONTENT = 100_000


def _messages(help: str) -> Array:
    return Array(
        help,
        elements=Record(
            "A message.",
            fields={
                "role": String("Who says it.", one_of=("system", "assistant", "user"), default="system", required=True),
                "content": String("What is said.", len_min=1, len_max=LONGEST_CONTENT, required=True),
            },
        ),
        len_max=15,
    )


class AiPromptDecorator(Plugin):
    name = "ai-prompt-decorator"
    priority = 772
    fields = Record(
        "Puts messages before and after those of the client.",
        required=True,
        fields={
            "prompts": Record(
                "What to put where.",
                fields={
                    "prepend": _messages("Messages before the client's first."),
                    "append": _messages("Messages after the client's last."),
                },
            ),
            "max_request_body_size": body_size_field(),
            "llm_format": llm_format_field(),
        },
    )
    checks = (AtLeastOneOf("config.prompts.prepend", "config.prompts.append"),)

    def __init__(self, config: Mapping[str, Any], setting: Setting) -> None:
        super().__init__(config, setting)
        prompts = config["prompts"] or {}
        self.before: list[dict[str, str]] = [dict(message) for message in prompts.get("prepend") or ()]
        self.after: list[dict[str, str]] = [dict(message) for message in prompts.get("append") or ()]
        self.first = b"".join(encode(message) + b"," for message in self.before)
        self.last = b"".join(b"," + encode(message) for message in self.after)
        self.limit = body_limit(config)
        # Anthropic's dialect has no message of the system: what it says stands beside the messages
        self.apart: bool = config["llm_format"] == "anthropic"

    def access(self, exchange: Exchange) -> Reply | None:
        if asks_nothing(exchange):
            return None
        refused = too_large(exchange, self.limit)
        if refused is not None:
            return refused
        document = document_of(exchange)
        if document is None:
            return exchange.ai_error(400, NOT_JSON)
        messages = document.get("messages")
        if not isinstance(messages, list) or not messages:
            return exchange.ai_error(400, NO_CHAT)
        if self.apart:
            exchange.replace(self._decorated_apart(document, messages))
        else:
            self._decorate(exchange, {**document, "messages": [*self.before, *messages, *self.after]})
        return None

    def _decorate(self, exchange: Exchange, decorated: dict[str, Any]) -> None:
        """Keeps the client's own messages as they are written, which is several times cheaper than to write them."""
        if not exchange.changed:
            try:
                written = members(exchange.body)
                written["messages"] = msgspec.Raw(self.around(written["messages"]))
                exchange.respell(decorated, encode(written))
                return
            except CodecError:
                pass  # a body that only the document tells
        exchange.replace(decorated)

    def around(self, messages: bytes | msgspec.Raw) -> bytes:
        """A written array that is not empty, with ours before and after its own."""
        written = bytes(messages)
        return b"[%b%b%b]" % (self.first, written[written.index(b"[") + 1 : written.rindex(b"]")], self.last)

    def repeat(self, exchange: Exchange) -> Repeat | None:
        return None if self.apart else _Repeat(self)

    def _decorated_apart(self, document: dict[str, Any], messages: list[Any]) -> dict[str, Any]:
        given = document.get("system")
        blocks = [{"type": "text", "text": given}] if isinstance(given, str) else list(given or ())
        before = [{"type": "text", "text": message["content"]} for message in self.before if _is_system(message)]
        after = [{"type": "text", "text": message["content"]} for message in self.after if _is_system(message)]
        spoken = (
            *(message for message in self.before if not _is_system(message)),
            *messages,
            *(message for message in self.after if not _is_system(message)),
        )
        system = [*before, *blocks, *after]
        return {**document, **({"system": system} if system else {}), "messages": list(spoken)}


def _is_system(message: Mapping[str, str]) -> bool:
    return message["role"] == "system"


class _Repeat(Repeat):
    name = AiPromptDecorator.name
    looks = True

    def __init__(self, plugin: AiPromptDecorator) -> None:
        self._around = plugin.around
        self.most = plugin.limit
        self._before, self._after = (
            tuple(Message(message["role"], message["content"]) for message in messages)
            for messages in (plugin.before, plugin.after)
        )

    def access(self, talk: Talk) -> bool:
        talk.messages = self._around(talk.messages)
        talk.turns = (*self._before, *talk.turns, *self._after)
        return True


PLUGIN = AiPromptDecorator
