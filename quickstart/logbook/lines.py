"""Requests as lines for people, in local time: `12:03:11 200 /mistral/chat mistral-7b 1.9 s 17+205 tok  req 8027b728`.
Pure.

Not for: the log's own format (entries.py).
"""

from __future__ import annotations

from datetime import datetime, tzinfo

from quickstart import layout
from quickstart.logbook.entries import SHORT_ID, Entry

_INDENT = "           "
_LEAST_MODEL = 8


def line(entry: Entry, now: float, zone: tzinfo | None = None, width: int | None = None) -> list[str]:
    """One line, and indented below it why the request failed. `width`: cells to stay within by shortening the model's
    name, None = any. `zone` None is this machine's."""
    start = f"{_moment(entry.time, now, zone)} {entry.status or '---'} {_printable(entry.path)}"
    end = f"{seconds(entry.milliseconds)}{_tokens(entry)}  req {entry.request_id[-SHORT_ID:]}"
    model = _printable(entry.model)
    if width is not None and model:
        room = width - layout.cells(start) - layout.cells(end) - 2
        model = layout.truncate(model, room) if room >= _LEAST_MODEL else ""
    text = " ".join(part for part in (start, model, end) if part)
    lines = [text if width is None else layout.truncate(text, width)]
    why = _printable(entry.problem) or ("the client went away" if entry.aborted else "")
    if why:
        lines += layout.wrap(why, width, _INDENT) if width is not None else [_INDENT + why]
    return lines


def details(entry: Entry, zone: tzinfo | None = None) -> list[str]:
    """Everything the log says of one request, a fact a line."""
    when = datetime.fromtimestamp(entry.time, zone).astimezone(zone).isoformat(" ", "milliseconds")
    shown = [("request", entry.request_id), ("ended", when)]
    shown += [(name, value) for name, value in entry.document.items() if name not in ("time", "request_id")]
    width = max(len(name) for name, _ in shown) + 2
    return [f"{name:<{width}}{_printable(str(value))}" for name, value in shown]


def seconds(milliseconds: float) -> str:
    """`253 ms` or `1.9 s`."""
    return f"{milliseconds:.0f} ms" if milliseconds < 999.5 else f"{milliseconds / 1000:.1f} s"


def _moment(time: float, now: float, zone: tzinfo | None) -> str:
    then, today = datetime.fromtimestamp(time, zone), datetime.fromtimestamp(now, zone)
    return f"{then:%H:%M:%S}" if then.date() == today.date() else f"{then:%Y-%m-%d %H:%M:%S}"


def _tokens(entry: Entry) -> str:
    if entry.prompt is None and entry.completion is None:
        return ""
    return f" {'~' if entry.estimated else ''}{entry.prompt or 0}+{entry.completion or 0} tok"


def _printable(text: str) -> str:
    """What a client or an upstream chose must not move the cursor of whoever reads the log."""
    return "".join(character if character.isprintable() else "?" for character in text)
