"""One snippet: of the kind and for the route that a person names. Not for: its text, which the gateway makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from quickstart.calling.kinds import KINDS
from quickstart.calling.live_routes import LiveRoute, choose, live_routes, ways
from quickstart.plan import Plan


def snippet(
    plan: Plan, environ: Mapping[str, str], kind: str, word: str, order: Sequence[str]
) -> tuple[LiveRoute, str]:
    """The route and the text. `order`: public names, the best first. Raises QuickstartError."""
    known = KINDS[kind]
    routes = [route for route in live_routes(plan, environ) if route.operation == known.operation]
    liked = sorted(order, key=lambda name: name not in known.first)
    route = choose(routes, word, known.tail, liked)
    return route, ways(plan, environ, route)[known.title]
