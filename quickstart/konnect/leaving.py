"""What of ours is in Konnect, for uninstall and status: the pinned certificate, the control planes. A control plane
goes only when its name was typed; without that it stays with all it holds, and the journal remembers it.

Not for: what is on this machine (uninstalling.py), asking (commands/uninstall.py).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import NamedTuple

from quickstart import messages, secret_file
from quickstart.errors import QuickstartError, UsageError
from quickstart.files import Places
from quickstart.konnect import arrival, data_plane, journal
from quickstart.konnect.account import TOKEN, clean
from quickstart.konnect.client import Client
from quickstart.konnect.journal import Entry
from quickstart.konnect.outlook import Open
from quickstart.konnect.products import product_of
from quickstart.plan import Plan

text = messages.text


class Leaving(NamedTuple):
    """One thing in Konnect that goes: `text` for the list, `act` removes it and writes that down."""

    text: str
    act: Callable[[], object]


def token_of(places: Places, environment: Mapping[str, str]) -> str:
    """The token from the environment, else the kept one; "" when there is none."""
    given = environment.get(TOKEN, "").strip()
    return clean(given, f"${TOKEN}") if given else secret_file.read(places.secrets)[0].get(TOKEN, "")


def control_planes(places: Places) -> list[Entry]:
    """The ones that setup made or used, oldest first. Raises EnvironmentProblem."""
    return [entry for entry in journal.load(places).entries if entry.id]


def leavings(
    places: Places, environment: Mapping[str, str], typed: str = "", client: Open = Client
) -> tuple[list[Leaving], list[tuple[str, str]]]:
    """What would go from Konnect, and notes (message, hint) about what stays. `typed`: the name of a control plane to
    delete. Raises UsageError where no control plane has that name."""
    entries = control_planes(places)
    if typed and typed not in {entry.name for entry in entries}:
        known = ", ".join(entry.name for entry in entries) or "-"
        raise UsageError(text("konnect.leave.unknown", typed=typed), text("konnect.leave.unknown_hint", known=known))
    notes: list[tuple[str, str]] = []
    found: list[Leaving] = []
    token = token_of(places, environment) if entries else ""
    if entries and not token:
        notes.append((text("konnect.leave.token"), text("konnect.leave.token_hint")))
    for entry in entries:
        named = {"name": entry.name, "region": entry.region}
        if entry.name == typed and token:
            found.append(
                Leaving(
                    text("konnect.leave.control_plane", **named), _deleter(places, entry, token, environment, client)
                )
            )
            continue
        if entry.certificate and token:
            found.append(
                Leaving(
                    text("konnect.leave.certificate", **named), _unpinner(places, entry, token, environment, client)
                )
            )
        notes.append((text("konnect.leave.kept", **named), ""))
    return found, notes


def _deleter(
    places: Places, entry: Entry, token: str, environment: Mapping[str, str], client: Open
) -> Callable[[], None]:
    def act() -> None:
        with client(token, entry.region, environment) as opened:
            product_of(entry.product).delete(opened, entry.id)
        if journal.path(places).exists():
            known = journal.load(places)
            now = next((one for one in known.entries if one.id == entry.id), entry)
            journal.save(places, known.without(now))

    return act


def _unpinner(
    places: Places, entry: Entry, token: str, environment: Mapping[str, str], client: Open
) -> Callable[[], None]:
    def act() -> None:
        with client(token, entry.region, environment) as opened:
            product_of(entry.product).unpin(opened, entry.id, entry.certificate)
        if journal.path(places).exists():
            journal.save(places, journal.load(places).with_entry(dataclasses.replace(entry, certificate="")))

    return act


def _once(token: str, region: str, environment: Mapping[str, str]) -> Client:
    """Who asks for the state wants an answer now."""
    return Client(token, region, environment, attempts=1)


def state(plan: Plan, places: Places, environment: Mapping[str, str], client: Open = _once) -> dict[str, str]:
    """What status shows of Konnect. `data_plane`: a word of arrival.state, or why nobody was asked."""
    assert plan.konnect is not None
    konnect = plan.konnect
    found = {"control_plane": konnect.control_plane, "region": konnect.region, "product": konnect.product}
    try:
        entry = journal.load(places).entry(konnect)
        token = token_of(places, environment)
        if entry is None or not entry.id or not token:
            return {**found, "data_plane": "not connected"}
        hostname = "" if plan.host_network else data_plane.container_name(places)
        with client(token, konnect.region, environment) as opened:
            return {**found, "data_plane": arrival.state(product_of(konnect.product), opened, entry, hostname)}
    except QuickstartError as error:
        return {**found, "data_plane": text("konnect.status.unknown", reason=error.message)}
