from __future__ import annotations

import pytest

from quickstart.errors import UsageError
from quickstart.konnect.addresses import GLOBAL, VARIABLE, base_url


def test_the_regions_hosts() -> None:
    assert base_url({}, "eu") == "https://eu.api.konghq.com"
    assert base_url({}, GLOBAL) == "https://global.api.konghq.com"


@pytest.mark.parametrize(
    "url",
    ["https://proxy.example.com/konnect/{region}", "http://127.0.0.1:9/{region}", "http://localhost:9/{region}/",
     "http://[::1]:9/{region}"],
)  # fmt: skip
def test_they_can_be_moved(url: str) -> None:
    assert base_url({VARIABLE: url}, "us") == url.replace("{region}", "us").rstrip("/")


@pytest.mark.parametrize(
    "url",
    ["http://proxy.example.com/{region}", "https://proxy.example.com", "ftp://127.0.0.1/{region}", "{region}",
     "http://127.0.0.1.example.com/{region}", "https://user:secret@example.com/{region}", "http://[/{region}"],
)  # fmt: skip
def test_a_token_is_sent_to_no_unsafe_place(url: str) -> None:
    with pytest.raises(UsageError) as refused:
        base_url({VARIABLE: url}, "us")
    assert VARIABLE in refused.value.message and "secret" not in refused.value.message + refused.value.hint
    assert "https://" in refused.value.hint
