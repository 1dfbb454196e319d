"""Kong Konnect, where the control plane is there: token, control plane, certificate, the data plane's place in it.

Not for: the data plane's container (running.py), its way to model servers (container_way.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from quickstart import messages
from quickstart.doctor.finding import Finding
from quickstart.doctor.patient import Patient
from quickstart.errors import QuickstartError

if TYPE_CHECKING:
    from quickstart.konnect.client import Client

CHECK = "konnect"
_AGAIN = "ai-gateway setup"
Open = Callable[[str, str, Mapping[str, str]], "Client"]


def check(patient: Patient, client: Open | None = None) -> Iterator[Finding]:
    plan = patient.plan
    if plan is None or plan.konnect is None:
        return
    try:
        yield from _look(patient, client)
    except QuickstartError as error:
        kind = getattr(error, "kind", "unknown")
        yield Finding(CHECK, "bad", f"konnect_{kind}", error.message, error.hint, plan.konnect.control_plane)


def _look(patient: Patient, client: Open | None) -> Iterator[Finding]:
    from quickstart.konnect import arrival, certificate, data_plane, journal, leaving  # slow to import, seldom needed
    from quickstart.konnect.account import no_token
    from quickstart.konnect.client import Client
    from quickstart.konnect.products import product_of

    plan = patient.plan
    assert plan is not None and plan.konnect is not None
    konnect = plan.konnect
    name, region = konnect.control_plane, konnect.region

    def finding(mark: str, code: str, remedy: str = "") -> Finding:
        message = messages.text(f"konnect.doctor.{code}", name=name, region=region)
        return Finding(CHECK, "ok" if mark == "ok" else "bad", f"konnect_{code}", message, remedy, name)

    token = leaving.token_of(patient.places, patient.environment)
    if not token:
        raise no_token()
    product = product_of(konnect.product)
    with (client or Client)(token, region, patient.environment) as opened:
        home = product.find(opened, name)
        if home is None:
            yield finding("bad", "gone", _AGAIN)
            return
        yield finding("ok", "there")
        pair = certificate.load(patient.places.konnect)
        pinned = product.pinned(opened, home.id)
        if pair is None:
            yield finding("bad", "no_certificate", _AGAIN)
        elif not any(certificate.same(one.pem, pair.certificate) for one in pinned):
            yield finding("bad", "not_pinned", _AGAIN)
        else:
            yield finding("ok", "pinned")
        entry = journal.load(patient.places).entry(konnect)
        if entry is None or entry.id != home.id:
            yield finding("bad", "another", _AGAIN)
            return
        hostname = "" if plan.host_network else data_plane.container_name(patient.places)
        state = arrival.state(product, opened, entry, hostname)
        code = {"in sync": "in_sync", "out of date": "out_of_date"}.get(state, "not_connected")
        yield finding("ok" if code == "in_sync" else "bad", code, "" if code == "in_sync" else "ai-gateway logs")
