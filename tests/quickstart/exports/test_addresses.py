"""Servers of this machine are found, and renamed where a container calls them."""

from __future__ import annotations

from quickstart.exports._addresses import from_a_container, local_addresses

DOCUMENT = {
    "services": [
        {
            "name": "a", "host": "127.0.0.1", "port": 7999,
            "routes": [{"plugins": [{"config": {"model": {"options": {"upstream_url": "http://localhost:7999/v1/x?a=b"}}}}]}],
        },
        {"name": "b", "host": "api.openai.com", "routes": [{"plugins": [{"config": {"upstream_url": "https://h.test/v1"}}]}]},
    ]
}  # fmt: skip


def test_they_are_listed_once_by_the_name_that_people_type() -> None:
    assert local_addresses(DOCUMENT) == ["localhost:7999"]
    assert local_addresses({"services": []}) == []


def test_a_container_calls_this_machine_otherwise() -> None:
    moved = from_a_container(DOCUMENT)
    first, second = moved["services"]
    assert first["host"] == "host.docker.internal"
    options = first["routes"][0]["plugins"][0]["config"]["model"]["options"]
    assert options["upstream_url"] == "http://host.docker.internal:7999/v1/x?a=b"
    assert second == DOCUMENT["services"][1]
    assert DOCUMENT["services"][0]["host"] == "127.0.0.1", "the given one is left alone"
