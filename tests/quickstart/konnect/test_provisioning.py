from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from support.konnect_mock.problems import problem
from support.konnect_mock.server import TOKEN, Fault, KonnectMock
from support.konnect_parts import KEY, Office, konnect_plan
from support.mock_server import Answer, Asked
from support.setups import Listening

from quickstart.konnect import certificate, journal
from quickstart.konnect.journal import Entry
from quickstart.konnect.outlook import Consent
from quickstart.konnect.product import MARK
from quickstart.konnect.provisioning import Provisioning
from quickstart.konnect.refusals import Refused


def provide(office: Office, consent: Consent = Consent(), console: Listening | None = None) -> tuple[Entry, bool]:
    listening = console or Listening()
    with Provisioning(
        office.plan, office.places, office.environment, listening, consent, office.open
    ) as provisioning:  # fmt: skip
        return provisioning.provide(office.configuration)


def writes(mock: KonnectMock) -> list[str]:
    return [f"{asked.method} {asked.path.split('/')[-1]}" for asked in mock.asked if asked.method in ("POST", "DELETE")]


def test_in_the_order_of_the_story_and_once(mock: KonnectMock, office: Office) -> None:
    listening = Listening()
    entry, changed = provide(office, console=listening)
    assert changed and writes(mock) == ["POST control-planes", "POST dp-client-certificates"]
    (plane,) = mock.planes()
    assert (entry.id, entry.made, list(plane.certificates)) == (plane.id, True, [entry.certificate])
    assert plane.labels == {MARK: journal.load(office.places).installation}
    tags = {tag for items in plane.entities.values() for item in items.values() for tag in item["tags"]}
    assert tags == {MARK, f"{MARK}:{journal.load(office.places).installation}"}
    before = len(mock.asked)
    assert provide(office) == (entry, False)
    assert {asked.method for asked in mock.asked[before:]} == {"GET"}
    assert 'Control plane "ai-gateway" in eu' in listening.said


def test_neither_token_nor_keys_are_in_any_request(mock: KonnectMock, office: Office) -> None:
    provide(office)
    key = KEY.removeprefix("Bearer ")
    for asked in mock.asked:
        everything = f"{asked.path} {asked.query} {asked.body!r} {asked.headers}"
        assert key not in everything
        assert TOKEN not in everything.replace(f"Bearer {TOKEN}", "")
        assert "PRIVATE KEY" not in everything


@pytest.mark.parametrize("path", ["control-planes", "dp-client-certificates"])
@pytest.mark.parametrize("after", [False, True])
def test_a_lost_answer_makes_nothing_twice(mock: KonnectMock, office: Office, path: str, after: bool) -> None:
    mock.faults = [Fault(problem(504, "lost"), times=1, method="POST", path=path, after=after)]
    entry, _ = provide(office)
    (plane,) = mock.planes()
    assert list(plane.certificates) == [entry.certificate]


def test_somebody_elses_is_added_to_when_allowed_and_then_ours(mock: KonnectMock, office: Office) -> None:
    plane = mock.state.create("gateway", "eu", {"name": "ai-gateway"})
    plane.of("services")["0b1f8f3e-1d6d-4f0a-9a53-6b0f3cbe4f7a"] = {
        "id": "0b1f8f3e-1d6d-4f0a-9a53-6b0f3cbe4f7a", "name": "theirs", "host": "h",
    }  # fmt: skip
    with pytest.raises(Refused):
        provide(office)
    assert not writes(mock)
    entry, _ = provide(office, Consent(add=True))
    assert not entry.made and "theirs" in {item["name"] for item in plane.of("services").values()}
    assert provide(office) == (entry, False)


def test_replacing_deletes_it_first(mock: KonnectMock, office: Office) -> None:
    old = mock.state.create("gateway", "eu", {"name": "ai-gateway"})
    entry, _ = provide(office, Consent(replace="ai-gateway"))
    (plane,) = mock.planes()
    assert plane.id == entry.id != old.id and entry.made
    assert writes(mock)[0] == f"DELETE {old.id}"
    assert provide(office, Consent(replace="ai-gateway")) == (entry, False), "what is ours now is not deleted again"


class Racing(KonnectMock):
    """Between the look and the creation somebody else creates one of the same name."""

    def answer(self, asked: Asked) -> Answer:
        if asked.method == "POST" and asked.path.endswith("/control-planes") and not self.planes():
            self.state.create("gateway", "eu", {"name": "ai-gateway"})
        return super().answer(asked)


def test_somebody_may_be_faster(tmp_path: Path) -> None:
    with Racing() as mock:
        office = Office(tmp_path, mock)
        with pytest.raises(Refused) as refused:
            provide(office)
        assert refused.value.kind == "conflict" and "--konnect-existing add" in refused.value.hint
        assert len(mock.planes()) == 1 and not mock.planes()[0].certificates
        assert not provide(office, Consent(add=True))[0].made


def test_too_many_certificates(mock: KonnectMock, office: Office) -> None:
    plane = mock.state.create("gateway", "eu", {"name": "ai-gateway"})
    plane.certificates["x"] = certificate.make("other").certificate
    mock.state.most_certificates = 1
    with pytest.raises(Refused) as refused:
        provide(office, Consent(add=True))
    assert refused.value.kind == "certificates" and "1 are pinned" in refused.value.message
    mock.state.most_certificates = 2
    provide(office)
    assert len(plane.certificates) == 2


def test_a_lost_key_leaves_no_orphan(mock: KonnectMock, office: Office) -> None:
    first, _ = provide(office)
    (office.places.konnect / "data-plane.key").unlink()
    second, _ = provide(office)
    (plane,) = mock.planes()
    assert first.certificate != second.certificate and list(plane.certificates) == [second.certificate]


def test_what_is_no_longer_wanted_goes_and_the_rest_stays(mock: KonnectMock, office: Office) -> None:
    office.plan = konnect_plan(office.folder, "gateway", "openai", "cohere")
    provide(office)
    (plane,) = mock.planes()
    names = {item["name"] for item in plane.of("services").values()}
    assert {"openai-api", "cohere-api"} <= names
    office.plan = konnect_plan(office.folder, "gateway", "openai")
    assert provide(office)[1]
    assert {item["name"] for item in plane.of("services").values()} == names - {"cohere-api"}


def test_another_name_is_another_control_plane_and_the_first_stays(mock: KonnectMock, office: Office) -> None:
    first, _ = provide(office)
    assert office.plan.konnect is not None
    office.plan = dataclasses.replace(
        office.plan, konnect=dataclasses.replace(office.plan.konnect, control_plane="other")
    )
    second, _ = provide(office)
    assert journal.load(office.places).entries == (first, second)
    assert len(mock.planes("ai-gateway")) == len(mock.planes("other")) == 1


def test_permission_may_be_missing(mock: KonnectMock, office: Office) -> None:
    mock.access.read_only = True
    with pytest.raises(Refused) as refused:
        provide(office)
    assert refused.value.kind == "permission" and not mock.planes()
