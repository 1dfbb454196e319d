"""Streams in pieces: server-sent events, newline-delimited JSON, and the usage in an OpenAI stream that only passes.
Not for: what a provider's events mean (gateway/providers).

Pieces come as the network cut them, so everything here gives the same result however the bytes are split. Memory is
bounded: an event beyond the limit is an error (SseError), or, where bytes only pass, is no longer looked at.
"""

from __future__ import annotations

import re

from gateway.chat import DONE, Usage, mapping, string
from gateway.codec import CodecError, decode

LIMIT = 8 << 20
"""Most bytes of one event or line, by default. A generated image in one event is some megabytes."""
_BOM = b"\xef\xbb\xbf"
_CONTENT = re.compile(rb'"(?:content|text)":\s?"([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL)
_BLANK = re.compile(rb"(\r?\n(?:\r?\n)+)")
_DONE = re.compile(rb"^data: ?\[DONE\]\r?$", re.MULTILINE)
_USED = b'_tokens":'
"""Every usage has such a member; `"usage":null`, which some send with every event, has none."""
_FAILED = b'"error":'
_SIZE = re.compile(rb"^[0-9A-Fa-f]{1,4}\r\n", re.MULTILINE)  # of a chunk, where events came in theirs
_SAMPLES = 4
_ENOUGH = 8
"""Events that are kept to take samples from, if need be: only a stream that tells no usage is estimated."""
_EARLY = 16 << 10
"""Bytes of each block of them."""
_LAST_RESPONSES = ("response.completed", "response.incomplete")  # which a Responses stream has in place of [DONE]


class SseError(ValueError):
    """A stream that cannot be read on. `str()` says why."""


class LineSplitter:
    """Cuts pieces into lines at LF, CRLF or CR. Blank lines are kept: they mean something in SSE."""

    __slots__ = ("_after_cr", "_held", "_limit", "_size")

    def __init__(self, limit: int = LIMIT) -> None:
        self._held: list[bytes] = []  # parts of the line that has no end yet
        self._size = 0
        self._limit = limit
        self._after_cr = False

    def feed(self, piece: bytes) -> list[bytes]:
        """Lines that `piece` completed, without their ends."""
        if self._after_cr and piece:
            self._after_cr = False
            if piece[:1] == b"\n":
                piece = piece[1:]
        if b"\r" in piece:
            self._after_cr = piece[-1:] == b"\r"
            piece = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = piece.split(b"\n")
        rest = lines.pop()
        if lines and self._held:
            self._held.append(lines[0])
            lines[0] = b"".join(self._held)
            self._held.clear()
            self._size = 0
        if rest:
            self._held.append(rest)
            self._size += len(rest)
        if self._size > self._limit or any(len(line) > self._limit for line in lines):
            raise SseError(f"a line of the stream is longer than {self._limit} bytes")
        return lines

    def flush(self) -> list[bytes]:
        """The last line, when the stream ended without ending it."""
        rest = b"".join(self._held)
        self._held.clear()
        self._size = 0
        return [rest] if rest else []


class SseParser:
    """Server-sent events by the WHATWG grammar: (event name, data). Comments, ids and retry times are dropped."""

    __slots__ = ("_data", "_first", "_limit", "_lines", "_name", "_size")

    def __init__(self, limit: int = LIMIT) -> None:
        self._lines = LineSplitter(limit)
        self._data: list[bytes] = []
        self._name = "message"
        self._first = True
        self._limit = limit
        self._size = 0

    def feed(self, piece: bytes) -> list[tuple[str, bytes]]:
        """Events that `piece` completed. Raises SseError."""
        events: list[tuple[str, bytes]] = []
        for line in self._lines.feed(piece):
            self._line(line, events)
        return events

    def flush(self) -> list[tuple[str, bytes]]:
        """The event that the end of the stream left without its blank line. Browsers drop it; providers mean it."""
        events: list[tuple[str, bytes]] = []
        for line in self._lines.flush():
            self._line(line, events)
        self._line(b"", events)
        return events

    def _line(self, line: bytes, events: list[tuple[str, bytes]]) -> None:
        if self._first:
            self._first = False
            line = line.removeprefix(_BOM)
        if not line:
            if self._data:
                events.append((self._name, b"\n".join(self._data)))
                self._data = []
                self._size = 0
            self._name = "message"
            return
        field, _, value = line.partition(b":")
        if field == b"data":
            value = value.removeprefix(b" ")
            self._size += len(value) + 1
            if self._size > self._limit:
                raise SseError(f"an event of the stream is larger than {self._limit} bytes")
            self._data.append(value)
        elif field == b"event":
            self._name = value.removeprefix(b" ").decode("utf-8", "replace") or "message"


class UsageScanner:
    """Watches an OpenAI stream that passes: usage, `[DONE]`, errors, and about how much text there was.

    Bytes are handed on by whole events: where the upstream breaks off in the middle of one, the client never sees half
    of it, and what it is told then is an event of its own. With `strip` the usage-only event (`choices: []`) is taken
    out, for a client that did not ask for it.
    """

    __slots__ = (
        "_blind",
        "_bytes",
        "_early",
        "_envelope",
        "_events",
        "_held",
        "_held_size",
        "_limit",
        "_samples",
        "_seen",
        "_tail",
        "done",
        "error",
        "strip",
        "usage",
    )

    def __init__(self, strip: bool = False, limit: int = LIMIT) -> None:
        self.strip = strip
        self.usage: Usage | None = None
        self.done = False  # `[DONE]` was seen
        self.error = ""  # message of an error event inside the stream
        self._held: list[bytes] = []  # an event without its end
        self._held_size = 0
        self._tail = b""  # last bytes of _held: an event's end may be cut too
        self._limit = limit
        self._blind = False  # an event passed the limit: hand on, look no more
        self._bytes = 0
        self._events = 0
        self._early: list[bytes] = []  # the first blocks with text, to take samples from
        self._seen = 0  # events in there
        self._envelope = 0  # bytes of an event around its text
        self._samples = 0

    @property
    def text_length(self) -> int:
        """About how many bytes of text went by: what the events hold beyond their envelope. Enough for an estimate."""
        early, self._early = self._early, []
        for block in early:
            self._sample(_SIZE.sub(b"", block))
        if not self._envelope:
            return 0
        return max(0, self._bytes - (self._events - self.done) * self._envelope - self.done * len(DONE))

    def feed(self, piece: bytes) -> bytes:
        """Looks at `piece` and returns what the client gets now."""
        if self._blind:
            return piece
        data = piece
        if self._held:
            probe = self._tail + piece
            if b"\n\n" not in probe and b"\n\r\n" not in probe:
                return self._hold(piece, probe)
            self._held.append(piece)
            data = b"".join(self._held)
            self._held.clear()
            self._held_size = 0
        if data.endswith(b"\n\n"):
            return self._scan(data)
        short, long = data.rfind(b"\n\n"), data.rfind(b"\n\r\n")
        cut = max(short + 2 if short >= 0 else 0, long + 3 if long >= 0 else 0)
        block = self._scan(data[:cut]) if cut else b""
        if cut < len(data):
            block += self._hold(data[cut:], data[-3:])
        return block

    def passes(self, chunks: bytes) -> bool:
        """Looks at whole events in chunks as they are on the wire, and says whether the client may have them so; False:
        they must go through feed() instead, without their framing."""
        if self._held or (self.strip and chunks.rfind(_USED) >= 0):
            return False
        events = chunks.count(b"\n") >> 2
        # what is around an event in its chunk: line ends, and two hexadecimal digits or three
        self._look(chunks, events, len(chunks) - (6 if len(chunks) < 262 * events else 7) * events)
        return True

    def end(self) -> bytes:
        """What is left for the client when the upstream ended its stream. Completes a last event that lacks its blank
        line, which clients would drop, but not one that was cut in the middle."""
        rest = b"".join(self._held)
        self._held.clear()
        self._held_size = 0
        if not rest or self._blind:
            return b""
        kept = self._scan(rest)
        value = _data(rest)
        whole = value == b"[DONE]" or _json(value) is not None
        missing = b"\n\n" if whole and kept else b""
        return kept + missing

    def _hold(self, piece: bytes, probe: bytes) -> bytes:
        self._held.append(piece)
        self._held_size += len(piece)
        self._tail = probe[-3:]
        if self._held_size > self._limit:
            self._blind = True
            held = b"".join(self._held)
            self._held.clear()
            return held
        return b""

    def _scan(self, block: bytes) -> bytes:
        found = self._look(block, block.count(b"\n") >> 1, len(block))
        return block if found is None else found

    def _look(self, block: bytes, events: int, size: int) -> bytes | None:
        """Takes down whole events; what is left of them, or None where nothing had to be read."""
        self._bytes += size
        self._events += events
        done = block.rfind(b"[DONE]")
        # nearly always the last line: looking there first spares a walk through the whole block
        if done >= 0 and (_DONE.match(block, block.rfind(b"\n", 0, done) + 1) or _DONE.search(block)):
            self.done = True
        if self._seen < _ENOUGH and _CONTENT.search(block, 0, _EARLY):
            self._early.append(block[:_EARLY])
            self._seen += events
        # rfind is the cheapest look there is
        if block.rfind(_USED) < 0 and block.rfind(_FAILED) < 0:
            return None
        return self._read(block)

    def _read(self, block: bytes) -> bytes:
        """Reads the events with something in them, which are few, and passes over the others."""
        kept: list[bytes] = []
        position = 0
        while True:
            used, failed = block.find(_USED, position), block.find(_FAILED, position)
            if used < 0 and failed < 0:
                break
            found = min(used, failed) if used >= 0 and failed >= 0 else max(used, failed)
            short, long = block.rfind(b"\n\n", position, found), block.rfind(b"\n\r\n", position, found)
            start = max(position, short + 2 if short >= 0 else 0, long + 3 if long >= 0 else 0)
            blank = _BLANK.search(block, found)
            end, behind = blank.span() if blank is not None else (len(block), len(block))
            dropped = self._note(mapping(_json(_data(block[start:end])))) and self.strip
            kept.append(block[position : start if dropped else behind])
            position = behind
        kept.append(block[position:])
        return b"".join(kept)

    def _note(self, value: dict[str, object]) -> bool:
        """Takes down what an event says; True when it was the usage-only one."""
        if error := value.get("error"):
            self.error = (string(mapping(error).get("message")) or string(error) or "error in the stream")[:2000]
        found = Usage.from_openai(value.get("usage"))
        for inside in ("x_groq", "response"):  # Groq's last chunk; the Responses API's last event
            if found is None and inside in value:
                found = Usage.from_openai(mapping(value[inside]).get("usage"))
        if found is None:
            return False
        self.usage = found
        if value.get("type") in _LAST_RESPONSES:
            self.done = True
        return value.get("choices") == [] and not error

    def _sample(self, block: bytes) -> None:
        if self._samples >= _SAMPLES:
            return
        position = 0
        for blank in _BLANK.finditer(block):
            self._measure(block, position, blank.start())
            position = blank.end()
            if self._samples >= _SAMPLES:
                return
        self._measure(block, position, len(block))

    def _measure(self, block: bytes, start: int, end: int) -> None:
        """Takes one event as a sample, if it has a text."""
        if self._samples < _SAMPLES and (match := _CONTENT.search(block, start, end)):
            size = end - start + 2 - (match.end(1) - match.start(1))
            self._envelope = min(self._envelope or size, size)
            self._samples += 1


def _data(event: bytes) -> bytes:
    """The data of one event's lines."""
    lines = event.splitlines()
    return b"\n".join(line[5:].removeprefix(b" ") for line in lines if line.startswith(b"data:"))


def _json(data: bytes) -> object:
    try:
        return decode(data)
    except CodecError:
        return None
