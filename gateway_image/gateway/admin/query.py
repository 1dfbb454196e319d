"""The query of an Admin API request: parameters, page size and offset, tag filters. Not for: the rows of a page.

Rules and messages are Kong's (1-1000 rows a page, 100 when not said; `a,b` and, `a/b` or, five tags at most); what
makes a real one answer 500 is a 400 here.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, unquote_to_bytes

from gateway.admin.answers import coded
from gateway.codec import CodecError, decode, encode
from gateway.entities.formats import tag_error

DEFAULT_SIZE = 100
LARGEST_SIZE = 1000
MOST_TAGS = 5


class Query:
    """The parameters of a request target's query: name -> values, in order."""

    def __init__(self, text: bytes) -> None:
        self._values: dict[str, list[str | None]] = {}
        for part in text.split(b"&") if text else ():
            name, equals, value = part.partition(b"=")
            if name:
                self._values.setdefault(_plain(name), []).append(_plain(value) if equals else None)

    def one(self, name: str) -> str | None:
        """The first value of a parameter, None when it is not there or has none."""
        values = self._values.get(name)
        return values[0] if values else None

    def flag(self, name: str) -> bool:
        return self.one(name) in ("1", "true")

    def has(self, name: str) -> bool:
        return name in self._values

    def count(self, name: str) -> int:
        return len(self._values.get(name, ())) + len(self._values.get(name + "[]", ()))


class Tags(NamedTuple):
    words: tuple[str, ...]
    every: bool  # all of them, else any

    def fit(self, row: Mapping[str, Any]) -> bool:
        given = row.get("tags") or ()
        return all(word in given for word in self.words) if self.every else any(word in given for word in self.words)


class Page(NamedTuple):
    """What part of a list is asked for."""

    size: int
    offset: str | None  # as the client sent it; None = from the start
    tags: Tags | None
    shown: tuple[tuple[str, str], ...]  # what a `next` link repeats: tags, size
    custom_id: str | None = None  # only this consumer


def plain_path(segment: bytes) -> str:
    """One segment of a path without its escapes."""
    return unquote_to_bytes(segment).decode(errors="replace")


def _plain(text: bytes) -> str:
    return unquote_to_bytes(text.replace(b"+", b" ")).decode(errors="replace")


def read_page(query: Query) -> Page:
    """Raises Refusal (codes 9 and 11)."""
    size_text = query.one("size")
    size = _size(size_text, query) if query.count("size") else DEFAULT_SIZE
    tags_text = query.one("tags")
    tags = _tags(tags_text) if query.has("tags") else None
    offset = (query.one("offset") or "") if query.has("offset") else None
    shown = [("tags", tags_text or "")] if tags is not None else []
    if query.has("size"):
        shown.append(("size", size_text or ""))
    custom_id = query.one("custom_id")
    return Page(size, offset, tags, tuple(shown), custom_id)


def _size(text: str | None, query: Query) -> int:
    number: float | None = None
    if query.count("size") == 1 and text is not None:
        try:
            number = float(int(text, 16)) if text.strip().lower().startswith("0x") else float(text)
        except ValueError:
            number = None
    if number is None or "_" in (text or ""):
        raise coded(400, 9, "invalid size", "size must be a number")
    if not number.is_integer() or not 1 <= number <= LARGEST_SIZE:
        raise coded(400, 9, "invalid size", f"size must be an integer between 1 and {LARGEST_SIZE}")
    return int(number)


def _tags(text: str | None) -> Tags:
    if not text:
        raise _invalid_tags("cannot be null")
    every, some = text.split(","), text.split("/")
    if len(every) > 1 and len(some) > 1:
        raise _invalid_tags("invalid filter syntax")
    words = every if len(every) > 1 else some
    if any(tag_error(word) for word in words if word):
        raise _invalid_tags("invalid filter syntax")
    if len(words) > MOST_TAGS:
        raise _invalid_tags(f"cannot query more than {MOST_TAGS} tags")
    return Tags(tuple(words), len(every) > 1)


def _invalid_tags(text: str) -> Exception:
    return coded(400, 11, "invalid options", f"invalid option (tags: {text})", options={"tags": text})


def encode_offset(key: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(encode(list(key))).decode().rstrip("=")


def decode_offset(text: str) -> Any:
    """The key that an offset names: rows come after it. Raises Refusal (code 7)."""
    try:
        padded = text.replace("+", "-").replace("/", "_") + "=" * (-len(text) % 4)
        content = base64.b64decode(padded.encode(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _invalid_offset(text, "bad base64 encoding") from None
    try:
        return decode(content)
    except CodecError:
        raise _invalid_offset(text, "bad json encoding") from None


def _invalid_offset(text: str, reason: str) -> Exception:
    return coded(400, 7, "invalid offset", f"'{text}' is not a valid offset: {reason}")


def next_link(path: str, offset: str, shown: Sequence[tuple[str, str]]) -> str:
    """The relative link to the page after this one."""
    pairs = [("offset", offset), *shown]
    return path + "?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs)
