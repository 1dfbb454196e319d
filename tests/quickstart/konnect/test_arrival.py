from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.konnect_mock.server import KonnectMock
from support.konnect_mock.state import Plane
from support.konnect_parts import Office

from quickstart.errors import KonnectError
from quickstart.konnect import arrival
from quickstart.konnect.control_planes import ControlPlanes
from quickstart.konnect.journal import Entry
from quickstart.konnect.product import Node

API = ControlPlanes()
NOW = 10_000.0


@pytest.fixture
def plane(mock: KonnectMock) -> Plane:
    return mock.state.create("gateway", "eu", {"name": "ai-gateway"})


def node(plane: Plane, identity: str = "n", **more: Any) -> None:
    plane.nodes[identity] = {
        "id": identity, "hostname": "here", "version": "3.15", "last_ping": NOW, "config_hash": plane.expected, **more,
    }  # fmt: skip


class Waiting:
    """A clock that goes on by being waited for; `then` is what happens meanwhile."""

    def __init__(self, then: Callable[[float], None] = lambda now: None) -> None:
        self.now = 0.0
        self.then = then
        self.told: list[str] = []

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.then(self.now)

    def wait(
        self, office: Office, plane: Plane, earlier: tuple[str, ...] = (), crashed: Callable[[], str] = lambda: ""
    ) -> Node:
        entry = Entry("gateway", "eu", "ai-gateway", plane.id, configuration="cp.example", telemetry="tp.example")
        with office.open() as client:
            return arrival.wait(
                API, client, entry, "here", earlier, crashed, self.told.append, 30, lambda: self.now, lambda: NOW,
                self.sleep,
            )  # fmt: skip


def test_it_returns_once_the_node_has_the_expected_configuration(office: Office, plane: Plane) -> None:
    def then(now: float) -> None:
        if now > 3 and not plane.nodes:
            node(plane, config_hash="0" * 32)
        if now > 6:
            node(plane)

    waiting = Waiting(then)
    assert waiting.wait(office, plane).config == plane.expected
    assert 6 < waiting.now < 9 and len(set(waiting.told)) == 2


@pytest.mark.parametrize("other", [{"hostname": "elsewhere"}, {"last_ping": NOW - 61}])
def test_it_is_no_other_node(office: Office, plane: Plane, other: dict[str, Any]) -> None:
    node(plane, **other)
    with pytest.raises(KonnectError) as refused:
        Waiting().wait(office, plane)
    assert "cp.example" in refused.value.hint and "tp.example" in refused.value.hint and refused.value.exit_code == 6


def test_the_node_of_before_does_not_count(office: Office, plane: Plane) -> None:
    node(plane, "before")
    waiting = Waiting(lambda now: node(plane, "after"))
    assert waiting.wait(office, plane, ("before",)).id == "after"


def test_a_node_without_configuration_says_why(office: Office, plane: Plane) -> None:
    issue = {"code": "P1", "resolution": "Use 3.15 or newer."}
    node(plane, config_hash="0" * 32, compatibility_status={"issues": [issue]})
    with pytest.raises(KonnectError, match=r"Use 3\.15 or newer"):
        Waiting().wait(office, plane)
    node(plane, config_hash="0" * 32)
    with pytest.raises(KonnectError, match="another configuration"):
        Waiting().wait(office, plane)


def test_a_container_that_ended_is_not_waited_for(office: Office, plane: Plane) -> None:
    waiting = Waiting()
    with pytest.raises(KonnectError, match="exit code 1"):
        waiting.wait(office, plane, crashed=lambda: "it ended with exit code 1")
    assert waiting.now == 0


def test_the_state_for_status(office: Office, plane: Plane) -> None:
    entry = Entry("gateway", "eu", "ai-gateway", plane.id)

    def state() -> str:
        with office.open() as client:
            return arrival.state(API, client, entry, "here", lambda: NOW)

    assert state() == "not connected"
    node(plane, config_hash="0" * 32)
    assert state() == "out of date"
    node(plane)
    assert state() == "in sync"
    with office.open() as client:
        assert arrival.listed(API, client, plane.id) == {"n"}
