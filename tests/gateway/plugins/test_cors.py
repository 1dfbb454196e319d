"""cors: preflights, answers, origins of every kind, and what a cache must know."""

import time
from typing import Any

import pytest
from support.exchange import Answer, Gateway, Told, proxied

from gateway.errors import ConfigError

PREFLIGHT = {"Origin": "https://example.com", "Access-Control-Request-Method": "POST"}
ALLOW_ORIGIN = "Access-Control-Allow-Origin"


def preflight(more: dict[str, str] | None = None, **config: Any) -> Told:
    return Gateway(proxied({"name": "cors", "config": config})).ask("OPTIONS", "/", {**PREFLIGHT, **(more or {})})


def answered(origin: str | None, upstream: dict[str, str] | None = None, **config: Any) -> Told:
    headers = {} if origin is None else {"Origin": origin}
    gateway = Gateway(proxied({"name": "cors", "config": config}))
    return gateway.ask("GET", "/", headers, answer=Answer(200, upstream or {}, b"x"))


def test_a_preflight_as_kong_answered_it() -> None:
    told = preflight(
        origins=["https://example.com"],
        methods=["POST"],
        headers=["Authorization", "Content-Type"],
        credentials=True,
        max_age=3600,
    )
    assert (told.status, told.body, told.attempts) == (200, b"", [])
    own = [(name.lower(), value) for name, value in told.headers if not name.startswith(("X-Kong", "Server"))]
    assert sorted(own) == [
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-headers", "Authorization,Content-Type"),
        ("access-control-allow-methods", "POST"),
        ("access-control-allow-origin", "https://example.com"),
        ("access-control-max-age", "3600"),
        ("vary", "Origin"),
    ]


def test_a_preflight_of_the_default() -> None:
    told = preflight({"Access-Control-Request-Headers": "X-A,X-B"})
    assert told.header(ALLOW_ORIGIN) == "*"
    assert told.header("vary") is None
    assert told.header("access-control-allow-headers") == "X-A,X-B"
    assert told.header("access-control-allow-methods") == "GET,HEAD,PUT,PATCH,POST,DELETE,OPTIONS,TRACE,CONNECT"
    assert told.header("access-control-max-age") is None


@pytest.mark.parametrize("missing", ["Origin", "Access-Control-Request-Method"])
def test_options_that_are_no_preflight_go_up(missing: str) -> None:
    assert preflight({missing: ""}).attempts


def test_the_upstream_may_answer_preflights() -> None:
    told = preflight(preflight_continue=True)
    assert told.sent.method == "OPTIONS"
    assert told.header(ALLOW_ORIGIN) == "*"


@pytest.mark.parametrize(("asked", "told"), [("true", "true"), ("false", None)])
def test_private_networks(asked: str, told: str | None) -> None:
    got = preflight({"Access-Control-Request-Private-Network": asked}, private_network=True)
    assert got.header("access-control-allow-private-network") == told


def test_a_preflight_needs_no_key() -> None:
    told = Gateway(proxied({"name": "cors"}, {"name": "key-auth"})).ask("OPTIONS", "/", PREFLIGHT)
    assert told.status == 200


def test_a_refusal_can_be_read_by_the_page() -> None:
    told = Gateway(proxied({"name": "cors"}, {"name": "key-auth"})).ask("GET", "/", {"Origin": "https://a.test"})
    assert (told.status, told.header(ALLOW_ORIGIN)) == (401, "*")


def test_anyone_with_credentials_is_named() -> None:
    told = answered("https://a.test", {"Vary": "Accept"}, credentials=True, exposed_headers=["X-A", "X-B"])
    assert told.header(ALLOW_ORIGIN) == "https://a.test"
    assert told.header("access-control-allow-credentials") == "true"
    assert told.header("access-control-expose-headers") == "X-A,X-B"
    assert told.all("vary") == ["Accept", "Origin"]


def test_without_an_origin_there_is_nobody_to_name() -> None:
    told = answered(None, credentials=True)
    assert told.header(ALLOW_ORIGIN) == "*"
    assert told.header("access-control-allow-credentials") is None


def test_one_plain_origin_is_always_told() -> None:
    told = answered("https://other.test", {ALLOW_ORIGIN: "*"}, origins=["https://example.com"])
    assert told.header(ALLOW_ORIGIN) == "https://example.com"
    assert told.header("vary") == "Origin"


@pytest.mark.parametrize(
    ("origins", "origin", "allowed"),
    [
        (["https://a.test", "https://b.test"], "https://b.test", True),
        (["https://a.test", "https://b.test"], "http://b.test", False),
        (["https://a.test", "https://b.test"], "https://b.test:443", True),
        (["https://a.test", "https://b.test"], "https://b.test:444", False),
        (["https://a.test", "https://b.test"], "HTTPS://B.test", True),
        (["a.test", "b.test"], "https://b.test:8080", True),
        (["a.test", "b.test"], "https://sub.b.test", False),
        ([r"https://.*\.a\.test"], "https://x.a.test", True),
        ([r"https://.*\.a\.test"], "https://x.a.test.evil.test", False),
        ([r"https://.*\.a\.test"], "evil https://x.a.test", False),
        ([r".*\.a\.test"], "https://x.a.test:99", True),
        (["https://a.test|https://b.test"], "https://b.test.evil.test", False),
        (["https://a.test|https://b.test"], "https://b.test", True),
        ([r"^https://a\.test$"], "https://a.test", True),
        (["https://[a-z]+.test", "null"], "null", True),
        (["http://[::1]:3000", "x.test"], "http://[::1]:3000", True),
    ],
)
def test_several_origins_and_patterns(origins: list[str], origin: str, allowed: bool) -> None:
    told = answered(origin, {ALLOW_ORIGIN: "*"}, origins=origins)
    assert told.header(ALLOW_ORIGIN) == (origin if allowed else None)
    assert told.header("vary") == "Origin"


def test_a_pattern_cannot_stall_the_gateway() -> None:
    gateway = Gateway(proxied({"name": "cors", "config": {"origins": ["https://(a+)+b", "x.test"]}}))
    started = time.process_time()
    gateway.ask("GET", "/", {"Origin": "https://" + "a" * 6000})
    assert time.process_time() - started < 3


@pytest.mark.parametrize("bad", ["[", "(?=look)x", "*.test"])
def test_a_bad_pattern(bad: str) -> None:
    with pytest.raises(ConfigError) as refused:
        preflight(origins=["https://a.test", bad])
    assert f"'{bad}' is not a valid regex" in str(refused.value)
