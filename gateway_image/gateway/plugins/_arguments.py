"""Arguments of a query or a form, in order, as pairs; what is not touched keeps its bytes. Not for: multipart bodies
(_multipart.py), JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple
from urllib.parse import quote_plus, unquote_to_bytes


class Argument(NamedTuple):
    """One argument: decoded name and value (None: a name without an equals sign), and how it stood there."""

    name: str
    value: str | None
    raw: bytes


def parsed(text: bytes) -> list[Argument]:
    """The arguments of `a=1&b`, percent escapes and plus signs decoded. Never fails: bytes that are no UTF-8 are kept
    as surrogates."""
    out = []
    for raw in text.split(b"&"):
        if raw:
            name, equals, value = raw.partition(b"=")
            out.append(Argument(_decoded(name), _decoded(value) if equals else None, raw))
    return out


def argument(name: str, value: str | None) -> Argument:
    """A new argument, escaped for the wire."""
    raw = _encoded(name)
    return Argument(name, value, raw if value is None else raw + b"=" + _encoded(value))


def written(arguments: Iterable[Argument]) -> bytes:
    return b"&".join(each.raw for each in arguments)


def without(text: bytes, names: Callable[[str], bool]) -> bytes:
    """`text` less the arguments whose decoded name is one of `names`."""
    return written(each for each in parsed(text) if not names(each.name))


def printable(text: str) -> str:
    """A name or value as JSON can hold it: bytes that are no UTF-8 are replaced."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def gather(into: dict[str, Any], name: str, value: Any) -> None:
    """Several values of one name become a list, as Kong shows them; of headers too."""
    if name not in into:
        into[name] = value
    elif isinstance(into[name], list):
        into[name].append(value)
    else:
        into[name] = [into[name], value]


def _decoded(raw: bytes) -> str:
    if b"%" in raw or b"+" in raw:
        raw = unquote_to_bytes(raw.replace(b"+", b" "))
    return raw.decode("utf-8", "surrogateescape")


def _encoded(text: str) -> bytes:
    return quote_plus(text, safe="~", errors="surrogateescape").encode("ascii")
