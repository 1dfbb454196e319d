"""What the person who types a token wants to know at once: does it work, whose is it, which region, is a control plane
of that name there and is it ours. Not for: asking (screens.py), what would change in it (outlook.py).
"""

from __future__ import annotations

from collections.abc import Mapping

from quickstart.files import Places
from quickstart.konnect import account, journal, outlook
from quickstart.konnect.account import Asked, Open, Seen
from quickstart.konnect.client import Client
from quickstart.konnect.products import product_of
from quickstart.plan import KonnectPlan


def see(token: str, asked: Asked, environment: Mapping[str, str], places: Places, client: Open = Client) -> Seen:
    """Raises Refused, EnvironmentProblem."""
    product = product_of(asked.product)
    found = account.look_up(token, asked.name, asked.region, environment, product.find, client)
    if found.home is None:
        return Seen(found, False)
    plan = KonnectPlan(asked.name, found.region, asked.product, "")
    return Seen(found, outlook.is_ours(found.home, journal.load(places), plan))
