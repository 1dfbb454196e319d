from __future__ import annotations

from gateway.entities import kinds
from gateway.entities.kinds import Kind
from gateway.schema import Record, String


def test_a_kind_reads_what_is_unique_and_secret_off_its_fields() -> None:
    kind = Kind(
        "things", "thing", Record(fields={"name": String(unique=True), "key": String(encrypted=True), "x": String()})
    )
    assert kind.unique == ("name",)
    assert kind.secret == {"key"}


def test_shared_fields_have_kongs_bounds() -> None:
    assert kinds.port("Port.").clean(65536)[1] == "value should be between 0 and 65535"
    assert kinds.milliseconds("Wait.").clean(0)[1] == "value should be between 1 and 2147483646"
    assert kinds.milliseconds("Wait.").absent() == 60000
    assert kinds.switch("On.", True).absent() is True
    assert kinds.identifier().clean("x")[1] == "expected a valid UUID"
    assert kinds.created().clean(0)[1] == kinds.updated().clean(-1)[1] == "expected a valid timestamp"
    assert kinds.tags().clean(["a", "a"]) == (["a"], None)
    assert kinds.unique_name("Name.").unique
