from __future__ import annotations

import dataclasses

import pytest
from support.konnect_mock.server import KonnectMock
from support.konnect_parts import PLAN, Office

from quickstart.answers import Answers
from quickstart.errors import KonnectError
from quickstart.konnect import journal, outlook
from quickstart.konnect.journal import Entry, Journal
from quickstart.konnect.outlook import Consent, Outlook, consent_of
from quickstart.konnect.product import MARK
from quickstart.konnect.refusals import Refused


def look(office: Office, consent: Consent | None = Consent()) -> Outlook:
    return outlook.look(office.plan, office.configuration, office.places, office.environment, consent, office.open)


def test_nothing_is_there_yet(mock: KonnectMock, office: Office) -> None:
    seen = look(office)
    assert seen.home is None and not seen.nothing and {change.mark for change in seen.changes} == {"+"}
    assert {asked.method for asked in mock.asked} == {"GET"}, "looking changes nothing"
    assert not journal.path(office.places).exists()


def test_somebody_elses_is_not_touched_without_a_word(mock: KonnectMock, office: Office) -> None:
    mock.state.create("gateway", "eu", {"name": "ai-gateway"})
    with pytest.raises(Refused) as refused:
        look(office)
    assert refused.value.exit_code == 6 and '"ai-gateway"' in refused.value.message
    for way in ("--konnect-existing add", "--konnect-control-plane ai-gateway-2", "--konnect-replace ai-gateway"):
        assert way in refused.value.hint


@pytest.mark.parametrize("consent", [None, Consent(add=True)])
def test_it_may_be_looked_at_and_added_to(mock: KonnectMock, office: Office, consent: Consent | None) -> None:
    mock.state.create("gateway", "eu", {"name": "ai-gateway"})
    seen = look(office, consent)
    assert seen.home is not None and not seen.ours and not seen.replaced


def test_replacing_needs_its_name(mock: KonnectMock, office: Office) -> None:
    mock.state.create("gateway", "eu", {"name": "ai-gateway"})
    with pytest.raises(KonnectError, match="Nothing was deleted"):
        look(office, Consent(replace="ai-gatway"))
    assert look(office, Consent(replace="ai-gateway")).replaced


@pytest.mark.parametrize("how", ["label", "journal"])
def test_ours_is_known_again(mock: KonnectMock, office: Office, how: str) -> None:
    plane = mock.state.create("gateway", "eu", {"name": "ai-gateway", "labels": {MARK: "aa"} if how == "label" else {}})
    entry = Entry("gateway", "eu", "ai-gateway", plane.id if how == "journal" else "")
    journal.save(office.places, Journal("aa", (entry,)))
    seen = look(office)
    assert seen.ours and not seen.pinned


def test_one_that_cannot_be_joined_is_told(mock: KonnectMock, office: Office) -> None:
    mock.state.create("gateway", "eu", {"name": "ai-gateway", "cloud_gateway": True})
    for consent in (None, Consent(add=True)):
        with pytest.raises(Refused, match="cloud gateway"):
            look(office, consent)


def test_without_a_token_nobody_is_asked(mock: KonnectMock, office: Office) -> None:
    office.plan = dataclasses.replace(office.plan, secrets={})
    with pytest.raises(KonnectError, match="token"):
        look(office)
    assert not mock.asked


def test_what_the_answers_allow() -> None:
    assert consent_of(Answers()) == Consent()
    assert consent_of(Answers(konnect_existing="add", konnect_replace="x")) == Consent(True, "x")
    assert PLAN.control_plane == Answers().konnect_control_plane
