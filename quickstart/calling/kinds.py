"""The kinds of snippets as people type them, and which of the gateway's snippets each is. Pure.

Not for: the snippets' texts, which the gateway makes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """`title` is the snippet's name in the gateway, `tail` how a route's path must end ("" = the shortest path),
    `operation` what the route does, `first` the public names it likes best."""

    title: str
    operation: str = "chat"
    tail: str = ""
    first: tuple[str, ...] = ()


KINDS: Mapping[str, Kind] = {
    "curl": Kind("curl"),
    "python": Kind("Python", tail="/v1/chat/completions"),
    "node": Kind("Node"),
    "langchain": Kind("LangChain", tail="/v1/chat/completions"),
    "claude-code": Kind("Claude Code", "messages", "/v1/messages", ("anthropic",)),
    "codex": Kind("Codex", "responses", "/v1/responses", ("openai",)),
}
