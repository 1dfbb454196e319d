from __future__ import annotations

from typing import Any

import pytest
from support.lax_plugins import LaxRegistry

from gateway.entities import Config
from gateway.errors import ConfigError

UUID = "aaaaaaaa-0000-4000-8000-000000000001"
SERVICE = {"name": "llm", "host": "n.test"}
NO_CRITERIA = "must set one of 'methods', 'hosts', 'headers', 'paths', 'snis' when 'protocols' is 'https'"


def load(document: dict[str, Any], **options: Any) -> Config:
    return Config.from_declarative({"_format_version": "3.0", **document}, registry=LaxRegistry(), **options)


def refused(document: dict[str, Any], **options: Any) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load(document, **options)
    return caught.value


def twice(kind: str, what: str) -> str:
    return f"uniqueness violation: '{kind}' entity with {what} already declared"


def rows(config: Config, kind: str) -> list[dict[str, Any]]:
    return list(config.collections[kind].values())


def test_children_get_their_parents_id() -> None:
    config = load(
        {
            "services": [
                {
                    **SERVICE,
                    "routes": [{"name": "chat", "paths": ["/c"], "plugins": [{"name": "a"}]}],
                    "plugins": [{"name": "b"}],
                }
            ],
            "consumers": [
                {
                    "username": "alice",
                    "keyauth_credentials": [{"key": "k"}],
                    "acls": [{"group": "dev"}],
                    "plugins": [{"name": "c"}],
                }
            ],
            "upstreams": [{"name": "u.test", "targets": [{"target": "n.test"}]}],
            "key_sets": [{"name": "s", "keys": [{"kid": "1", "jwk": '{"kid":"1"}'}]}],
        }
    )
    service, route, consumer = (rows(config, kind)[0]["id"] for kind in ("services", "routes", "consumers"))
    assert rows(config, "routes")[0]["service"] == {"id": service}
    scopes = {row["name"]: (row["route"], row["service"], row["consumer"]) for row in rows(config, "plugins")}
    assert scopes == {
        "a": ({"id": route}, None, None),
        "b": (None, {"id": service}, None),
        "c": (None, None, {"id": consumer}),
    }
    assert rows(config, "keyauth_credentials")[0]["consumer"] == {"id": consumer}
    assert rows(config, "acls")[0]["consumer"] == {"id": consumer}
    assert rows(config, "targets")[0]["target"] == "n.test:8000"
    assert rows(config, "keys")[0]["set"] == {"id": rows(config, "key_sets")[0]["id"]}


def test_references_are_names_or_ids_wherever_the_row_stands() -> None:
    config = load(
        {
            "plugins": [{"name": "a", "route": "chat", "consumer": "alice"}, {"name": "b", "service": UUID}],
            "routes": [{"name": "chat", "paths": ["/c"], "service": "llm"}],
            "consumers": [{"username": "alice"}],
            "services": [{**SERVICE, "id": UUID}],
        }
    )
    first, second = rows(config, "plugins")
    assert first["route"] == {"id": rows(config, "routes")[0]["id"]}
    assert first["consumer"] == {"id": rows(config, "consumers")[0]["id"]}
    assert second["service"] == rows(config, "routes")[0]["service"] == {"id": UUID}


def test_decks_objects_of_names_are_understood_in_its_files_only() -> None:
    document = {"services": [SERVICE], "routes": [{"name": "chat", "paths": ["/c"], "service": {"name": "llm"}}]}
    config = load(document, deck=True)
    assert rows(config, "routes")[0]["service"] == {"id": rows(config, "services")[0]["id"]}
    assert refused(document).fields == {"routes": [{"service": {"id": "missing primary key"}}]}


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ({"name": "r", "paths": ["/"], "service": "nope"}, "service: nope"),
        ({"name": "r", "paths": ["/"], "service": {"id": UUID}}, f'service: {{"id":"{UUID}"}}'),
        ({"name": "r", "paths": ["/"], "service": UUID}, f"service: {UUID}"),
    ],
)
def test_a_reference_that_leads_nowhere_is_named(row: dict[str, Any], name: str) -> None:
    assert refused({"routes": [row]}).fields == {
        "routes": {"r": [f"invalid reference '{name}' (no such entry in 'services')"]}
    }


