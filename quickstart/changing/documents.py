"""`ai-gateway apply -f FILE`: a decK file put into what runs. What the file names becomes as the file says; what it
does not name stays. With `replace` it goes, as `deck gateway sync` would have it.

Not for: reading the file from the disk, showing and asking.
"""

from __future__ import annotations

from quickstart.changing.change import Wanted, Wanting
from quickstart.errors import QuickstartError, UsageError
from quickstart.reconcile import deck_file
from quickstart.reconcile.alignment import aligned
from quickstart.reconcile.proposal import Wish
from quickstart.reconcile.rows import Rows, keys, nothing, read
from quickstart.reconcile.sealing import sealed
from quickstart.reconcile.situation import Situation


def wanting(text: str, named: str, replace: bool) -> Wanting:
    """`named`: what to call the file in messages. Raises UsageError for a file that is no configuration."""
    try:
        given = read(text, named)
    except QuickstartError as error:
        raise UsageError(error.message, error.hint) from None

    def wanted(now: Situation) -> Wanted:
        running = now.running or nothing()
        clean, secrets = sealed(aligned(given, running), now.secrets)
        rows = clean if replace else put(running, clean)
        return Wanted(Wish("apply", ancestor=running, configuration=deck_file.text(rows)), secrets)

    return wanted


def put(running: Rows, given: Rows) -> Rows:
    """`running` with the rows of `given`, which take the place of their namesakes."""
    out = nothing()
    for kind, id in keys(running, given):
        out[kind][id] = given[kind].get(id) or running[kind][id]
    return out
