"""Whose token it is, whether it works, and in which region its control plane is or shall be. One look, nothing made.

Not for: asking the person (screens.py), the control plane itself (control_planes.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from quickstart import keys, messages
from quickstart.answers import REGIONS
from quickstart.errors import KonnectError, UsageError
from quickstart.konnect.addresses import GLOBAL, TOKENS_PAGE
from quickstart.konnect.client import Client
from quickstart.konnect.product import Home
from quickstart.konnect.refusals import Refused

TOKEN = "KONNECT_TOKEN"  # noqa: S105 - a name
"""The environment variable, and the name in the secrets file."""
AUTO = "auto"
Open = Callable[[str, str, Mapping[str, str]], Client]
Find = Callable[[Client, str], Home | None]
"""The control plane of a name in a region; asking for it shows, too, whether the token may be used there."""


class Account(NamedTuple):
    organization: str
    region: str  # where the control plane is or shall be
    usable: tuple[str, ...]  # regions that this token may be used in, as far as they were asked
    sure: bool  # False: several regions would do, and nothing says which
    home: Home | None = None  # the control plane of that name, where there is one


class Asked(NamedTuple):
    """What is looked for. `region` may be AUTO."""

    name: str
    region: str
    product: str


class Seen(NamedTuple):
    account: Account
    ours: bool  # where a control plane of that name is there


def no_token() -> KonnectError:
    return KonnectError(
        messages.text("konnect.no_token"), messages.text("konnect.no_token_hint", variable=TOKEN, url=TOKENS_PAGE)
    )


def clean(text: str, origin: str) -> str:
    """The token out of what was pasted. Raises KonnectError, never with the token."""
    try:
        return keys.clean(text).value
    except UsageError as error:
        raise KonnectError(f"{origin}: {error.message}", error.hint) from None


def look_up(
    token: str, name: str, region: str, environment: Mapping[str, str], find: Find, client: Open = Client
) -> Account:
    """Checks the token and finds the region. `region` is AUTO or the one that was asked for.

    Raises Refused: "token", "expired", "permission", "region" (the token works in others), "limit", "down" or
    "unreachable".
    """
    what = messages.text("konnect.what.token")
    with client(token, GLOBAL, environment) as opened:
        # answers for tokens of people and of system accounts alike
        organization = opened.get("/v3/organizations/me", what=what)
        home = "" if region != AUTO else _home(opened)
    title = str(organization.get("name") or organization.get("id") or "")
    asked = REGIONS if region == AUTO else (region,)
    usable, found, refused = _ask(asked, token, name, environment, find, client)
    if not usable:
        raise _nowhere(refused, region, token, name, environment, find, client)
    if found is not None:
        return Account(title, usable[-1], tuple(usable), True, found)
    if home in usable:
        return Account(title, home, tuple(usable), True)
    return Account(title, usable[0], tuple(usable), len(usable) == 1)


def _home(client: Client) -> str:
    """The region that Konnect thinks this person is in; "" for system accounts, which are nowhere."""
    try:
        user: dict[str, Any] = client.get("/v3/users/me", what=messages.text("konnect.what.token"))
    except Refused as refused:
        if refused.passing:
            raise
        return ""
    return str(user.get("inferred_region") or "").lower()


def _ask(
    regions: tuple[str, ...], token: str, name: str, environment: Mapping[str, str], find: Find, client: Open
) -> tuple[list[str], Home | None, list[Refused]]:
    """Regions that let the token in, and the others' refusals; where one has the control plane it is the last."""
    usable: list[str] = []
    refusals: list[Refused] = []
    for region in regions:
        with client(token, region, environment) as opened:
            try:
                found = find(opened, name)
            except Refused as refused:
                if refused.passing and len(regions) == 1:
                    raise
                refusals.append(refused)
                continue
        usable.append(region)
        if found is not None:
            return usable, found, refusals
    return usable, None, refusals


def _nowhere(
    refusals: list[Refused],
    region: str,
    token: str,
    name: str,
    environment: Mapping[str, str],
    find: Find,
    client: Open,
) -> Refused:
    """Why no region was of use. Where one was named and others work, that is the news."""
    worst = refusals[0]
    if region != AUTO:
        others = tuple(other for other in REGIONS if other != region)
        usable, found, _ = _ask(others, token, name, environment, find, client)
        if usable:
            better = usable[-1] if found is not None else usable[0]
            return Refused(
                "region",
                messages.text("konnect.refusal.region", where=region, status=worst.status, others=", ".join(usable)),
                messages.text("konnect.refusal.region_hint", better=better),
                worst.status,
            )
    return next((refused for refused in refusals if refused.passing), worst)
