from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.konnect_mock.problems import problem
from support.konnect_mock.server import TOKEN, Fault, KonnectMock
from support.konnect_parts import Office
from support.setups import Listening, a_plan, a_route

from quickstart import secret_file
from quickstart.deployment import Deployment
from quickstart.doctor import konnect
from quickstart.doctor.patient import Patient
from quickstart.konnect.data_plane import container_name
from quickstart.konnect.outlook import Consent
from quickstart.konnect.provisioning import Provisioning


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Everything as it should be, seen from Konnect."""
    with KonnectMock() as mock:
        made = Office(tmp_path, mock)
        with Provisioning(made.plan, made.places, made.environment, Listening(), Consent(), made.open) as provisioning:
            provisioning.provide(made.configuration)
        secret_file.write(made.places.secrets, {"KONNECT_TOKEN": TOKEN})
        (plane,) = mock.planes()
        plane.nodes["n"] = {
            "id": "n", "hostname": container_name(made.places), "last_ping": time.time(), "config_hash": plane.expected,
        }  # fmt: skip
        yield made


def codes(office: Office, **environment: str) -> dict[str, str]:
    patient = Patient(office.places, {**office.environment, **environment}, Deployment(office.plan, "image"))
    found = list(konnect.check(patient, office.open))
    assert all(finding.mark == "ok" or finding.remedy for finding in found)
    assert TOKEN not in str(found)
    return {finding.code: finding.mark for finding in found}


def test_all_is_well(office: Office) -> None:
    assert codes(office) == {"konnect_there": "ok", "konnect_pinned": "ok", "konnect_in_sync": "ok"}


def test_who_has_no_konnect_is_not_bothered(office: Office, tmp_path: Path) -> None:
    assert not list(konnect.check(Patient(office.places, {})))
    plan = a_plan(tmp_path, a_route(9))
    assert not list(konnect.check(Patient(office.places, {}, Deployment(plan))))


def test_the_token(office: Office) -> None:
    assert codes(office, KONNECT_TOKEN="kpat_wrong") == {"konnect_token": "bad"}
    office.mock.faults = [Fault(problem(503, "maintenance"))]
    assert codes(office) == {"konnect_down": "bad"}
    office.places.secrets.unlink()
    assert codes(office) == {"konnect_unknown": "bad"}


def test_the_certificate(office: Office) -> None:
    (plane,) = office.mock.planes()
    plane.certificates.clear()
    assert codes(office)["konnect_not_pinned"] == "bad"
    (office.places.konnect / "data-plane.crt").unlink()
    assert codes(office)["konnect_no_certificate"] == "bad"


def test_the_control_plane(office: Office) -> None:
    office.mock.state.planes.clear()
    assert codes(office) == {"konnect_gone": "bad"}
    office.mock.state.create("gateway", "eu", {"name": "ai-gateway"})
    assert codes(office)["konnect_another"] == "bad"


def test_the_data_plane(office: Office) -> None:
    (plane,) = office.mock.planes()
    plane.nodes["n"]["config_hash"] = "0" * 32
    assert codes(office)["konnect_out_of_date"] == "bad"
    plane.nodes.clear()
    assert codes(office)["konnect_not_connected"] == "bad"
