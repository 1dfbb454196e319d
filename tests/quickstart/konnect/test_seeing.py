from __future__ import annotations

from support.konnect_mock.server import TOKEN, KonnectMock
from support.konnect_parts import Office

from quickstart.konnect import journal, seeing
from quickstart.konnect.account import AUTO, Asked
from quickstart.konnect.journal import Journal
from quickstart.konnect.product import MARK


def test_a_control_plane_of_ours_is_told_from_others(mock: KonnectMock, office: Office) -> None:
    asked = Asked("ai-gateway", AUTO, "gateway")

    def see() -> tuple[bool, bool]:
        seen = seeing.see(TOKEN, asked, office.environment, office.places, office.open)
        return seen.account.home is not None, seen.ours

    assert see() == (False, False)
    plane = mock.state.create("gateway", "us", {"name": "ai-gateway", "labels": {MARK: "aa"}})
    assert see() == (True, False)
    journal.save(office.places, Journal("aa"))
    assert see() == (True, True)
    plane.labels.clear()
    assert see() == (True, False)
