"""Why a model stopped, read off the bytes that pass on their way to the client, however they are cut. Not for: usage
(gateway.sse), any provider's words (gateway/providers): an answer is OpenAI's or Anthropic's dialect by now.
"""

from __future__ import annotations

import re

_REASON = re.compile(rb'"(?:finish|stop)_reason":\s?"([a-zA-Z_]{1,32})"')
"""In a text inside the answer the quotation marks are escaped, so that it cannot look like this."""
_KEPT = 64  # bytes: longer than any match
_MOST = 16


class FinishReasons:
    """Feed it every piece; `found` has the reasons in order of their choices."""

    __slots__ = ("_tail", "found")

    def __init__(self) -> None:
        self.found: list[str] = []
        self._tail = b""

    def __call__(self, piece: bytes) -> None:
        data = self._tail + piece if self._tail else piece
        end = 0
        if b"_reason" in data:
            for match in _REASON.finditer(data):
                end = match.end()
                if len(self.found) < _MOST:
                    self.found.append(match[1].decode())
        self._tail = data[max(end, len(data) - _KEPT) :]
