from __future__ import annotations

from typing import Any

import pytest

from gateway.entities.catalogue import KINDS
from gateway.entities.identity import id_of

SERVICE = "8514353b-25c1-5f08-ab01-dcafc33b5a4c"


@pytest.mark.parametrize(
    ("kind", "row", "parent", "id"),
    [
        # recorded of a real Kong (conformance: observe, scope, balance)
        ("services", {"name": "oai"}, None, SERVICE),
        ("services", {"name": "plain"}, None, "82270b91-84fb-520f-a3d6-08baa538bf9a"),
        (
            "routes",
            {"name": "plain-r"},
            ("service", "82270b91-84fb-520f-a3d6-08baa538bf9a"),
            "e84d704d-e007-58b7-a950-cc8999991d49",
        ),
        ("consumers", {"username": "alice", "custom_id": "al-1"}, None, "b32379d9-3d28-5683-a79c-72139be6e34f"),
        ("plugins", {"name": "ai-proxy"}, ("service", SERVICE), "d6c04acc-9628-57dc-8385-1a99b336ab96"),
        ("plugins", {"name": "request-termination"}, None, "4da62988-fd01-556f-908d-edf96226939c"),
        ("plugins", {"name": "request-termination", "route": "r1"}, None, "38acadbd-7191-52c6-9a64-47095339b673"),
        (
            "plugins",
            {"name": "request-termination", "route": "r1", "instance_name": "b"},
            None,
            "38acadbd-7191-52c6-9a64-47095339b673",
        ),
        (
            "targets",
            {"target": "127.0.0.1:8974"},
            ("upstream", "c9342a9b-710e-51c0-b0c5-1f30945940e5"),
            "03e43c21-6e2b-53c7-9de6-677b36cb9e82",
        ),
    ],
)
def test_ids_are_kongs(kind: str, row: dict[str, Any], parent: tuple[str, str] | None, id: str) -> None:
    assert id_of(KINDS[kind], row, parent) == id


def test_rows_without_a_name_are_known_by_their_content() -> None:
    routes = KINDS["routes"]
    one = id_of(routes, {"paths": ["/a"]}, ("service", SERVICE))
    assert one == id_of(routes, {"paths": ["/a"]}, ("service", SERVICE))
    assert one != id_of(routes, {"paths": ["/b"]}, ("service", SERVICE))
    assert one != id_of(routes, {"paths": ["/a"]}, None)


def test_another_unique_field_will_do() -> None:
    consumers = KINDS["consumers"]
    assert id_of(consumers, {"custom_id": "c"}) == id_of(consumers, {"custom_id": "c", "tags": ["x"]})


def test_keys_that_are_no_text_do_not_break_it() -> None:
    row = {"s": [{True: None, "g": {}, 2: {2.5: []}}]}
    assert id_of(KINDS["services"], row) == id_of(KINDS["services"], dict(row))
