"""OpenAI's chunks as the events of a Responses stream: items are added, filled and done, each event with a
sequence_number. Not for: whole answers (responses.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.codec import encode
from gateway.dialects._base import Asked, Retelling
from gateway.dialects._call_ids import packed

Json = Any
Skeleton = Callable[[str, list[dict[str, Json]], str, "ResponsesStream | None"], dict[str, Json]]
_TEXTS = {  # kind of item's part -> event's word, member that holds the text
    "output_text": ("output_text", "text"),
    "refusal": ("refusal", "refusal"),
    "reasoning_text": ("reasoning_text", "text"),
}


class ResponsesStream(Retelling):
    """`skeleton(model, output, status, stream)` makes a whole response object."""

    def __init__(self, asked: Asked, skeleton: Skeleton) -> None:
        super().__init__(asked)
        self._skeleton = skeleton
        self._number = 0
        self._started = False
        self.output: list[dict[str, Json]] = []
        self._part = ""  # kind of the open text part
        self._texts: list[str] = []
        self._calls: dict[int, int] = {}  # position of a tool call -> its place in output
        self._arguments: dict[int, list[str]] = {}

    # -- what is told -------------------------------------------------------------------------------------------

    def text(self, text: str) -> bytes:
        return self._say("output_text", text)

    def refusal(self, text: str) -> bytes:
        return self._say("refusal", text)

    def reasoning(self, text: str) -> bytes:
        return self._say("reasoning_text", text)

    def tool(self, position: int, identity: str, name: str, extra: Json) -> bytes:
        if position in self._calls:
            return b""
        out = self.begin() + self._end_part()
        place = self._calls[position] = len(self.output)
        self._arguments[position] = []
        call_id = packed(identity or f"call_{self.asked.identity}_{position}", extra)
        item = {"id": self._id("fc"), "type": "function_call", "status": "in_progress", "call_id": call_id}
        self.output.append({**item, "name": name, "arguments": ""})
        return out + self._event("output_item.added", output_index=place, item=self.output[place])

    def arguments(self, position: int, text: str) -> bytes:
        place = self._calls.get(position)
        if place is None:
            return b""
        self._arguments[position].append(text)
        identity = self.output[place]["id"]
        return self._event("function_call_arguments.delta", item_id=identity, output_index=place, delta=text)

    def waiting(self) -> bytes:
        return b": waiting\n\n"

    def finish(self) -> bytes:
        out = self.begin() + self._end_part()
        for position, place in self._calls.items():
            text = "".join(self._arguments[position]) or "{}"
            item = self.output[place] = {**self.output[place], "status": "completed", "arguments": text}
            about = {"item_id": item["id"], "output_index": place, "name": item["name"], "arguments": text}
            out += self._event("function_call_arguments.done", **about)
            out += self._event("output_item.done", output_index=place, item=item)
        status = "incomplete" if self.reason in ("length", "content_filter") else "completed"
        return out + self._event(status, response=self._skeleton(self.model, self.output, status, self))

    def failed(self, message: str, code: str) -> bytes:
        """Twice: as this dialect says it, and with an `error` member, without which the SDK raises nothing."""
        whole = self._skeleton(self.model, self.output, "failed", None)
        whole["error"] = {"code": "server_error", "message": message}
        out = self.begin() + self._event("failed", response=whole)
        told = {"message": message, "type": "upstream_error", "param": None, "code": code}
        self._number += 1
        error = {"type": "error", "sequence_number": self._number - 1, "code": code, "message": message, "param": None}
        return out + b"event: error\ndata: " + encode({**error, "error": told}) + b"\n\n"

    # -- items --------------------------------------------------------------------------------------------------

    def begin(self) -> bytes:
        if self._started:
            return b""
        self._started = True
        whole = self._skeleton(self.model, [], "in_progress", None)
        return self._event("created", response=whole) + self._event("in_progress", response=whole)

    def _say(self, kind: str, text: str) -> bytes:
        out = b""
        if self._part != kind:
            out = self.begin() + self._end_part() + self._begin_part(kind)
        self._texts.append(text)
        word, _ = _TEXTS[kind]
        return out + self._event(f"{word}.delta", **self._place(), **_logs(word), delta=text)

    def _begin_part(self, kind: str) -> bytes:
        self._part = kind
        place = len(self.output)
        if kind == "reasoning_text":
            item: dict[str, Json] = {"id": self._id("rs"), "type": "reasoning", "summary": []}
        else:
            item = {"id": self._id("msg"), "type": "message", "role": "assistant"}
        item |= {"status": "in_progress", "content": []}
        self.output.append(item)
        out = self._event("output_item.added", output_index=place, item=item)
        return out + self._event("content_part.added", **self._place(), part=part_of(kind, ""))

    def _end_part(self) -> bytes:
        if not self._part:
            return b""
        word, member = _TEXTS[self._part]
        text = "".join(self._texts)
        place = self._place()
        part = part_of(self._part, text)
        out = self._event(f"{word}.done", **place, **_logs(word), **{member: text})
        out += self._event("content_part.done", **place, part=part)
        item = self.output[-1] = {**self.output[-1], "status": "completed", "content": [part]}
        self._part = ""
        self._texts = []
        return out + self._event("output_item.done", output_index=place["output_index"], item=item)

    def _place(self) -> dict[str, Json]:
        """Where the open part stands: a text part's item is always the last one."""
        place = len(self.output) - 1
        return {"item_id": self.output[place]["id"], "output_index": place, "content_index": 0}

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{self.asked.identity}_{len(self.output)}"

    def _event(self, name: str, /, **members: Json) -> bytes:
        kind = f"response.{name}"
        value = {"type": kind, "sequence_number": self._number, **members}
        self._number += 1
        return b"event: " + kind.encode() + b"\ndata: " + encode(value) + b"\n\n"


def part_of(kind: str, text: str) -> dict[str, Json]:
    """A part of a message's or reasoning item's content."""
    part: dict[str, Json] = {"type": kind, _TEXTS[kind][1]: text}
    if kind == "output_text":
        part |= {"annotations": [], "logprobs": []}
    return part


def _logs(word: str) -> dict[str, Json]:
    return {"logprobs": []} if word == "output_text" else {}
