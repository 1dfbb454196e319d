"""Multipart forms: parts with names, kept byte for byte unless they are changed. Not for: files on disk, streaming.

Source: RFC 7578 and RFC 2046. A body that does not keep to its boundary is no form: `parsed` says None.
"""

from __future__ import annotations

from typing import NamedTuple

_MOST_PARTS = 1000


class Part(NamedTuple):
    name: str  # "" for a part without one
    value: bytes
    raw: bytes  # head and value, without boundary lines


class Form:
    """The parts of one body in order."""

    __slots__ = ("boundary", "parts")

    def __init__(self, boundary: bytes, parts: list[Part]) -> None:
        self.boundary = boundary
        self.parts = parts

    def get(self, name: str) -> list[str]:
        return [part.value.decode("utf-8", "surrogateescape") for part in self.parts if part.name == name]

    def remove(self, name: str) -> None:
        self.parts = [part for part in self.parts if part.name != name]

    def add(self, name: str, value: str) -> None:
        """A simple value. A name or value that holds the boundary would end its part: refused by leaving it out."""
        data = value.encode("utf-8", "surrogateescape")
        quoted = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A").encode("utf-8", "surrogateescape")
        if self.boundary not in data and self.boundary not in quoted:
            head = b'Content-Disposition: form-data; name="' + quoted + b'"\r\n\r\n'
            self.parts.append(Part(name, data, head + data))

    def encoded(self) -> bytes:
        mark = b"--" + self.boundary
        return b"".join(mark + b"\r\n" + part.raw + b"\r\n" for part in self.parts) + mark + b"--\r\n"


def parsed(body: bytes, content_type: bytes) -> Form | None:
    """The form in `body`; None when it is not one."""
    boundary = _parameter(content_type, b"boundary")
    if not boundary or len(boundary) > 200:
        return None
    mark = b"\r\n--" + boundary
    pieces = (b"\r\n" + body).split(mark, _MOST_PARTS + 1)
    if len(pieces) < 2 or len(pieces) > _MOST_PARTS + 1 or not pieces[-1].startswith(b"--"):
        return None
    parts = []
    for piece in pieces[1:-1]:
        line, end, raw = piece.partition(b"\r\n")
        head, blank, value = (b"\r\n" + raw).partition(b"\r\n\r\n")
        if line.strip() or not end or not blank:
            return None
        parts.append(Part(_name(head), value, raw))
    return Form(boundary, parts)


def _name(head: bytes) -> str:
    for line in head.split(b"\r\n"):
        key, _, value = line.partition(b":")
        if key.strip().lower() == b"content-disposition":
            return _parameter(value, b"name").decode("utf-8", "surrogateescape")
    return ""


def _parameter(value: bytes, wanted: bytes) -> bytes:
    """A parameter of a header value, `; name=token` or `; name="quoted"`."""
    at = value.find(b";")
    while at >= 0:
        rest = value[at + 1 :].lstrip()
        name, equals, rest = rest.partition(b"=")
        if not equals:
            return b""
        if rest.startswith(b'"'):
            end = rest.find(b'"', 1)
            found, rest = (rest[1:end], rest[end + 1 :]) if end > 0 else (b"", b"")
        else:
            end = rest.find(b";")
            found, rest = (rest.strip(), b"") if end < 0 else (rest[:end].strip(), rest[end:])
        if name.strip().lower() == wanted:
            return found
        value, at = rest, rest.find(b";")
    return b""
