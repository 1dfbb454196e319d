"""Konnect's side of setting up: control plane, certificate, configuration; each looked for before it is made, and
written down before and after, so that doing it again after a crash makes nothing twice.

Not for: the container (data_plane_runner.py), waiting for the node (arrival.py), what must be allowed (outlook.py).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from quickstart import messages
from quickstart.files import Places
from quickstart.konnect import certificate, journal, outlook, sync
from quickstart.konnect.client import Client, ensure
from quickstart.konnect.journal import Entry
from quickstart.konnect.outlook import Consent, Open
from quickstart.konnect.product import MARK, Home, Pinned
from quickstart.konnect.products import product_of
from quickstart.konnect.refusals import Refused, is_certificate_limit
from quickstart.plan import Plan
from quickstart.progress import Reporter

text = messages.text


class Provisioning:
    """One plan's side of Konnect. Use as a context manager. Raises KonnectError, EnvironmentProblem."""

    def __init__(
        self,
        plan: Plan,
        places: Places,
        environment: Mapping[str, str],
        console: Reporter,
        consent: Consent,
        client: Open = Client,
    ) -> None:
        assert plan.konnect is not None
        self.plan = plan
        self.konnect = plan.konnect
        self.places = places
        self.console = console
        self.consent = consent
        self.product = product_of(self.konnect.product)
        self.client = client(outlook.token_of(plan), self.konnect.region, environment)

    def __enter__(self) -> Provisioning:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def provide(self, configuration: str) -> tuple[Entry, bool]:
        """Everything in its order. Returns what the data plane needs to know, and whether anything was changed."""
        home, made = self._control_plane()
        pinned = self._pin(home)
        changed = self.sync(home.id, configuration)
        entry = journal.load(self.places).entry(self.konnect)
        assert entry is not None
        return entry, made or pinned or changed

    # -- control plane ---------------------------------------------------------------------------------------------

    def _control_plane(self) -> tuple[Home, bool]:
        known = journal.load(self.places)
        name = self.konnect.control_plane
        labels = {MARK: known.installation}
        with self.console.step(text("konnect.step.control_plane", name=name, region=self.konnect.region)) as step:
            home = self.product.find(self.client, name)
            if home is not None and not outlook.is_ours(home, known, self.konnect):
                outlook.require(home, self.konnect, self.product, self.consent)
                if self.consent.replace == home.name:
                    self.product.delete(self.client, home.id)
                    home = None
            # the installation must be known before anything bears its name
            if known.entry(self.konnect) is None:
                journal.save(self.places, known.with_entry(Entry(self.konnect.product, self.konnect.region, name)))
            made = False
            if home is None:
                home, made = ensure(
                    self.client,
                    lambda: self.product.find(self.client, name),
                    lambda: self.product.create(self.client, name, labels, self.plan.ports["proxy"]),
                )
                if not made and not outlook.is_ours(home, known, self.konnect):
                    # somebody made one of this name between the look and now
                    outlook.require(home, self.konnect, self.product, self.consent)
            if home.unfit:
                raise outlook.unfit(home, self.konnect)
            self._note_home(home)
            step.note(text("konnect.made") if made else text("konnect.used"))
        return home, made

    def _note_home(self, home: Home) -> None:
        known = journal.load(self.places)
        entry = known.entry(self.konnect)
        assert entry is not None
        wanted = dataclasses.replace(
            entry, id=home.id, configuration=home.configuration, telemetry=home.telemetry,
            made=home.labels.get(MARK) == known.installation,
            certificate=entry.certificate if entry.id == home.id else "",
        )  # fmt: skip
        if wanted != entry:
            journal.save(self.places, known.with_entry(wanted))

    # -- certificate -----------------------------------------------------------------------------------------------

    def _pin(self, home: Home) -> bool:
        with self.console.step(text("konnect.step.certificate")) as step:
            pair = certificate.load_or_make(self.places.konnect, f"{MARK} {self.konnect.control_plane}")

            def find() -> Pinned | None:
                listed = self.product.pinned(self.client, home.id)
                return next((one for one in listed if certificate.same(one.pem, pair.certificate)), None)

            try:
                pinned, made = ensure(
                    self.client, find, lambda: self.product.pin(self.client, home.id, pair.certificate)
                )
            except Refused as refused:
                if is_certificate_limit(refused):
                    raise self._too_many(home, refused) from refused
                raise
            known = journal.load(self.places)
            entry = known.entry(self.konnect)
            assert entry is not None
            if entry.certificate != pinned.id:
                journal.save(self.places, known.with_entry(dataclasses.replace(entry, certificate=pinned.id)))
                if entry.certificate:  # ours of before, whose key is gone or about to end
                    self.product.unpin(self.client, home.id, entry.certificate)
            step.note(text("konnect.pinned") if made else text("konnect.pinned_already"))
        return made

    def _too_many(self, home: Home, refused: Refused) -> Refused:
        count = len(self.product.pinned(self.client, home.id))
        named = {"name": home.name, "count": count, "words": refused.words}
        return Refused(
            "certificates", text("konnect.certificates", **named), text("konnect.certificates_hint", **named),
            refused.status, refused.words,
        )  # fmt: skip

    # -- configuration ---------------------------------------------------------------------------------------------

    def sync(self, home: str, configuration: str) -> bool:
        """Makes the configuration of the control plane so; False when it was so already."""
        owner = journal.load(self.places).installation
        with self.console.step(text("konnect.step.sync")) as step:
            wanted = self.product.wanted(self.plan, configuration, home)
            changes = sync.compare(wanted, self.product.existing(self.client, home), owner)
            sync.apply(self.product, self.client, home, changes, owner, step.progress)
            count = len(changes)
            step.note(text("konnect.synced", count=count) if count else text("konnect.synced_already"))
        return bool(changes)
