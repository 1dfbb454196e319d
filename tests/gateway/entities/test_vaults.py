from __future__ import annotations

from typing import Any

import pytest

from gateway.entities.vaults import VAULTS


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({"name": "env", "prefix": "my-env"}, None),
        ({"name": "env", "prefix": "my-env", "description": "d", "config": {"prefix": "kv-"}}, None),
        ({"name": "env", "prefix": "env"}, {"prefix": "must not be one of: env"}),
        ({"name": "env", "prefix": "MyEnv"}, {"prefix": "invalid value: MyEnv"}),
        ({"name": "env", "prefix": "a"}, {"prefix": "invalid value: a"}),
        ({"name": "env"}, {"prefix": "required field missing"}),
        ({"prefix": "zz"}, {"name": "required field missing"}),
        ({"name": "hcv", "prefix": "zz"}, {"name": "vault 'hcv' is not installed"}),
        ({"name": "env", "prefix": "zz", "config": {"prefix": "1 x"}}, {"config": {"prefix": "invalid value: 1 x"}}),
        ({"name": "env", "prefix": "zz", "config": {"foo": 1}}, {"config": {"foo": "unknown field"}}),
        ({"name": "env", "prefix": "zz", "config": None}, {"config": "required field missing"}),
    ],
)
def test_vaults(row: dict[str, Any], error: object) -> None:
    assert VAULTS.record.clean(row)[1] == error


def test_the_configuration_is_always_there() -> None:
    assert VAULTS.record.validate({"name": "env", "prefix": "plain"})["config"] == {"prefix": None}
