from __future__ import annotations

import pytest

from gateway.errors import ConfigError, explain, lua_table, violations

NESTED = {"services": [None, {"routes": [{"paths": [None, "must not have empty segments"], "nope": "unknown field"}]}]}


def test_the_message_names_every_wrong_field_with_its_path() -> None:
    error = ConfigError(NESTED)
    assert error.message.splitlines() == [
        "2 errors:",
        "  services[2].routes[1].paths[2]: must not have empty segments",
        "  services[2].routes[1].nope: unknown field",
    ]
    assert str(error) == error.message


def test_one_error_is_one_line_and_entity_rules_stand_at_the_record() -> None:
    assert explain({"config": {"@entity": ["all or none"]}}) == "config: all or none"
    assert explain({"@entity": ["first", "second"]}).splitlines() == ["2 errors:", "  first", "  second"]
    assert explain({"services": {"s": ["dangling"]}}) == "services.s[1]: dangling"


def test_paths_say_the_names_that_the_source_gives() -> None:
    source = {"services": [{"name": "a"}, {"name": "llm", "routes": [{"name": "chat"}]}]}
    assert "services[2] (llm).routes[1] (chat).paths[2]: must not" in explain(NESTED, source)
    assert explain({"consumers": [{"x": "unknown field"}]}, {"consumers": [{"username": "alice"}]}) == (
        "consumers[1] (alice).x: unknown field"
    )
    assert explain({"services": [{"x": "bad"}]}, {"services": "not a list"}) == "services[1].x: bad"


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        ({"b": "x", "a": {"c": "y"}}, '{a={c="y"},b="x"}'),
        (["x", "y"], '{"x","y"}'),
        ([None, "y"], '{[2]="y"}'),
        ({"@entity": ["a"]}, '{["@entity"]={"a"}}'),
        ({"request-termination": ["z"]}, '{["request-termination"]={"z"}}'),
        ({"end": "x", "_ok": "y"}, '{_ok="y",["end"]="x"}'),
        ('say "hi" \\ there', '"say \\"hi\\" \\\\ there"'),
        ("two\nlines", "[[two\nlines]]"),
        (True, "true"),
        (5, "5"),
    ],
)
def test_lua_tables(value: object, printed: str) -> None:
    assert lua_table(value) == printed


def test_the_declarative_answer_has_kongs_shape() -> None:
    assert ConfigError({"nope": "unknown field"}).declarative() == {
        "code": 14,
        "name": "invalid declarative configuration",
        "message": 'declarative config is invalid: {nope="unknown field"}',
        "fields": {"nope": "unknown field"},
    }


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"host": "required field missing"}, "schema violation (host: required field missing)"),
        ({"b": "y", "@entity": ["e"], "a": "x"}, "3 schema violations (e; a: x; b: y)"),
        ({"tags": [None, "t"]}, "schema violation (tags.2: t)"),
        ({"service": {"id": "missing primary key"}}, "schema violation (service.id: missing primary key)"),
        ({"config": {"@entity": ["all"], "a": "x"}}, "2 schema violations (config: all; config.a: x)"),
    ],
)
def test_the_admin_apis_message(fields: dict[str, object], message: str) -> None:
    assert violations(fields) == message


def test_flattened_errors_are_made_when_asked_for() -> None:
    assert ConfigError({}).flattened() == []
    assert ConfigError({}, "x", lambda: [{"entity_type": "route"}]).flattened() == [{"entity_type": "route"}]
