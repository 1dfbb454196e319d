"""How things stand, in one line: when what is set up was last changed and by what, and how long it runs.

Not for: finding that out (gateway_control.py, setup.py).
"""

from __future__ import annotations

from datetime import datetime, tzinfo

from quickstart.messages import text
from quickstart.reconcile.generations import EDITED, Generation


def changed(last: Generation, zone: tzinfo | None = None) -> str:
    """`last changed 2026-11-20 14:03 by limit openai`, in local time where no zone is given."""
    when = f"{datetime.fromisoformat(last.at).astimezone(zone):%Y-%m-%d %H:%M}"
    if last.entry.made_by == EDITED:
        return text("running.edited", when=when)
    return text("running.last_changed", when=when, by=last.entry.made_by)


def line(last: Generation | None, uptime: float | None, zone: tzinfo | None = None) -> str:
    """Both in one; "" where nothing is known."""
    parts = [changed(last, zone)] if last is not None else []
    if uptime is not None:
        parts.append(text("running.for", duration=duration(round(uptime))))
    said = text("running.comma").join(parts)
    return said[:1].upper() + said[1:]


def duration(seconds: int) -> str:
    """`2 h 3 min`: the two largest units."""
    units = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    parts: list[str] = []
    for name, size in units:
        if seconds >= size or (name == "s" and not parts):
            parts.append(f"{seconds // size} {name}")
            seconds %= size
    return " ".join(parts[:2])
