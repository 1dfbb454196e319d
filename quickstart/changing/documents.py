"""`ai-gateway apply -f FILE`: a decK file put into what runs. What the file names becomes as the file says; what it
does not name stays, and what it hangs on may be there already. With `replace` it goes, as `deck gateway sync` would
have it.

Not for: reading the file from the disk, showing and asking.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from gateway.entities import KINDS
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

    def wanted(now: Situation) -> Wanted:
        running = now.running or nothing()
        try:
            given = read(text if replace else completed(text, running), named)
        except QuickstartError as error:
            raise UsageError(error.message, error.hint) from None
        clean, secrets = sealed(aligned(given, running), now.secrets)
        rows = clean if replace else put(running, clean)
        return Wanted(Wish("apply", ancestor=running, configuration=deck_file.text(rows)), secrets)

    return wanted


def completed(text: str, running: Rows) -> str:
    """The file, and with it those rows of `running` that it hangs on and does not hold itself."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError:
        return text  # reading it says what is wrong
    if not isinstance(document, dict):
        return text
    missing = True
    while missing:  # a route that was added hangs on a service
        held = {(kind, row.get(KINDS[kind].key or "id")) for kind, row in _rows(document)}
        held |= {(kind, row.get("id")) for kind, row in _rows(document)}
        words = {(target, word) for kind, row in _rows(document) for target, word in _hangs_on(kind, row)}
        missing = False
        for kind, word in sorted(words - held):
            key = KINDS[kind].key
            found = [id for id, row in running[kind].items() if word in (id, row.get(key) if key else None)]
            if found:
                document[kind] = [*(document.get(kind) or []), deck_file.flat(running, kind, found[0])]
                missing = True
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))


def _rows(value: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every row of a file, wherever it is nested."""
    for kind in value.keys() & KINDS.keys():
        for row in value[kind] if isinstance(value[kind], list) else ():
            if isinstance(row, dict):
                yield kind, row
                yield from _rows(row)


def _hangs_on(kind: str, row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for field, target in KINDS[kind].foreign.items():
        word = row.get(field)
        if isinstance(word, dict):
            word = word.get("id") or word.get("name")
        if isinstance(word, str):
            yield target, word


def put(running: Rows, given: Rows) -> Rows:
    """`running` with the rows of `given`, which take the place of their namesakes."""
    out = nothing()
    for kind, id in keys(running, given):
        out[kind][id] = given[kind].get(id) or running[kind][id]
    return out
