from __future__ import annotations

from pathlib import Path

import pytest
from support.konnect_mock.problems import problem
from support.konnect_mock.server import Fault, KonnectMock
from support.konnect_parts import Office

from quickstart.konnect import certificate, sync
from quickstart.konnect.ai_gateways import AiGateways
from quickstart.konnect.product import MARK
from quickstart.konnect.refusals import Refused

API = AiGateways()
NOBODY = "0b1f8f3e-1d6d-4f0a-9a53-6b0f3cbe4f7a"


@pytest.fixture
def office(tmp_path: Path, mock: KonnectMock) -> Office:
    return Office(tmp_path, mock, "ai-gateway")


def test_made_found_on_any_page_and_deleted(mock: KonnectMock, office: Office) -> None:
    mock.page = 1
    for name in ("one", "two"):
        mock.state.create("ai-gateway", "eu", {"name": name, "display_name": name})
    with office.open() as client:
        made = API.create(client, "ai-gateway", {MARK: "aa"}, 8000)
        assert API.find(client, "ai-gateway") == made and made.labels == {MARK: "aa"}
        API.delete(client, made.id)
        assert API.find(client, "ai-gateway") is None


def test_certificates_and_nodes(mock: KonnectMock, office: Office) -> None:
    plane = mock.state.create("ai-gateway", "eu", {"name": "ai-gateway", "display_name": "x"})
    pem = certificate.make("one").certificate
    with office.open() as client:
        pinned = API.pin(client, plane.id, pem)
        assert [one.id for one in API.pinned(client, plane.id)] == [pinned.id]
        API.unpin(client, plane.id, pinned.id)
        assert API.pinned(client, plane.id) == []
        plane.nodes["n"] = {"id": "n", "hostname": "h", "config_hash": "abc", "last_ping": 1}
        assert [node.config for node in API.nodes(client, plane.id)] == ["abc"]
        assert API.expected(client, plane.id) == plane.expected and API.expected(client, NOBODY) == ""


def test_entities_are_made_changed_and_removed(mock: KonnectMock, office: Office) -> None:
    plane = mock.state.create("ai-gateway", "eu", {"name": "ai-gateway", "display_name": "x"})
    with office.open() as client:
        wanted = API.wanted(office.plan, "", plane.id)
        sync.apply(API, client, plane.id, sync.compare(wanted, API.existing(client, plane.id), "aa"), "aa")
        assert sync.compare(wanted, API.existing(client, plane.id), "aa") == []
        plane.of("models")["openai"]["capabilities"] = ["image"]
        changes = sync.compare(wanted, API.existing(client, plane.id), "aa")
        assert [(change.mark, change.entity.name, change.fields) for change in changes] == [
            ("~", "openai", ("capabilities",))
        ]
        sync.apply(API, client, plane.id, changes, "aa")
        assert sync.compare(wanted, API.existing(client, plane.id), "aa") == []
        sync.apply(API, client, plane.id, sync.compare([], API.existing(client, plane.id), "aa"), "aa")
    assert plane.configuration == {}


def test_one_is_made_once_though_the_answer_is_lost(mock: KonnectMock, office: Office) -> None:
    plane = mock.state.create("ai-gateway", "eu", {"name": "ai-gateway", "display_name": "x"})
    mock.faults = [Fault(problem(502, "lost"), times=1, method="POST", after=True)]
    with office.open() as client:
        API.put(client, plane.id, API.wanted(office.plan, "", plane.id)[0], None, "aa")
    assert list(plane.of("model-providers")) == ["openai"]


def test_somebody_elses_model_of_that_name_is_left_alone(mock: KonnectMock, office: Office) -> None:
    plane = mock.state.create("ai-gateway", "eu", {"name": "ai-gateway", "display_name": "x"})
    plane.of("models")["openai"] = {"name": "openai", "labels": {}}
    with office.open() as client, pytest.raises(Refused, match="did not make"):
        sync.compare(API.wanted(office.plan, "", plane.id), API.existing(client, plane.id), "aa")
