"""Secrets that somebody typed in clear into the Manager, the Admin API or decK: moved behind references, so that no
file of ours but the secrets file holds one. Pure.

A credential of a consumer cannot be a reference in the gateway: it is one in our files, and opened again in what the
gateway is given. Not for: resolving references (the gateway does), the secrets file itself (secret_file.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from gateway.entities import KINDS, record_of
from quickstart.errors import EnvironmentProblem
from quickstart.reconcile.rows import Rows, label

_REFERENCE = re.compile(r"\{vault://env/([A-Za-z0-9_-]+)[^}]*\}")
_ANY_REFERENCE = re.compile(r"\{vault://.+\}")
_NO_LETTER = re.compile(r"[^A-Z0-9]+")

Change = Callable[[str, Any, tuple[str, ...]], str]  # (value, field, path) -> value


def sealed(rows: Rows, secrets: Mapping[str, str]) -> tuple[Rows, dict[str, str]]:
    """The same rows with references only, and the secrets behind the new ones: name -> value. A value that is known
    already gets the name it has."""
    names = {value: name for name, value in secrets.items()}
    found: dict[str, str] = {}
    out = {}
    for kind, of_kind in rows.items():
        out[kind] = dict(of_kind)
        for id, row in of_kind.items():
            place = label(rows, (kind, id))

            def seal(value: str, field: Any, path: tuple[str, ...], place: str = place, id: str = id) -> str:
                if not field.encrypted or not value or _ANY_REFERENCE.fullmatch(value):
                    return value
                name = names.get(value) if field.referenceable else None
                if name is None:
                    words = f"KEPT {place} {path[-1]} {id[:8]}".upper()
                    name = _NO_LETTER.sub("_", words).strip("_")
                    while found.get(name, value) != value:
                        name += "_2"
                    found[name] = value
                return "{vault://env/" + name.lower().replace("_", "-") + "}"

            out[kind][id] = _walked(row, record_of(kind, row), seal, ())
    return out, found


def opened(rows: Rows, secrets: Mapping[str, str]) -> Rows:
    """What the gateway is given: references where it can follow them, values where it cannot. Raises EnvironmentProblem
    that names what is missing."""
    out = {}
    for kind, of_kind in rows.items():
        out[kind] = dict(of_kind)
        if not KINDS[kind].secret:
            continue
        for id, row in of_kind.items():

            def open_(value: str, field: Any, path: tuple[str, ...]) -> str:
                match = _REFERENCE.fullmatch(value) if field.encrypted and not field.referenceable else None
                if match is None:
                    return value
                name = variable(match[1])
                if name not in secrets:
                    raise missing([name])
                return secrets[name]

            out[kind][id] = _walked(row, record_of(kind, row), open_, ())
    return out


def references(text: str) -> set[str]:
    """The names of the secrets that a file refers to."""
    return {variable(name) for name in _REFERENCE.findall(text)}


def variable(word: str) -> str:
    return word.replace("-", "_").upper()


def missing(names: list[str]) -> EnvironmentProblem:
    told = ", ".join(sorted(names))
    return EnvironmentProblem(
        f"This configuration needs {told}, which the secrets file does not have any more.",
        "Set that provider up again first: ai-gateway setup",
    )


def _walked(value: Any, field: Any, change: Change, path: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        inner = getattr(field, "fields", {})
        below = getattr(field, "values", None)
        return {name: _walked(item, inner.get(name, below), change, (*path, str(name))) for name, item in value.items()}
    if isinstance(value, list):
        return [_walked(item, getattr(field, "elements", None), change, path) for item in value]
    if isinstance(value, str) and field is not None and hasattr(field, "encrypted"):
        return change(value, field, path or ("secret",))
    return value
