"""Replays Admin API exchanges that a real Kong 3.9.1 answered, and says where an answer differs in substance.

What varies from run to run (times, generated ids), the wording of messages and the order of rows with generated ids are
not compared; nor are CORS headers, in which this gateway is stricter on purpose. More fields than Kong has are fine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

FILE = Path(__file__).parent.parent / "conformance" / "kong-3.9.1.admin.json"
DEVIATIONS = FILE.with_name("admin-deviations.json")
"""[{"scenario", "steps", "because", "reason"}]: exchanges in which this gateway differs, and why."""
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_CLIENTS_OWN = re.compile(r"[0-9a-f]{8}-0000-4000-8000-[0-9a-f]{12}|99999999-[0-9a-f-]{27}")
_VARIABLE = re.compile(r"\{\{(\w+)(\|q)?\}\}")
_NOT_COMPARED = (
    *("created_at", "updated_at", "next", "offset", "message"),
    "request_id",  # which Kong's Admin API tells in one single answer
)
_OF_THE_NODE = ("tagline", "version", "edition")

Step = dict[str, Any]
Send = Callable[[str, str, dict[str, str], bytes | None], tuple[int, Any]]
"""Sends method, path, headers and body; gives status and decoded body."""


def scenarios() -> dict[str, list[Step]]:
    """Steps by scenario; a scenario begins with an empty gateway."""
    found: dict[str, list[Step]] = {}
    for step in json.loads(FILE.read_text()):
        found.setdefault(step["scenario"], []).append(step)
    return found


class Replay:
    """One scenario: remembers what its answers are to be used for."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._saved: dict[str, Any] = {}

    def differences(self, step: Step) -> list[str]:
        """Sends a step and tells how the answer differs, [] when it agrees."""
        request, response = step["request"], step["response"]
        body = self._filled(request.get("body_template", request.get("body")))
        if request.get("body_kind") == "json":
            body = json.dumps(body, ensure_ascii=False)
        path = str(self._filled(request.get("path_template", request["path"])))
        headers = dict(request.get("headers") or {})
        if "host" in request:
            headers["Host"] = request["host"]
        status, got = self._send(request["method"], path, headers, None if body is None else body.encode())
        for name, pointer in (step.get("save") or {}).items():
            self._saved[name] = _at(got, pointer)
        if response["status"] == 500:
            return [] if 400 <= status < 500 else [f"status {status}, expected a 4xx"]
        if status != response["status"]:
            return [f"status {status}, expected {response['status']}: {got!r:.120}"]
        expected = response.get("body")
        if not isinstance(expected, dict | list) or response.get("loose"):
            return []
        if isinstance(expected, dict) and "tagline" in expected:
            return [] if all(got.get(name) == expected[name] for name in _OF_THE_NODE) else ["another node"]
        return list(_compared(_anonymous(expected), _anonymous(got), step, ""))

    def _filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            row = {name: self._filled(inner) for name, inner in value.items() if name != "$row"}
            return {**(self._saved.get(value["$row"]) or {}), **row} if "$row" in value else row
        if isinstance(value, list):
            return [self._filled(inner) for inner in value]
        if not isinstance(value, str):
            return value
        whole = _VARIABLE.fullmatch(value)
        return self._saved.get(whole[1], value) if whole else _VARIABLE.sub(self._word, value)

    def _word(self, found: re.Match[str]) -> str:
        text = str(self._saved.get(found[1], found[0]))
        return quote(text, safe="") if found[2] else text


def _at(document: Any, pointer: str) -> Any:
    for part in filter(None, pointer.split("/")):
        if isinstance(document, list):
            document = document[int(part)] if int(part) < len(document) else None
        else:
            document = document.get(part) if isinstance(document, dict) else None
    return document


def _anonymous(value: Any) -> Any:
    """The same without ids that a server made."""
    if isinstance(value, dict):
        return {name: _anonymous(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_anonymous(inner) for inner in value]
    if isinstance(value, str):
        return _UUID.sub(lambda found: found[0] if _CLIENTS_OWN.fullmatch(found[0]) else "(id)", value)
    return value


def _compared(expected: Any, got: Any, step: Step, where: str) -> Iterator[str]:
    skipped = step.get("volatile") or ()
    if any(pointer and (where == pointer or where.startswith(pointer + "/")) for pointer in skipped):
        return
    if isinstance(expected, dict):
        if not isinstance(got, dict):
            yield f"{where or '/'}: expected an object, got {got!r:.60}"
            return
        for name, value in expected.items():
            if name in _NOT_COMPARED:
                continue
            if name not in got:
                yield f"{where}/{name} is missing"
            else:
                yield from _compared(value, got[name], step, f"{where}/{name}")
    elif isinstance(expected, list):
        if not isinstance(got, list) or len(got) != len(expected):
            yield f"{where}: expected {len(expected)} items, got {got!r:.80}"
        elif where in (step.get("unordered") or ()):
            if sorted(map(_name, expected)) != sorted(map(_name, got)):
                yield f"{where}: other rows"
        else:
            for number, value in enumerate(expected):
                yield from _compared(value, got[number], step, f"{where}/{number}")
    elif expected != got or isinstance(expected, bool) != isinstance(got, bool):
        yield f"{where}: expected {expected!r:.80}, got {got!r:.80}"


def _name(row: Any) -> str:
    if not isinstance(row, dict):
        return str(row)
    return str(row.get("name") or row.get("username") or row.get("target") or row.get("tag") or "")
