"""The body that the prompt plugins (template, decorator, guard) work on, and the words in it, by who said them.
Not for: refusing or changing anything; each plugin has its own words for that.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gateway.values import Reply

if TYPE_CHECKING:
    from gateway.exchange import Exchange

_OTHERS = frozenset(("system", "developer", "assistant", "model", "tool", "function"))
"""Roles that are not the user's. Anything else counts as the user: an invented role is no way around a guard."""


class UnreadablePrompt(Exception):
    """A body whose words cannot be found: what cannot be looked at cannot be let through."""


def document_of(exchange: Exchange) -> dict[str, Any] | None:
    """The request's JSON object; None when the body is something else or said to be."""
    kind = exchange.request.fields.get(b"content-type")
    if kind is not None and not exchange.changed and kind[:16].lower() != b"application/json":
        return None
    document = exchange.document()
    return document if isinstance(document, dict) else None


def asks_nothing(exchange: Exchange) -> bool:
    """Whether there is no prompt that could be judged or changed: somebody lists the models, say, on a gateway whose
    guard is global."""
    return exchange.request.method in (b"GET", b"HEAD") and not exchange.request.body


def too_large(exchange: Exchange, limit: int) -> Reply | None:
    """The refusal of a body over max_request_body_size."""
    if len(exchange.request.body) <= limit:
        return None
    return exchange.ai_error(
        413,
        f"request body has {len(exchange.request.body)} bytes, more than max_request_body_size ({limit}) allows",
    )


def by_user(role: str) -> bool:
    """Whether a message with this role counts as the user's."""
    return role.lower() not in _OTHERS


class Turn:
    """What one side said at once. `parts`: the texts of one message, which a provider may join in any way."""

    __slots__ = ("by_user", "parts")

    def __init__(self, role: Any, parts: list[str]) -> None:
        self.by_user = not isinstance(role, str) or by_user(role)
        self.parts = parts


def turns(document: dict[str, Any]) -> list[Turn]:
    """Everything said in a request, oldest first: Chat Completions, Completions, Responses, Messages, Gemini, Converse.

    Raises UnreadablePrompt for a body without words, or with some that no one can read.
    """
    found = [
        Turn("system", list(_texts(document[name])))
        for name in ("system", "instructions", "systemInstruction", "system_instruction")
        if document.get(name) is not None
    ]
    spoken = 0
    for name in ("messages", "contents", "input"):
        given = document.get(name)
        if given is None:
            continue
        if isinstance(given, str) and name == "input":
            found.append(Turn("user", [given]))
        elif isinstance(given, list) and given:
            found += (_turn(message, strict=name != "input") for message in given)
        else:
            raise UnreadablePrompt(name)
        spoken += 1
    prompt = document.get("prompt")
    if prompt is not None:
        prompts = prompt if isinstance(prompt, list) else [prompt]
        if not prompts or not all(isinstance(text, str) for text in prompts):
            raise UnreadablePrompt("prompt")
        found += (Turn("user", [text]) for text in prompts)
        spoken += 1
    if not spoken:
        raise UnreadablePrompt("no prompt")
    return found


def _turn(message: Any, strict: bool) -> Turn:
    if isinstance(message, str) and not strict:
        return Turn("user", [message])
    if not isinstance(message, dict):
        raise UnreadablePrompt("message")
    content = message.get("content", message.get("parts", message.get("output")))
    return Turn(message.get("role"), [content] if type(content) is str else list(_texts(content)))


def _texts(content: Any) -> Iterator[str]:
    """The texts in a content: a string, or parts, of which those without words (pictures, sounds) are passed over."""
    stack = [content]
    while stack:
        item = stack.pop()
        if item is None:
            continue
        if isinstance(item, str):
            yield item
        elif isinstance(item, list):
            stack.extend(reversed(item))
        elif isinstance(item, dict):
            # a tool's result holds contents again, a document its source
            stack.extend(item[name] for name in ("source", "content", "parts", "refusal", "text") if name in item)
            if item.get("type") == "text" and "data" in item:
                stack.append(item["data"])
        else:
            raise UnreadablePrompt("content")
