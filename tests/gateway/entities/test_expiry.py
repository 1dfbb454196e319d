from __future__ import annotations

from typing import Any

import pytest

from gateway.entities import Config, expiry
from gateway.errors import ConfigError

NOW = 1_800_000_000.25


@pytest.mark.parametrize(
    ("given", "life"), [(None, 0), (0, 0), (60, 60), (60.0, 60), ("60", 60), (100_000_000, 100_000_000)]
)
def test_a_life_in_seconds(given: Any, life: int) -> None:
    assert expiry.life_of(given) == life


@pytest.mark.parametrize(
    "given", [-1, 1.5, True, "abc", "", "-1", "9" * 5000, 100_000_001, [], float("nan"), float("inf")]
)
def test_what_is_no_life(given: Any) -> None:
    with pytest.raises(ValueError):
        expiry.life_of(given)


def test_what_is_left_counts_down_to_nothing() -> None:
    row = {"ttl": expiry.end(NOW, 3600)}
    assert expiry.left(row, NOW) == 3599 and expiry.left(row, NOW + 1) == 3598
    assert expiry.left(row, NOW + 3600) == 0 and expiry.left(row, NOW + 5000) == 0
    assert expiry.left({}, NOW) is None
    assert not expiry.expired(row, NOW + 3599.9) and expiry.expired(row, NOW + 3600)


def read(ttl: Any) -> Config:
    consumer = {"username": "al", "keyauth_credentials": [{"key": "k", "ttl": ttl}, {"key": "ever"}]}
    return Config.from_declarative({"_format_version": "3.0", "consumers": [consumer]}, now=int(NOW))


def test_a_file_says_a_life_and_what_is_written_down_says_the_moment() -> None:
    config = read(60)
    ends = {row["key"]: row.get("ttl") for row in config.collections[expiry.EXPIRING].values()}
    assert ends == {"k": int(NOW) + 60, "ever": None}
    again = Config.from_declarative(config.render(), now=int(NOW) + 30)
    assert again.collections == config.collections, "being written and read prolongs nothing"
    left = expiry.alive(config.collections, NOW + 61)[expiry.EXPIRING]
    assert [row["key"] for row in left.values()] == ["ever"]
    assert expiry.alive(config.collections, NOW) is config.collections


def test_a_file_that_is_read_at_each_start_says_a_moment() -> None:
    def started(ttl: float) -> Config:
        consumer = {"username": "al", "keyauth_credentials": [{"key": "k", "ttl": ttl}]}
        return Config.from_declarative({"_format_version": "3.0", "consumers": [consumer]})

    with pytest.raises(ConfigError, match="write the moment when the key ends"):
        started(60)
    (row,) = started(NOW).collections[expiry.EXPIRING].values()
    assert row["ttl"] == NOW


def test_a_wrong_life_in_a_file_is_told_at_its_place() -> None:
    with pytest.raises(ConfigError, match="ttl"):
        read("soon")
