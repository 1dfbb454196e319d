"""The body of an Admin API request as JSON-like values: JSON, form or multipart. Not for: checking them.

A form knows only texts. Names may say more (`tags[]`, `tags[1]`, `service.id`, `config.model.name`); what the texts
mean is read from the schema of what is being written (`fitted`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl

from gateway.admin.answers import message
from gateway.codec import CodecError, decode
from gateway.schema import Array, Boolean, Field, Foreign, Integer, Map, Number, Record
from gateway.values import Request

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
_INDEXED = re.compile(r"\[([0-9]*)\]\Z")
_WORDS = {"true": True, "false": False}


class Unsupported(Exception):
    """A body of a type that the Admin API does not read (415)."""


def read_body(request: Request, record: Callable[[Mapping[str, Any]], Record | None] | None = None) -> dict[str, Any]:
    """The body as an object, {} when there is none. `record` tells, given a form's texts, what they are read for.

    Raises Refusal (400) and Unsupported.
    """
    kind = request.fields.get(b"content-type", b"").decode("latin-1").strip()
    if not request.body and not kind:
        return {}
    if kind.startswith("application/json"):  # a prefix, as in Kong: application/jsonx is taken too
        return _json(request.body)
    if kind.startswith(FORM):
        pairs = parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True)
    elif kind.startswith(MULTIPART):
        pairs = list(dict(_parts(request.body, kind)).items())
    elif not request.body:
        return {}
    else:
        raise Unsupported(kind)
    nested = _nested(pairs)
    schema = record(nested) if record is not None else None
    fields = schema.fields if schema is not None else {}
    return {name: fitted(fields.get(name), value) for name, value in nested.items()}


def _json(body: bytes) -> dict[str, Any]:
    try:
        value = decode(body)
    except CodecError:
        raise message(400, "Cannot parse JSON body") from None
    if value == []:
        return {}
    if not isinstance(value, dict):
        raise message(400, "the JSON body must be an object")
    return value


def _parts(body: bytes, kind: str) -> Iterable[tuple[str, str]]:
    header = Message()
    header["Content-Type"] = kind
    boundary = header.get_param("boundary")
    if not isinstance(boundary, str) or not boundary:
        raise message(400, "the multipart body has no boundary")
    for part in body.split(b"--" + boundary.encode("latin-1", "replace"))[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        name = re.search(rb'(?i)content-disposition:[^\r\n]*?;\s*name="([^"\r\n]*)"', head)
        if name:
            yield name[1].decode(errors="replace"), content.removesuffix(b"\r\n").decode(errors="replace")


def _nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Names taken apart at dots; a name in brackets or given twice makes a list."""
    out: dict[str, Any] = {}
    for name, value in pairs:
        indexed = _INDEXED.search(name)
        bare = name[: indexed.start()] if indexed else name
        *outer, last = bare.split(".")
        place = out
        for word in outer:
            inner = place.get(word)
            if not isinstance(inner, dict):
                inner = place[word] = {}
            place = inner
        known = place.get(last)
        if isinstance(known, list):
            known.append(value)
        elif isinstance(known, str):
            place[last] = [known, value]
        else:
            place[last] = [value] if indexed else value
    return out


def fitted(field: Field | None, value: Any) -> Any:
    """A form's text as the value that `field` asks for; what cannot be read stays a text, for validation to refuse."""
    if isinstance(field, Record) and isinstance(value, dict):
        return {name: fitted(field.fields.get(name), inner) for name, inner in value.items()}
    if isinstance(field, Map) and isinstance(value, dict):
        return {name: fitted(field.values, inner) for name, inner in value.items()}
    if isinstance(field, Array):
        items = value if isinstance(value, list) else [value]
        return None if value == "" else [fitted(field.elements, item) for item in items]
    if value == "":
        return None
    if not isinstance(value, str) or isinstance(field, Foreign):
        return value
    if isinstance(field, Boolean):
        return _WORDS.get(value, value)
    if isinstance(field, Integer | Number):
        return _number(value)
    return value


def _number(text: str) -> int | float | str:
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text
