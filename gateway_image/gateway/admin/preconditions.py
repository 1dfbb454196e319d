"""ETag, If-None-Match and If-Match, so that two people who edit one row do not undo each other's work. Pure.

A row's tag is a hash of how it is shown. Not for: caching; configuration is always asked for anew.
"""

from __future__ import annotations

import hashlib

from gateway.admin.answers import Refusal, empty, message
from gateway.values import Reply, Request


def tagged(request: Request, reply: Reply) -> Reply:
    """A 200 answer with its ETag, or 304 when the client has just that."""
    tag = _tag(reply.body)
    line = b"ETag: " + tag + b"\r\n"
    known = request.fields.get(b"if-none-match")
    if known is not None and _names(known, tag):
        return empty(304, line)
    return Reply(reply.status, reply.block + line, reply.body)


def quoted(version: str) -> bytes:
    return b'"' + version.encode() + b'"'


def with_tag(reply: Reply, tag: bytes) -> Reply:
    return Reply(reply.status, reply.block + b"ETag: " + tag + b"\r\n", reply.body)


def check_tag(request: Request, tag: bytes) -> None:
    """Raises Refusal (412) when If-Match names another state than the one that `tag` stands for."""
    wanted = request.fields.get(b"if-match")
    if wanted is not None and not _names(wanted, tag):
        raise changed()


def check(request: Request, current: bytes | None) -> None:
    """Raises Refusal (412) when If-Match names another state than `current` (the row as shown, None = no row)."""
    wanted = request.fields.get(b"if-match")
    if wanted is not None and (current is None or not _names(wanted, _tag(current))):
        raise changed()


def changed() -> Refusal:
    return message(412, "somebody changed this meanwhile: read it again, then repeat the change with the new ETag")


def _tag(body: bytes) -> bytes:
    return b'"' + hashlib.md5(body, usedforsecurity=False).hexdigest().encode() + b'"'


def _names(header: bytes, tag: bytes) -> bool:
    words = [word.strip().removeprefix(b"W/") for word in header.split(b",")]
    return b"*" in words or tag in words
