"""What setting up would change in Konnect, found out by looking only: is the control plane there, whose is it, which
entities would be added, changed or removed. The review shows it, and nothing is made before.

Not for: making it so (provisioning.py), showing it (screens.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from quickstart import messages
from quickstart.answers import Answers
from quickstart.errors import KonnectError
from quickstart.files import Places
from quickstart.konnect import certificate, journal, sync
from quickstart.konnect.account import TOKEN, no_token
from quickstart.konnect.client import Client
from quickstart.konnect.journal import Entry, Journal
from quickstart.konnect.product import MARK, Home, Product
from quickstart.konnect.products import product_of
from quickstart.konnect.refusals import Refused
from quickstart.konnect.sync import Change
from quickstart.plan import KonnectPlan, Plan

Open = Callable[[str, str, Mapping[str, str]], Client]


@dataclass(frozen=True, slots=True)
class Consent:
    """What the person allows for a control plane that is there and that this installation did not make."""

    add: bool = False
    replace: str = ""  # its name, typed


def consent_of(answers: Answers) -> Consent:
    return Consent(answers.konnect_existing == "add", answers.konnect_replace)


@dataclass(frozen=True, slots=True)
class Outlook:
    home: Home | None  # None: it would be created
    ours: bool  # it was made by us, or added to before
    replaced: bool  # it would be deleted first, as its name was typed
    pinned: bool  # our certificate is pinned there
    changes: tuple[Change, ...]

    @property
    def nothing(self) -> bool:
        return self.home is not None and self.pinned and not self.replaced and not self.changes


def token_of(plan: Plan) -> str:
    token = plan.secrets.get(TOKEN, "")
    if not token:
        raise no_token()
    return token


def look(
    plan: Plan,
    configuration: str,
    places: Places,
    environment: Mapping[str, str],
    consent: Consent | None = None,
    client: Open = Client,
) -> Outlook:
    """Raises KonnectError: what Konnect refuses, and what nobody allowed. With `consent` None nothing need be allowed:
    the person is asked later."""
    konnect = plan.konnect
    assert konnect is not None
    known = journal.load(places)
    product = product_of(konnect.product)
    with client(token_of(plan), konnect.region, environment) as opened:
        home = product.find(opened, konnect.control_plane)
        ours = home is not None and is_ours(home, known, konnect)
        replaced = False
        if home is not None:
            replaced = not ours and consent is not None and consent.replace == home.name
            if not ours and consent is not None:
                require(home, konnect, product, consent)
            elif home.unfit:
                raise unfit(home, konnect)
        existing = product.existing(opened, home.id) if home is not None and not replaced else []
        pinned = home is not None and not replaced and _is_pinned(product, opened, home, places)
    # ids follow from the control plane's: of one that is not there yet any will do
    wanted = product.wanted(plan, configuration, home.id if home is not None else _NOBODY)
    changes = sync.compare(wanted, existing, known.installation)
    return Outlook(home, ours, replaced, pinned, tuple(changes))


_NOBODY = "00000000-0000-0000-0000-000000000000"


def _is_pinned(product: Product, client: Client, home: Home, places: Places) -> bool:
    pair = certificate.load(places.konnect)
    if pair is None:
        return False
    return any(certificate.same(found.pem, pair.certificate) for found in product.pinned(client, home.id))


def is_ours(home: Home, known: Journal, konnect: KonnectPlan) -> bool:
    """Whether this installation made it, or was allowed to add to it before."""
    entry: Entry | None = known.entry(konnect)
    return home.labels.get(MARK) == known.installation or (entry is not None and entry.id == home.id)


def require(home: Home, konnect: KonnectPlan, product: Product, consent: Consent) -> None:
    """Raises KonnectError unless the person allowed to use or replace this control plane of somebody else's."""
    if consent.replace:
        if consent.replace != home.name:
            raise KonnectError(
                messages.text("konnect.replace_other", typed=consent.replace, name=home.name),
                messages.text("konnect.exists_hint", name=home.name),
            )
        return
    if home.unfit:
        raise unfit(home, konnect)
    if not consent.add:
        raise Refused(
            "conflict", messages.text("konnect.exists", name=home.name, region=konnect.region, kind=product.title),
            messages.text("konnect.exists_hint", name=home.name),
        )  # fmt: skip


def unfit(home: Home, konnect: KonnectPlan) -> Refused:
    named = {"name": home.name, "region": konnect.region, "reason": home.unfit}
    return Refused("conflict", messages.text("konnect.unfit", **named), messages.text("konnect.unfit_hint", **named))
