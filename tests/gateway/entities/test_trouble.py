from __future__ import annotations

from typing import Any

import pytest

from gateway.entities.catalogue import KINDS
from gateway.entities.trouble import Place, Trouble
from gateway.errors import ConfigError
from gateway.schema import Error


def settled(*troubles: tuple[Place, Error]) -> ConfigError:
    trouble = Trouble()
    for place, error in troubles:
        trouble.add(place, error)
    with pytest.raises(ConfigError) as caught:
        trouble.settle({})
    return caught.value


def test_nothing_wrong_is_nothing() -> None:
    trouble = Trouble()
    assert not trouble
    trouble.settle({})


@pytest.mark.parametrize(
    ("troubles", "fields"),
    [
        ([(("x",), "unknown field")], {"x": "unknown field"}),
        ([(("services", 1), {"a": "b"})], {"services": [None, {"a": "b"}]}),
        (
            [(("services", 0), {"a": "b"}), (("services", 0, "routes", 2), {"c": "d"})],
            {"services": [{"a": "b", "routes": [None, None, {"c": "d"}]}]},
        ),
        (
            [(("services", 0, "routes", 0), {"c": "d"}), (("services", 0), "twice")],
            {"services": [{"routes": [{"c": "d"}], "@entity": ["twice"]}]},
        ),
        (
            [(("services", 0), "twice"), (("services", 0, "routes", 0), {"c": "d"})],
            {"services": [{"routes": [{"c": "d"}], "@entity": ["twice"]}]},
        ),
        (
            [(("a", 0), {"@entity": ["x"]}), (("a", 0), {"@entity": ["y"], "b": "z"})],
            {"a": [{"@entity": ["x", "y"], "b": "z"}]},
        ),
        ([(("a", 0), {"b": "first"}), (("a", 0), {"b": "second"})], {"a": [{"b": "first"}]}),
        ([(("a", 0), "text"), (("a", 0), {"b": "c"})], {"a": [{"@entity": ["text"], "b": "c"}]}),
    ],
)
def test_errors_meet_at_their_places(troubles: list[tuple[Place, Error]], fields: object) -> None:
    assert settled(*troubles).fields == fields


def test_flattened_errors_name_each_entity() -> None:
    row: dict[str, Any] = {"name": "chat", "tags": ["t"], "paths": ["x"], "plugins": [{"name": "nested"}]}
    trouble = Trouble()
    trouble.add(("routes", 0), {"paths": [None, "bad"], "@entity": ["worse"]}, KINDS["routes"], row)
    trouble.add(("services", 0), "twice", KINDS["services"], {"id": "1", "host": "n.test"})
    with pytest.raises(ConfigError) as caught:
        trouble.settle({})
    assert caught.value.flattened() == [
        {
            "entity_type": "route",
            "entity_name": "chat",
            "entity_tags": ["t"],
            "entity": {"name": "chat", "tags": ["t"], "paths": ["x"]},
            "errors": [{"type": "entity", "message": "worse"}, {"type": "field", "field": "paths.2", "message": "bad"}],
        },
        {
            "entity_type": "service",
            "entity_id": "1",
            "entity": {"id": "1", "host": "n.test"},
            "errors": [{"type": "entity", "message": "twice"}],
        },
    ]


def test_secrets_are_not_echoed() -> None:
    trouble = Trouble()
    kind = KINDS["keyauth_credentials"]
    trouble.add(("keyauth_credentials", 0), {"x": "unknown field"}, kind, {"key": "canary", "x": 1})
    trouble.dangling(("keyauth_credentials", 1), kind, {"key": "canary", "id": "7"}, "consumer", "bob", "consumers")
    with pytest.raises(ConfigError) as caught:
        trouble.settle({})
    assert "canary" not in str(caught.value) + str(caught.value.fields) + str(caught.value.flattened())


def test_dangling_references_alone_are_told_by_name() -> None:
    trouble = Trouble()
    trouble.dangling(("plugins", 0), KINDS["plugins"], {"name": "cors", "id": "1"}, "route", "r", "routes")
    trouble.dangling(("plugins", 0), KINDS["plugins"], {"name": "cors", "id": "1"}, "service", "s", "services")
    with pytest.raises(ConfigError) as caught:
        trouble.settle({})
    assert caught.value.fields == {
        "plugins": {
            "cors": [
                "invalid reference 'route: r' (no such entry in 'routes')",
                "invalid reference 'service: s' (no such entry in 'services')",
            ]
        }
    }
