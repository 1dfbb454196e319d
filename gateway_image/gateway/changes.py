"""What differs between a request before and after somebody worked on it, in words that a page can show. Pure. Not for:
who did it (watching.py).

A change: {"what": "body", "path": "messages[0].content", "before": ..., "after": ...}; a value that is not there is
left out. Texts of bodies are told by their length unless they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.codec import CodecError, decode
from gateway.log_entry import REDACTED

MOST = 60
"""Changes of one body that are told one by one."""
LONGEST = 400
_TOLD = frozenset(("model", "role", "type", "object", "finish_reason", "stream", "modelId"))
"""Members whose texts are not what people wrote."""
_NOTHING = object()


def line_changes(
    what: str, before: Mapping[bytes, bytes], after: Mapping[bytes, bytes], hidden: frozenset[str]
) -> Iterator[dict[str, Any]]:
    """Header lines by lower-case name: the complete lines that replace it, b"" = removed."""
    for key in after:
        if before.get(key) == after[key]:
            continue
        name = key.decode("latin-1")
        values = [line.partition(b": ")[2].decode("latin-1") for line in after[key].split(b"\r\n") if line]
        told: dict[str, Any] = {"what": what, "path": name}
        if values:
            told["after"] = REDACTED if name in hidden else ", ".join(values)
        else:
            told["removed"] = True
        yield told


def body_changes(before: bytes, after: bytes, texts: bool) -> Iterator[dict[str, Any]]:
    """Member by member where both are JSON objects."""
    try:
        old, new = decode(before), decode(after)
    except CodecError:
        yield {"what": "body", "path": "", "before": f"{len(before)} bytes", "after": f"{len(after)} bytes"}
        return
    for count, (path, left, right) in enumerate(_differences(old, new, "")):
        if count == MOST:
            yield {"what": "body", "path": "", "after": "and more"}
            return
        told: dict[str, Any] = {"what": "body", "path": path}
        if left is not _NOTHING:
            told["before"] = _shown(path, left, texts)
        if right is not _NOTHING:
            told["after"] = _shown(path, right, texts)
        yield told


def _differences(old: Any, new: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in [*old, *(name for name in new if name not in old)]:
            inner = f"{path}.{name}" if path else str(name)
            yield from _differences(old.get(name, _NOTHING), new.get(name, _NOTHING), inner)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            left = old[index] if index < len(old) else _NOTHING
            right = new[index] if index < len(new) else _NOTHING
            yield from _differences(left, right, f"{path}[{index}]")
    elif old is _NOTHING or new is _NOTHING or old != new or type(old) is not type(new):
        yield path, old, new


def _shown(path: str, value: Any, texts: bool) -> Any:
    if isinstance(value, str):
        if texts or path.rpartition(".")[2] in _TOLD:
            return value if len(value) <= LONGEST else value[:LONGEST] + "..."
        return f"({len(value)} characters)"
    if isinstance(value, dict):
        return {name: _shown(f"{path}.{name}", inner, texts) for name, inner in list(value.items())[:20]}
    if isinstance(value, list):
        return [_shown(path, inner, texts) for inner in value[:20]]
    return value
