"""/services, /services/{name}, /services/{name}/routes and so on, for every kind there is. Reads answer at once; writes
are edits of the store, which makes each a transaction. Not for: what a write means (writes.py), which paths there are
(resources.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from gateway.admin import answers, preconditions
from gateway.admin.answers import message, not_found
from gateway.admin.bodies import read_body
from gateway.admin.call import Call
from gateway.admin.query import read_page
from gateway.admin.resources import COLLECTIONS, Place, place
from gateway.admin.rows import page, row_at, show
from gateway.admin.writes import Writer, Written
from gateway.entities import Config, expiry, plugin_record
from gateway.plugins import registry
from gateway.schema import Record
from gateway.values import Reply

if TYPE_CHECKING:
    from gateway.admin.api import AdminApi

_LIST = "GET, HEAD, OPTIONS"
_COLLECTION = "GET, HEAD, OPTIONS, POST"
_ITEM = "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"
_UPWARD = "GET, HEAD, OPTIONS, PATCH, PUT"


def serves(segments: tuple[str, ...]) -> bool:
    return bool(segments) and segments[0] in COLLECTIONS


def answer(api: AdminApi, call: Call) -> Reply | Awaitable[Reply]:
    found = _place(call.segments)
    methods = _UPWARD if found.upward else _ITEM if found.single else _COLLECTION
    if _every_target(call.segments):
        methods = _LIST
    reply = call.gate(methods)
    if reply is not None:
        return reply
    return _read(api, call, found) if call.reads else _write(api, call, found)


def _every_target(segments: tuple[str, ...]) -> bool:
    """/upstreams/{upstreams}/targets/all, which Kong has beside /upstreams/{upstreams}/targets."""
    return segments[0] == "upstreams" and len(segments) == 4 and segments[2:] == ("targets", "all")


def _place(segments: tuple[str, ...]) -> Place:
    if _every_target(segments):
        segments = segments[:3]
    found = place(segments)
    if found is None or (found.kind.name == "targets" and found.parent_kind is None):
        raise not_found()
    return found


def _read(api: AdminApi, call: Call, found: Place) -> Reply:
    now, plugins = api.wall(), registry()
    collections = expiry.alive(api.store.config.collections, now)
    if not found.single:
        _check_custom_id(call)
        rows = page(collections, found, call.path, read_page(call.query), plugins, now)
        return preconditions.tagged(call.request, answers.json(200, rows))
    row = row_at(collections, found)
    if row is None:
        raise not_found()
    return preconditions.tagged(call.request, answers.json(200, show(collections, found.kind, row, plugins, now)))


def _check_custom_id(call: Call) -> None:
    given = call.query.count("custom_id")
    if call.segments == ("consumers",) and given and (given > 1 or not call.query.one("custom_id")):
        raise message(400, "custom_id must be an unempty string")


async def _write(api: AdminApi, call: Call, found: Place) -> Reply:
    body = {} if call.method == "DELETE" else read_body(call.request, lambda given: _record(api, found, given))
    done: list[Written] = []
    now = api.wall()

    def change(config: Config) -> Config:
        if b"if-match" in call.request.fields:
            preconditions.check(call.request, _shown(config, found, now))
        writer = Writer(expiry.alive(config.collections, now), registry(), now)
        if call.method == "DELETE":
            left = writer.remove(found)
            return config if left is config.collections else Config(left)
        act: Callable[[Place, Mapping[str, Any]], Written] = {
            "POST": writer.create,
            "PUT": writer.replace,
            "PATCH": writer.change,
        }[call.method]
        done.append(act(found, body))
        return Config(done[0].collections)

    await api.store.edit(change)
    if not done:
        return answers.empty(204)
    written = done[0]
    shown = show(written.collections, written.kind, written.row, registry(), now)
    return answers.json(201 if call.method == "POST" else 200, shown)


def _shown(config: Config, found: Place, now: float) -> bytes | None:
    collections = expiry.alive(config.collections, now)
    row = row_at(collections, found) if found.single else None
    return None if row is None else answers.json(200, show(collections, found.kind, row, registry(), now)).body


def _record(api: AdminApi, found: Place, given: Mapping[str, Any]) -> Record:
    """What the texts of a form are read for; for a plugin its own schema."""
    if found.kind.name != "plugins":
        return found.kind.record
    name = given.get("name")
    if not isinstance(name, str) and found.single:
        row = row_at(api.store.config.collections, found)
        name = row["name"] if row is not None else None
    plugin = registry().get(name) if isinstance(name, str) else None
    return plugin_record(plugin) if plugin is not None else found.kind.record
