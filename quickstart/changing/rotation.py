"""`ai-gateway key PROVIDER`: another key in the place of one in use, taken up without a restart.

Not for: asking for it, whether it works at its provider (keycheck.py does), keys of providers that are not set up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from gateway.providers import providers
from gateway.providers._base import Provider
from quickstart import health, messages, proofs, secret_file
from quickstart.answers import COMPATIBLE, Hosted
from quickstart.changing.change import Done, Subject, Wanted
from quickstart.documents import from_document
from quickstart.errors import QuickstartError, UsageError
from quickstart.files import Places
from quickstart.health import RouteHealth
from quickstart.plan import Plan, RoutePlan
from quickstart.reconcile.proposal import Wish
from quickstart.reconcile.situation import Situation

text = messages.text


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose key it is. `provider` None: a server nobody but its owner knows, so nothing can be asked of it."""

    name: str  # "openai", as people typed it
    title: str
    secret: str
    routes: tuple[RoutePlan, ...]
    provider: Provider | None
    endpoint: str = ""

    def header_value(self, key: str) -> str:
        return f"{self.provider.auth_prefix if self.provider is not None else 'Bearer '}{key}"


def owner(plan: Plan, places: Places, word: str) -> Owner:
    """Whom `word` means: a public name, or a provider's. Raises UsageError that names the ones there are."""
    named = [route for route in plan.routes if route.secret and word.lower() in (route.public, route.provider)]
    first = next((route for route in named if route.public == word.lower()), named[0] if named else None)
    if first is None:
        names = ", ".join(dict.fromkeys(route.public for route in plan.routes if route.secret))
        known = text("key.known", names=names) if names else text("key.known_none")
        raise UsageError(text("key.unknown", name=word), known)
    item = next((item for item in _hosted(places) if item.public == first.public), None)
    provider = providers().get(item.provider) if item is not None and item.provider != COMPATIBLE else None
    routes = tuple(route for route in plan.routes if route.secret == first.secret)
    return Owner(first.public, first.title, first.secret, routes, provider, item.endpoint if item else "")


def _hosted(places: Places) -> tuple[Hosted, ...]:
    try:
        return from_document(yaml.safe_load(places.answers.read_text()), str(places.answers)).hosted
    except (OSError, yaml.YAMLError, QuickstartError):
        return ()


def rotate(subject: Subject, whose: Owner, value: str, forget: bool = False, restores: int = 0) -> Done:
    """`value`: the complete header value. The configuration stays; the gateway reads its secrets again. The key before
    is kept for `undo`, unless with `forget`. `restores`: the generation that had this key."""
    forgotten = frozenset({whose.secret} if forget else ())
    made_by = "undo" if restores else f"key {whose.name}"

    def wanted(now: Situation) -> Wanted:
        return Wanted(Wish(made_by, restores=restores, forget=forgotten), {whose.secret: value})

    return subject.change(wanted)


def prove(subject: Subject, whose: Owner) -> Iterator[RouteHealth]:
    """One request through each route that uses the key, remembered for `status`."""
    for route in whose.routes:
        found = health.probe(subject.plan, route)
        proofs.save(subject.places, [found])
        yield found


def passed(places: Places, routes: tuple[RoutePlan, ...]) -> set[str]:
    """The names of those whose last proof was well."""
    known = proofs.load(places)
    return {route.name for route in routes if (known.get(route.name) or {}).get("health") == "ok"}


def present(places: Places, secret: str) -> str:
    return secret_file.read(places.secrets)[0].get(secret, "")