def test_with_other_errors_a_dangling_reference_is_told_at_its_place() -> None:
    error = refused({"services": [{"name": "s"}], "routes": [{"paths": ["/"]}, {"paths": ["/"], "service": "nope"}]})
    assert error.fields == {
        "services": [{"host": "required field missing"}],
        "routes": [None, {"service": "invalid reference 'service: nope' (no such entry in 'services')"}],
    }


def test_a_reference_to_a_row_that_is_wrong_itself_is_not_told_twice() -> None:
    error = refused({"services": [{"name": "s", "port": "x"}], "plugins": [{"name": "a", "service": "s"}]})
    assert error.fields == {"services": [{"host": "required field missing", "port": "expected an integer"}]}


def test_errors_of_parents_and_children_are_told_together() -> None:
    error = refused({"services": [{"name": "s", "routes": [{"name": "r"}, {"name": "q", "paths": ["/"], "x": 1}]}]})
    assert error.fields == {
        "services": [
            {
                "host": "required field missing",
                "routes": [
                    {
                        "@entity": [
                            "must set one of 'methods', 'hosts', 'headers', 'paths', 'snis' when 'protocols' is 'https'"
                        ]
                    },
                    {"x": "unknown field"},
                ],
            }
        ]
    }
    assert "services[1] (s).routes[2] (q).x: unknown field" in error.message


@pytest.mark.parametrize(
    ("document", "fields"),
    [
        ({"services": {}}, {"services": "expected an array"}),
        ({"services": ["x"]}, {"services": ["expected a record"]}),
        ({"services": [{**SERVICE, "routes": "x"}]}, {"services": [{"routes": "expected an array"}]}),
        ({"nope": [], "_info": {}}, {"nope": "unknown field", "_info": "unknown field"}),
        ({"_transform": "x"}, {"_transform": "expected a boolean"}),
        ({"_comment": 5}, {"_comment": "expected a string"}),
        ({"_ignore": "x"}, {"_ignore": "expected an array"}),
        ({"_format_version": "3"}, {"_format_version": "expected one of: 1.1, 2.1, 3.0"}),
        ({"_format_version": 3.0}, {"_format_version": "expected one of: 1.1, 2.1, 3.0"}),
    ],
)
def test_documents_of_the_wrong_shape(document: dict[str, Any], fields: object) -> None:
    assert refused(document).fields == fields


def test_what_may_stand_in_a_document() -> None:
    config = load({"_transform": False, "_comment": "x", "_ignore": ["y"], "services": None, "routes": []})
    assert not any(config.collections.values())
    assert rows(
        load({"_info": {"select_tags": ["t"]}, "_workspace": "w", "services": [SERVICE]}, deck=True), "services"
    )[0]["tags"] == ["t"]


@pytest.mark.parametrize(
    ("document", "fields"),
    [
        (
            {"services": [SERVICE, SERVICE]},
            {"services": [None, "uniqueness violation: 'services' entity with name set to 'llm' already declared"]},
        ),
        (
            {"services": [{**SERVICE, "id": UUID}, {"name": "b", "host": "n.test", "id": UUID}]},
            {
                "services": [
                    None,
                    f"uniqueness violation: 'services' entity with primary key set to '{UUID}' already declared",
                ]
            },
        ),
        (
            {"consumers": [{"username": "a", "custom_id": "1"}, {"username": "b", "custom_id": "1"}]},
            {
                "consumers": [
                    None,
                    "uniqueness violation: 'consumers' entity with custom_id set to '1' already declared",
                ]
            },
        ),
        (
            {"plugins": [{"name": "a", "instance_name": "i"}, {"name": "b", "instance_name": "i"}]},
            {
                "plugins": [
                    None,
                    "uniqueness violation: 'plugins' entity with instance_name set to 'i' already declared",
                ]
            },
        ),
        (
            {"consumers": [{"username": "a", "keyauth_credentials": [{"key": "canary"}, {"key": "canary"}]}]},
            {
                "consumers": [
                    {
                        "keyauth_credentials": [
                            None,
                            "uniqueness violation: 'keyauth_credentials' entity with key set to '***' already declared",
                        ]
                    }
                ]
            },
        ),
    ],
)
def test_what_must_be_unique(document: dict[str, Any], fields: object) -> None:
    error = refused(document)
    assert error.fields == fields
    assert "canary" not in str(error)


