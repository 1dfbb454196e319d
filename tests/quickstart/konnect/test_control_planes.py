from __future__ import annotations

import pytest
from support.konnect_mock.server import KonnectMock
from support.konnect_parts import Office

from quickstart.konnect import certificate
from quickstart.konnect.control_planes import ControlPlanes
from quickstart.konnect.product import MARK
from quickstart.konnect.refusals import Refused

API = ControlPlanes()
NOBODY = "0b1f8f3e-1d6d-4f0a-9a53-6b0f3cbe4f7a"


def test_made_found_and_deleted(mock: KonnectMock, office: Office) -> None:
    mock.state.cluster_host = "ab.eu.cp.konghq.com"
    with office.open() as client:
        assert API.find(client, "ai-gateway") is None
        made = API.create(client, "ai-gateway", {MARK: "aa"}, 8000)
        assert API.find(client, "ai-gateway") == made
        assert (made.name, made.labels, made.configuration, made.unfit) == (
            "ai-gateway", {MARK: "aa"}, "ab.eu.cp.konghq.com", "",
        )  # fmt: skip
        API.delete(client, made.id)
        API.delete(client, made.id)
        assert API.find(client, "ai-gateway") is None


def test_it_is_found_on_any_page(mock: KonnectMock, office: Office) -> None:
    mock.page = 1
    plane = mock.state.create("gateway", "eu", {"name": "ai-gateway"})
    with office.open() as client:
        found = API.find(client, "ai-gateway")
    assert found is not None and found.id == plane.id


@pytest.mark.parametrize(
    "settings",
    [
        {"cluster_type": "CLUSTER_TYPE_K8S_INGRESS_CONTROLLER"},
        {"cloud_gateway": True},
        {"auth_type": "pki_client_certs"},
    ],
)
def test_one_that_no_data_plane_of_ours_can_join(
    mock: KonnectMock, office: Office, settings: dict[str, object]
) -> None:
    mock.state.create("gateway", "eu", {"name": "ai-gateway", **settings})
    with office.open() as client:
        found = API.find(client, "ai-gateway")
    assert found is not None and found.unfit


def test_certificates_are_pinned_and_unpinned(mock: KonnectMock, office: Office) -> None:
    plane = mock.state.create("gateway", "eu", {"name": "ai-gateway"})
    pem = certificate.make("one").certificate
    with office.open() as client:
        pinned = API.pin(client, plane.id, pem)
        assert API.pinned(client, plane.id) == [pinned] and certificate.same(pinned.pem, pem)
        API.unpin(client, plane.id, pinned.id)
        API.unpin(client, plane.id, pinned.id)
        assert API.pinned(client, plane.id) == []
        with pytest.raises(Refused):
            API.pin(client, plane.id, "not a certificate")


def test_nodes_come_in_pages(mock: KonnectMock, office: Office) -> None:
    plane = mock.state.create("gateway", "eu", {"name": "ai-gateway"})
    for number in range(5):
        plane.nodes[str(number)] = {"id": str(number), "hostname": "h", "config_hash": "x", "last_ping": number}
    mock.page = 2
    with office.open() as client:
        assert [node.id for node in API.nodes(client, plane.id)] == list("01234")
        assert API.expected(client, plane.id) == plane.expected
        assert API.expected(client, NOBODY) == ""


def test_entities_come_in_pages(mock: KonnectMock, office: Office) -> None:
    plane = mock.state.create("gateway", "eu", {"name": "ai-gateway"})
    mock.page = 3
    with office.open() as client:
        wanted = API.wanted(office.plan, office.configuration, plane.id)
        for entity in wanted:
            API.put(client, plane.id, entity, None, "aa")
        found = API.existing(client, plane.id)
        assert {entity.id for entity in found} == {entity.id for entity in wanted}
        assert all(entity.owners == {"aa"} for entity in found)
        with pytest.raises(Refused):
            API.remove(client, plane.id, wanted[0])  # others refer to it
        API.remove(client, plane.id, wanted[-1])
        API.remove(client, plane.id, wanted[-1])


def test_it_can_be_that_somebody_deleted_it(office: Office) -> None:
    with office.open() as client, pytest.raises(Refused) as refused:
        API.nodes(client, NOBODY)
    assert refused.value.kind == "missing"
