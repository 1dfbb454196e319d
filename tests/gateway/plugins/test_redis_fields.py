"""Where a Redis is: Kong's two records, their older spellings, and what the transport gets of them."""

from typing import Any

import pytest

from gateway.errors import ConfigError
from gateway.plugins._redis_fields import advanced_redis_fields, classic_redis_fields, redis_store
from gateway.plugins.rate_limiting import RateLimiting
from gateway.values import RedisStore

CLASSIC = classic_redis_fields()
ADVANCED = advanced_redis_fields()
SENTINEL = {"sentinel_master": "m", "sentinel_role": "master"}


def test_the_defaults() -> None:
    assert redis_store(ADVANCED.validate({})) == RedisStore()
    assert redis_store(CLASSIC.validate({"host": "127.0.0.1"})) == RedisStore()


def test_one_server_with_everything() -> None:
    told = {
        "host": "redis.internal", "port": 6380, "database": 2, "username": "u", "password": "p", "ssl": True,
        "ssl_verify": True, "server_name": "r",
    }  # fmt: skip
    wanted = RedisStore("redis.internal", 6380, 2, "u", "p", True, True, "r", 0.5, 0.5, 0.5)
    assert redis_store(CLASSIC.validate({**told, "timeout": 500})) == wanted
    assert redis_store(ADVANCED.validate({**told, "timeout": 500})) == wanted
    three = {"connect_timeout": 100, "send_timeout": 200, "read_timeout": 300}
    store = redis_store(ADVANCED.validate(three), 0.5)
    assert (store.connect_timeout, store.send_timeout, store.read_timeout, store.sync_rate) == (0.1, 0.2, 0.3, 0.5)


def test_no_timeout_is_not_forever() -> None:
    assert redis_store(CLASSIC.validate({"timeout": 0})).read_timeout == 2.0


def test_sentinels_and_clusters_in_both_spellings() -> None:
    wanted = (("a", 1), ("::1", 2))
    nodes = [{"host": "a", "port": 1}, {"host": "::1", "port": 2}]
    for told in ({"sentinel_nodes": nodes}, {"sentinel_addresses": ["a:1", "[::1]:2"]}):
        store = redis_store(ADVANCED.validate({**SENTINEL, "sentinel_username": "u", "sentinel_password": "p", **told}))
        assert (store.sentinels, store.sentinel_master) == (wanted, "m")
        assert (store.sentinel_username, store.sentinel_password) == ("u", "p")
    members = [{"ip": "a", "port": 1}, {"ip": "::1", "port": 2}]
    for told in ({"cluster_nodes": members}, {"cluster_addresses": ["a:1", "[::1]:2"]}):
        assert redis_store(ADVANCED.validate(told)).cluster == wanted


@pytest.mark.parametrize(
    ("told", "where"),
    [
        ({"sentinel_addresses": ["a"]}, "'a' is not host:port"),
        ({"cluster_addresses": ["a:99999"]}, "'a:99999' is not host:port"),
        ({"cluster_addresses": [":1"]}, "':1' is not host:port"),
        ({"sentinel_master": "m"}, "all or none of these fields must be set: 'sentinel_master', 'sentinel_role'"),
        ({"sentinel_nodes": []}, "sentinel_nodes: length must be at least 1"),
        ({"sentinel_role": "boss"}, "sentinel_role: expected one of: master, slave, any"),
        (
            {**SENTINEL, "sentinel_nodes": [{"host": "a"}], "cluster_nodes": [{"ip": "a"}]},
            "these sets are mutually exclusive",
        ),
        ({"port": 70000}, "port: value should be between 0 and 65535"),
        ({"hosts": "a"}, "hosts: unknown field"),
    ],
)
def test_what_is_wrong_is_named(told: dict[str, Any], where: str) -> None:
    with pytest.raises(ConfigError, match=where):
        ADVANCED.validate(told)


def test_the_older_names_beside_the_record() -> None:
    old = {"redis_host": "r", "redis_port": 1, "redis_password": "", "redis_timeout": 9, "redis_database": 3}
    kept = RateLimiting.fields.validate({"second": 1, **old})
    assert {name: kept["redis"][name] for name in ("host", "port", "password", "timeout", "database")} == {
        "host": "r", "port": 1, "password": "", "timeout": 9, "database": 3,
    }  # fmt: skip
    with pytest.raises(ConfigError, match="both deprecated and new field are used but their values mismatch"):
        RateLimiting.fields.validate({"second": 1, "redis_host": "a", "redis": {"host": "b"}})


def test_a_store_shows_no_password() -> None:
    store = redis_store(ADVANCED.validate({"password": "canary-1", "sentinel_password": "canary-2"}))
    assert "canary" not in repr(store)
