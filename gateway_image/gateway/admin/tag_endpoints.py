"""/tags and /tags/{tag}: which rows carry which tags. Read only, like Kong's. Not for: filtering lists (query.py)."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from typing import TYPE_CHECKING, Any

from gateway.admin import answers
from gateway.admin.answers import coded, not_found, schema_violation
from gateway.admin.call import Call
from gateway.admin.query import decode_offset, encode_offset, read_page
from gateway.admin.rows import Collections
from gateway.admin.rows import answer as page_answer
from gateway.entities.formats import tag_error
from gateway.values import Reply

if TYPE_CHECKING:
    from gateway.admin.api import AdminApi

_METHODS = "GET, HEAD, OPTIONS"


def answer(api: AdminApi, call: Call) -> Reply | Awaitable[Reply]:
    if len(call.segments) > 2:
        raise not_found()
    if call.method not in _METHODS:
        raise schema_violation({"tags": "does not support insert/upsert/update/delete operations"})
    reply = call.gate(_METHODS)
    if reply is not None:
        return reply
    wanted = call.segments[1] if len(call.segments) == 2 else None
    if wanted is not None:
        error = tag_error(wanted)
        if error is not None:
            raise coded(400, 10, "invalid unique tag", error)
    asked = read_page(call.query)
    after = _key(decode_offset(asked.offset)) if asked.offset is not None else ("", 0)
    found = (
        ((str(row["entity_id"]), number), row)
        for row, number in _rows(api.store.config.collections)
        if wanted in (None, row["tag"])
    )
    left = sorted(found, key=lambda entry: entry[0])
    left = [entry for entry in left if entry[0] > after]
    size = asked.size
    while size < len(left) and left[size][0] == left[size - 1][0]:
        size += 1  # rows of two kinds with one id: a token cannot tell them apart, so they come on one page
    chosen = left[:size]
    offset = None
    if size < len(left):
        last = chosen[-1][0]
        offset = encode_offset(list(last) if wanted is None else [last[0]])
    shown = asked.shown if wanted is None else ()
    return answers.json(200, page_answer([row for _, row in chosen], call.path, offset, shown))


def _key(offset: Any) -> tuple[str, int]:
    """The place that a token names: a row's id and which of its tags (all of them when it does not say)."""
    if isinstance(offset, list) and offset and isinstance(offset[0], str):
        number = offset[1] if len(offset) > 1 and isinstance(offset[1], int) else 1 << 30
        return offset[0], number
    return "\U0010ffff", 0


def _rows(collections: Collections) -> Iterator[tuple[dict[str, Any], int]]:
    for kind, rows in collections.items():
        for id, row in rows.items():
            for number, tag in enumerate(row.get("tags") or (), 1):
                yield {"entity_name": kind, "entity_id": id, "tag": tag}, number
