"""OpenAI's chunks as the events of a Messages stream. Not for: whole answers (anthropic.py)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.codec import CodecError, decode, encode
from gateway.dialects._base import Asked, Retelling
from gateway.dialects._call_ids import packed

Json = Any


class MessagesStream(Retelling):
    """Blocks come one after the other and each is closed before the next, as at Anthropic. What begins while a tool
    call's arguments are still incomplete waits for the end."""

    def __init__(
        self,
        asked: Asked,
        thinks: bool,
        head: Callable[[str], dict[str, Json]],
        ending: Callable[[MessagesStream], tuple[dict[str, Json], dict[str, Json]]],
        error: Callable[[str, str], dict[str, Json]],
    ) -> None:
        super().__init__(asked)
        self._thinks = thinks  # the client asked to see what the model thought
        self._head = head
        self._ending = ending
        self._error = error
        self._started = False
        self._index = -1
        self._open = ""  # type of the open block
        self._tool = -1  # position of the open tool call
        self._parts: list[str] = []  # arguments of the open tool call
        self._waiting: dict[int, list[Json]] = {}  # position -> id, name, extra, arguments...
        self._later: list[tuple[str, str]] = []  # text (or thinking) that came inside a tool call
        self.tools = 0  # tool calls told

    # -- what is told -------------------------------------------------------------------------------------------

    def text(self, text: str) -> bytes:
        if self._busy():
            self._later.append(("text", text))
            return b""
        return self._into("text", {"text": ""}) + self._delta({"type": "text_delta", "text": text})

    def reasoning(self, text: str) -> bytes:
        if not self._thinks:
            return b""
        if self._busy():
            self._later.append(("thinking", text))
            return b""
        start = self._into("thinking", {"thinking": "", "signature": ""})
        return start + self._delta({"type": "thinking_delta", "thinking": text})

    def tool(self, position: int, identity: str, name: str, extra: Json) -> bytes:
        if position == self._tool or position in self._waiting:
            return b""
        if self._busy():
            self._waiting[position] = [identity, name, extra]
            return b""
        return self._call(position, identity, name, extra)

    def arguments(self, position: int, text: str) -> bytes:
        if position == self._tool and self._open == "tool_use":
            self._parts.append(text)
            return self._delta({"type": "input_json_delta", "partial_json": text})
        if position in self._waiting:
            self._waiting[position].append(text)
        return b""

    def waiting(self) -> bytes:
        return event({"type": "ping"})

    def finish(self) -> bytes:
        out = self.begin() + self._close()
        for position, (identity, name, extra, *parts) in self._waiting.items():
            out += self._call(position, identity, name, extra)
            if parts:
                out += self._delta({"type": "input_json_delta", "partial_json": "".join(parts)})
            out += self._close()
        for kind, text in self._later:
            out += self.text(text) if kind == "text" else self.reasoning(text)
        out += self._close()
        delta, usage = self._ending(self)
        out += event({"type": "message_delta", "delta": delta, "usage": usage})
        return out + event({"type": "message_stop"})

    def failed(self, message: str, code: str) -> bytes:
        return event(self._error(message, code))

    # -- blocks -------------------------------------------------------------------------------------------------

    def begin(self) -> bytes:
        if self._started:
            return b""
        self._started = True
        return event({"type": "message_start", "message": self._head(self.model)})

    def _into(self, kind: str, block: dict[str, Json]) -> bytes:
        """Opens a block of this type unless one is open."""
        if self._open == kind:
            return b""
        out = self.begin() + self._close()
        self._index += 1
        self._open = kind
        started = {"type": "content_block_start", "index": self._index, "content_block": {"type": kind, **block}}
        return out + event(started)

    def _close(self) -> bytes:
        if not self._open:
            return b""
        self._open = ""
        self._tool = -1
        return event({"type": "content_block_stop", "index": self._index})

    def _delta(self, delta: dict[str, Json]) -> bytes:
        return event({"type": "content_block_delta", "index": self._index, "delta": delta})

    def _call(self, position: int, identity: str, name: str, extra: Json) -> bytes:
        out = self.begin() + self._close()
        identity = identity or f"toolu_{self.asked.identity}_{position}"
        out += self._into("tool_use", {"id": packed(identity, extra), "name": name, "input": {}})
        self._tool = position
        self._parts = []
        self.tools += 1
        return out

    def _busy(self) -> bool:
        """Whether the open tool call may still get arguments."""
        if self._open != "tool_use":
            return False
        try:
            decode("".join(self._parts).encode("utf-8", "replace"))
        except CodecError:
            return True
        return False


def event(value: dict[str, Json]) -> bytes:
    """One event; its name says what its data's type says, and clients drop events without a name."""
    kind: str = value["type"]
    return b"event: " + kind.encode() + b"\ndata: " + encode(value) + b"\n\n"
