from __future__ import annotations

import pytest
from support.kong_schemas import checks, flat, kong_schema
from support.lax_plugins import LaxRegistry

from gateway.entities.catalogue import KINDS, clean, validate
from gateway.errors import ConfigError
from gateway.schema import Array, Field, Foreign, Map, Record, describe

# What ours shows and Kong's does not, or otherwise: path -> attribute -> why
DIFFERENT = {
    "plugins": {"name": {"len_min"}},  # an empty name is told as a plugin that is not there, in Kong too
    "keyauth_credentials": {"key": {"encrypted"}},  # so that it is shown to nobody
    "vaults": {"config": {"required", "abstract"}},  # there is one kind of vault, so its fields are shown
}
MORE = {"vaults": {"config.prefix", "description"}}
COMPARED = [
    *("services", "routes", "plugins", "consumers", "keyauth_credentials", "upstreams", "targets", "vaults"),
    *("certificates", "snis"),
]


@pytest.mark.parametrize("kind", COMPARED)
def test_the_schema_is_that_of_a_real_kong(kind: str) -> None:
    kong, ours = flat(kong_schema(f"entity-{kind}")), flat(describe(KINDS[kind].record))
    for path, attributes in DIFFERENT.get(kind, {}).items():
        for attribute in attributes:
            kong[path].pop(attribute, None)
            ours[path].pop(attribute, None)
    for path in MORE.get(kind, ()):
        del ours[path]
    assert ours == kong


@pytest.mark.parametrize("kind", COMPARED)
def test_the_rules_are_those_of_a_real_kong(kind: str) -> None:
    kong, ours = checks(kong_schema(f"entity-{kind}")), checks(describe(KINDS[kind].record))
    assert ours == kong


def every_field(field: Field) -> list[Field]:
    inner: list[Field] = []
    if isinstance(field, Record):
        inner = list(field.fields.values())
    elif isinstance(field, Array):
        inner = [field.elements]
    elif isinstance(field, Map):
        inner = [field.keys, field.values]
    return [field, *(found for one in inner for found in every_field(one))]


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_field_has_a_help_text(kind: object) -> None:
    assert all(field.help for field in every_field(KINDS[kind.name].record))  # type: ignore[attr-defined]


def test_kinds_stand_after_what_they_refer_to_and_agree_with_their_fields() -> None:
    order = list(KINDS)
    for kind in KINDS.values():
        foreign = {name: field.reference for name, field in kind.record.fields.items() if isinstance(field, Foreign)}
        assert dict(kind.foreign) == foreign
        for child, field in kind.children.items():
            assert KINDS[child].foreign[field] == kind.name
        for name in (kind.key, *kind.cache_key):
            assert not name or name in kind.record.fields
        for reference in foreign.values():
            assert order.index(reference) < order.index(kind.name), (kind.name, reference)


def test_one_row_by_itself() -> None:
    assert validate("services", {"host": "n.test"}, {})["port"] == 80
    with pytest.raises(ConfigError) as caught:
        validate("services", {"host": "", "port": 99999}, {})
    assert caught.value.fields == {"host": "length must be at least 1", "port": "value should be between 0 and 65535"}
    with pytest.raises(ConfigError) as caught:
        validate("services", "x", {})
    assert caught.value.fields == {"@entity": ["expected a record"]}


def test_foreign_keys_know_the_fields_of_what_they_name() -> None:
    row = {"host": "n.test", "protocol": "https", "client_certificate": {"foo": "abc"}}
    assert clean(KINDS["services"], row, {})[1] == {"client_certificate": {"foo": "unknown field"}}
    assert clean(KINDS["routes"], {"paths": ["/"], "service": {"host": "x"}}, {})[1] == {
        "service": {"id": "missing primary key"}
    }


def test_rows_of_plugins_are_checked_by_the_registry() -> None:
    assert clean(KINDS["plugins"], {"name": "anything"}, LaxRegistry())[1] is None
