"""The last test of every route, kept so that status shows it without spending tokens. Not for: testing (health.py)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from quickstart.files import Places, private_directory, write_atomically
from quickstart.health import RouteHealth
from quickstart.plan import Plan, RoutePlan


def _path(places: Places) -> Path:
    return places.run / "health.json"


def save(places: Places, results: Sequence[RouteHealth]) -> None:
    """Adds these results to the ones known of other routes."""
    known = load(places) | {result.name: result.as_document() for result in results}
    private_directory(places.run)
    write_atomically(_path(places), json.dumps(known, indent=1))


def load(places: Places) -> dict[str, Any]:
    """Route name -> its last result as a document; empty when there is none."""
    try:
        found = json.loads(_path(places).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def by_health(places: Places, plan: Plan) -> list[str]:
    """The public names of all chats, those whose last test went well first."""
    known = load(places)

    def unwell(route: RoutePlan) -> bool:
        told = known.get(route.name)
        return not (isinstance(told, dict) and told.get("health") == "ok")

    return [route.public for route in sorted(plan.chats, key=unwell)]
