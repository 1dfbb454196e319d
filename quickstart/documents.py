"""Answers as plain JSON types and back, and one answer out of text: the saved answers, `--answers FILE`, flags and
environment variables all pass here. Not for: reading or writing files (files.py), secrets (never part of a document).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from quickstart.answers import Answers, Hosted, Local, LocalKind, questions
from quickstart.errors import UsageError

VERSION = 1
SERIAL = "version"


def to_document(answers: Answers) -> dict[str, Any]:
    """What is saved: plain JSON types, no secrets, no run-only switches."""
    document: dict[str, Any] = {SERIAL: VERSION}
    for name, question in questions().items():
        if question.saved:
            value = getattr(answers, name)
            document[name] = str(value) if isinstance(value, Path) else value
    document["hosted"] = [_without_blanks(item) for item in answers.hosted]
    document["local"] = [_without_blanks(item) for item in answers.local]
    return document


def from_document(document: object, origin: str = "the saved answers") -> Answers:
    """The inverse of to_document. Raises UsageError that names `origin` and the field."""
    if not isinstance(document, Mapping):
        raise UsageError(f"{origin} must hold one mapping of answers, not {type(document).__name__}.")
    if document.get(SERIAL, VERSION) != VERSION:
        raise UsageError(
            f"{origin} is of version {document.get(SERIAL)!r}; this program reads version {VERSION}.",
            "Install the newer ai-gateway, or run setup with another --answers file.",
        )
    known = questions()
    values: dict[str, Any] = {}
    for name, value in document.items():
        if name == SERIAL:
            continue
        if name == "hosted":
            values[name] = tuple(_record(Hosted, item, f"{origin}: hosted") for item in _list(value, name, origin))
        elif name == "local":
            values[name] = tuple(_record(Local, item, f"{origin}: local") for item in _list(value, name, origin))
        elif name in known:
            values[name] = parse(name, value, f"{origin}: {name}")
        else:
            raise UsageError(
                f"{origin}: {name!r} is not an answer.", f"Known: {', '.join(sorted(known))}, hosted, local."
            )
    return Answers(**values)


def parse(name: str, value: object, origin: str) -> Any:
    """One answer in its type, from text or JSON. Raises UsageError that says what was given and what is allowed."""
    question = questions()[name]
    kind = question.kind
    if kind == "switch":
        if isinstance(value, bool):
            return value
        word = str(value).strip().lower()
        if word in {"1", "true", "yes", "on", "y"}:
            return True
        if word in {"0", "false", "no", "off", "n", ""}:
            return False
        raise UsageError(f"{origin} is {value!r}; it must be true or false.")
    if kind in {"port", "number"}:
        highest = 65535 if kind == "port" else 1024
        text = str(value).strip()
        if isinstance(value, bool) or not (text.isascii() and text.isdigit()) or not 1 <= int(text[:9]) <= highest:
            raise UsageError(f"{origin} is {value!r}; it must be a whole number from 1 to {highest}.")
        return int(text)
    if not isinstance(value, str | Path) or not str(value).strip():
        raise UsageError(f"{origin} is {value!r}; it must be a text that is not empty.")
    text = str(value).strip()
    if any(not c.isprintable() for c in text):
        raise UsageError(f"{origin} has a control character in it.")
    if kind == "choice" and text not in question.choices:
        raise UsageError(f"{origin} is {text!r}; it must be one of {', '.join(question.choices)}.")
    return Path(text).expanduser() if kind == "path" else text


def _without_blanks(item: Hosted | Local) -> dict[str, str]:
    return {name: value for name, value in dataclasses.asdict(item).items() if value != ""}


def _list(value: object, name: str, origin: str) -> list[Any]:
    if not isinstance(value, list):
        raise UsageError(f"{origin}: {name} must be a list.")
    return value


def _record(kind: type[Hosted] | type[Local], item: object, origin: str) -> Any:
    names = {entry.name: entry for entry in dataclasses.fields(kind)}
    required = [name for name, entry in names.items() if entry.default is dataclasses.MISSING]
    if not isinstance(item, Mapping):
        raise UsageError(f"{origin}: each entry must be a mapping.")
    wrong = [name for name in item if name not in names]
    missing = [name for name in required if not item.get(name)]
    if wrong or missing:
        said = [f"{name!r} is not known" for name in wrong] + [f"{name!r} is missing" for name in missing]
        raise UsageError(f"{origin}: {', '.join(said)}.")
    for name, value in item.items():
        if not isinstance(value, str) or any(not c.isprintable() for c in value):
            raise UsageError(f"{origin}: {name!r} must be a text on one line.")
    if kind is Local and item.get("kind", "other") not in get_args(LocalKind):
        raise UsageError(f"{origin}: kind is {item['kind']!r}; it must be one of {', '.join(get_args(LocalKind))}.")
    return kind(**item)
