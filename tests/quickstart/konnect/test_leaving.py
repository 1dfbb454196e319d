from __future__ import annotations

import dataclasses

import pytest
from support.konnect_mock.problems import problem
from support.konnect_mock.server import TOKEN, Fault, KonnectMock
from support.konnect_parts import Office
from support.setups import Listening

from quickstart import secret_file
from quickstart.errors import UsageError
from quickstart.konnect import journal, leaving
from quickstart.konnect.outlook import Consent
from quickstart.konnect.provisioning import Provisioning


@pytest.fixture
def settled(office: Office) -> Office:
    """Somebody who has a control plane with a certificate, and the token in the secrets file."""
    with Provisioning(
        office.plan, office.places, office.environment, Listening(), Consent(), office.open
    ) as provisioning:
        provisioning.provide(office.configuration)
    secret_file.write(office.places.secrets, {"KONNECT_TOKEN": TOKEN})
    return office


def leavings(office: Office, typed: str = "", **more: str) -> tuple[list[leaving.Leaving], list[tuple[str, str]]]:
    return leaving.leavings(office.places, {**office.environment, **more}, typed, office.open)


def test_without_a_typed_name_only_our_certificate_goes(mock: KonnectMock, settled: Office) -> None:
    found, notes = leavings(settled)
    assert len(found) == 1 and "certificate" in found[0].text and "--delete-control-plane ai-gateway" in notes[0][0]
    found[0].act()
    (plane,) = mock.planes()
    assert not plane.certificates and plane.of("services")
    assert [entry.certificate for entry in leaving.control_planes(settled.places)] == [""]
    assert leavings(settled)[0] == []


def test_a_typed_name_deletes_it_and_forgets_it(mock: KonnectMock, settled: Office) -> None:
    found, notes = leavings(settled, "ai-gateway")
    assert len(found) == 1 and not notes and mock.planes()
    found[0].act()
    assert not mock.planes() and not leaving.control_planes(settled.places)


def test_a_name_that_is_not_ours_is_refused(mock: KonnectMock, settled: Office) -> None:
    mock.state.create("gateway", "eu", {"name": "production"})
    with pytest.raises(UsageError) as refused:
        leavings(settled, "production")
    assert "ai-gateway" in refused.value.hint and mock.planes("production")


def test_without_a_token_it_is_told(settled: Office) -> None:
    settled.places.secrets.unlink()
    found, notes = leavings(settled, "ai-gateway")
    assert found == [] and "KONNECT_TOKEN" in notes[0][1]
    assert len(leavings(settled, "ai-gateway", KONNECT_TOKEN=TOKEN)[0]) == 1


def test_nothing_there_nothing_to_leave(mock: KonnectMock, office: Office) -> None:
    assert leavings(office) == ([], []) and not mock.asked


def test_the_state_for_status(mock: KonnectMock, settled: Office) -> None:
    def state() -> str:
        return leaving.state(settled.plan, settled.places, settled.environment, settled.open)["data_plane"]

    assert state() == "not connected"
    mock.faults = [Fault(problem(401, "Unauthorized"))]
    assert state().startswith("not asked: ") and TOKEN not in state()
    settled.places.secrets.unlink()
    assert state() == "not connected"
    other = dataclasses.replace(journal.load(settled.places), entries=())
    journal.save(settled.places, other)
    assert state() == "not connected"
