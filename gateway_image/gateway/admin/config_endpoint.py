"""/config: the whole configuration at once, as a declarative document. Its tag is Kong's configuration_hash: who sends
back what it made of an answer says so with If-Match, and nobody's change is lost in between. Not for: what it means
(entities, store).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

import yaml

from gateway.admin import answers, preconditions
from gateway.admin.answers import message
from gateway.admin.bodies import FORM, MULTIPART, read_body
from gateway.admin.call import Call
from gateway.admin.writes import new_key
from gateway.codec import CodecError, decode
from gateway.entities import Config, read_document
from gateway.errors import ConfigError
from gateway.store import ChangedMeanwhile, text_version
from gateway.values import Reply, Request

if TYPE_CHECKING:
    from gateway.admin.api import AdminApi

_METHODS = "GET, HEAD, OPTIONS, POST"
_RAW = ("application/yaml", "text/yaml", "application/x-yaml", "text/x-yaml", "text/plain")
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def answer(api: AdminApi, call: Call) -> Reply | Awaitable[Reply]:
    return call.gate(_METHODS) or (_render(api) if call.reads else _load(api, call))


async def _render(api: AdminApi) -> Reply:
    version, document = api.store.version, api.store.config.render()
    return preconditions.with_tag(
        answers.json(200, {"config": await asyncio.to_thread(_yaml, document)}), preconditions.quoted(version)
    )


async def _load(api: AdminApi, call: Call) -> Reply:
    text = _text(call.request)
    version = text_version(text)
    expected = api.store.version
    preconditions.check_tag(call.request, preconditions.quoted(expected))
    if call.query.flag("check_hash") and version == api.store.version:
        return answers.empty(304)
    try:
        # in a thread: ten thousand rows take a second, in which other requests want their answers
        config = await asyncio.to_thread(_read, text, int(api.wall()), api.store.config)
        await api.store.apply(config, text, expected if b"if-match" in call.request.fields else "")
    except ChangedMeanwhile:
        raise preconditions.changed() from None
    except ConfigError as error:
        raise answers.declarative(error, call.query.flag("flatten_errors")) from None
    return answers.json(201, {name: rows for name, rows in config.collections.items() if rows})


def _yaml(document: dict[str, Any]) -> str:
    return str(yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True))


def _read(text: bytes, now: int, earlier: Config) -> Config:
    document = read_document(text.decode(errors="replace"))
    # What only decK understands is refused, as Kong does, unless the document says that it is decK's.
    config = Config.from_declarative(document, deck="_info" in document, now=now, new_key=new_key)
    return config.dated_like(earlier, now)


def _text(request: Request) -> bytes:
    """The declarative text, however it was sent: as the body, as a form's `config`, as JSON's `config`."""
    kind = request.fields.get(b"content-type", b"").decode("latin-1").strip()
    if kind.startswith((FORM, MULTIPART)):
        return _given(read_body(request))
    if kind.startswith("application/json"):
        try:
            value = decode(request.body)
        except CodecError:
            raise message(400, "Cannot parse JSON body") from None
        return _given(value) if isinstance(value, dict) and "config" in value else request.body
    if kind and not kind.startswith(_RAW):
        raise message(415, f"the configuration is read as {', '.join(_RAW[:2])}, application/json or a form")
    return request.body


def _given(fields: dict[str, Any]) -> bytes:
    text = fields.get("config")
    if not isinstance(text, str):
        raise message(400, "expected a declarative configuration: send the text in a field named config")
    return text.encode("utf-8", "surrogatepass")