def test_a_plugin_is_unique_in_its_scope_however_the_scope_is_written() -> None:
    route = {"name": "chat", "paths": ["/c"]}
    load(
        {"routes": [route], "plugins": [{"name": "a"}, {"name": "a", "route": "chat"}, {"name": "b", "route": "chat"}]}
    )
    nested = {**route, "plugins": [{"name": "a"}]}
    error = refused({"routes": [nested], "plugins": [{"name": "a", "route": "chat"}]})
    assert "uniqueness violation: 'plugins' entity with primary key set to" in error.fields["plugins"][0]


def test_a_plugin_without_consumers_is_refused_on_one() -> None:
    error = refused({"consumers": [{"username": "a", "plugins": [{"name": "key-auth"}]}]})
    assert error.fields == {"consumers": [{"plugins": [{"consumer": "value must be null"}]}]}


def test_a_nested_row_may_not_name_another_parent() -> None:
    error = refused({"services": [{**SERVICE, "routes": [{"paths": ["/"], "service": "other"}]}]})
    assert "value must be null" in error.fields["services"][0]["routes"][0]["service"]


def test_rows_without_names_keep_their_ids_and_twins_stay_apart() -> None:
    document = {"services": [{"host": "n.test", "routes": [{"paths": ["/a"]}, {"paths": ["/a"]}, {"paths": ["/b"]}]}]}
    first, second = load(document), load(document)
    assert list(first.collections["routes"]) == list(second.collections["routes"])
    assert len(first.collections["routes"]) == 3


@pytest.mark.parametrize("version", ["1.1", "2.1"])
def test_before_3_0_a_regex_had_no_mark(version: str) -> None:
    document = {"_format_version": version, "routes": [{"paths": ["/plain/a-b", "/a(b|c)$", "~/kept$"]}]}
    assert rows(load(document), "routes")[0]["paths"] == ["/plain/a-b", "~/a(b|c)$", "~/kept$"]


def test_moments_are_an_argument_and_kept_when_given() -> None:
    config = load({"services": [SERVICE, {"name": "b", "host": "n.test", "created_at": 5}]}, now=1000)
    assert [(row["created_at"], row["updated_at"]) for row in rows(config, "services")] == [(1000, 1000), (5, 1000)]


def test_a_credential_without_key_gets_one_only_from_the_caller() -> None:
    document = {"consumers": [{"username": "a", "keyauth_credentials": [{}]}]}
    assert rows(load(document, new_key=lambda: "made"), "keyauth_credentials")[0]["key"] == "made"
    assert refused(document).fields == {"consumers": [{"keyauth_credentials": [{"key": "required field missing"}]}]}


def test_certificates_bring_their_names() -> None:
    pem = "-----BEGIN {0}-----\nAAAA\n-----END {0}-----"
    certificate = {
        "cert": pem.format("CERTIFICATE"),
        "key": pem.format("PRIVATE KEY"),
        "snis": ["a.test", {"name": "b.test"}],
    }
    config = load({"certificates": [certificate]})
    assert [row["name"] for row in rows(config, "snis")] == ["a.test", "b.test"]
    assert {row["certificate"]["id"] for row in rows(config, "snis")} == set(config.collections["certificates"])


def test_the_document_is_not_touched() -> None:
    document = {
        "services": [{**SERVICE, "url": "http://n.test", "routes": [{"paths": ["/"], "plugins": [{"name": "a"}]}]}]
    }
    before = str(document)
    load(document)
    assert str(document) == before
