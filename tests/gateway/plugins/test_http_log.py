"""http-log: what a request to the log server says, and how the queue is set."""

import json
from base64 import b64decode
from typing import Any

import pytest
from support.exchange import Gateway, Sent, proxied

from gateway.errors import ConfigError
from gateway.values import Origin


def outbox(environment: dict[str, str] | None = None, **config: Any) -> Any:
    config.setdefault("http_endpoint", "http://logs.test/in")
    gateway = Gateway(proxied({"name": "http-log", "config": config}), environment=environment or {})
    gateway.ask("GET", "/path")
    ((box, _),) = gateway.runtime.delivered
    return box


def sent(*entries: bytes, **config: Any) -> Sent:
    return Sent(outbox(**config).request(list(entries) or [b"{}"]))


def test_an_entry_is_delivered_for_every_request() -> None:
    gateway = Gateway(proxied({"name": "http-log", "config": {"http_endpoint": "http://logs.test/"}}))
    gateway.ask("GET", "/one")
    gateway.ask("GET", "/two")
    told = [json.loads(entry)["request"]["uri"] for _, entry in gateway.runtime.delivered]
    assert told == ["/one", "/two"]


def test_the_request() -> None:
    got = sent(b'{"a":1}', http_endpoint="https://logs.test:8443/in/x?token=t", headers={"X-Team": "a"}, timeout=1500)
    assert (got.method, got.path, got.body) == ("POST", "/in/x?token=t", b'{"a":1}')
    assert got.origin == Origin("https", "logs.test", 8443)
    assert got.headers == [
        ("Host", "logs.test:8443"),
        ("Content-Type", "application/json"),
        ("X-Team", "a"),
        ("Content-Length", "7"),
    ]


def test_other_methods_types_and_times() -> None:
    box = outbox(method="PUT", content_type="application/json; charset=utf-8", timeout=1500)
    fetch = box.request([b"{}"])
    assert fetch.timeout == 1.5
    got = Sent(fetch)
    assert (got.method, got.header("content-type")) == ("PUT", "application/json; charset=utf-8")


@pytest.mark.parametrize(("url", "path"), [("http://logs.test", "/"), ("http://logs.test?a=b", "/?a=b")])
def test_a_url_without_a_path(url: str, path: str) -> None:
    assert sent(http_endpoint=url).path == path


def test_user_info_becomes_basic_authentication() -> None:
    got = sent(http_endpoint="http://me%40a:p%3Aw@logs.test/in")
    kind, _, value = (got.header("authorization") or "").partition(" ")
    assert (kind, b64decode(value)) == ("Basic", b"me@a:p:w")
    assert got.header("host") == "logs.test"


def test_batches_are_arrays() -> None:
    batched = {"queue": {"max_batch_size": 3}}
    assert sent(b"{}", b"1", **batched).body == b"[{},1]"
    assert sent(b"{}", **batched).body == b"[{}]"


def test_the_queue_as_kong_has_it() -> None:
    box = outbox()
    assert (box.batch_size, box.delay, box.most_entries, box.most_bytes) == (1, 1, 10_000, 64 << 20)
    assert (box.first_retry, box.longest_retry, box.give_up, box.parallel) == (0.01, 60, 60, False)
    box = outbox(queue={"max_batch_size": 5, "max_bytes": 100, "max_retry_time": -1, "concurrency_limit": -1})
    assert (box.batch_size, box.most_bytes, box.give_up, box.parallel) == (5, 100, float("inf"), True)


def test_the_old_names_still_count() -> None:
    box = outbox(queue_size=7, flush_timeout=3, retry_count=9)
    assert (box.batch_size, box.delay) == (7, 3)


def test_two_plugins_have_two_queues_and_a_change_keeps_them() -> None:
    gateway = Gateway(proxied({"name": "http-log", "config": {"http_endpoint": "http://one.test/"}}))
    gateway.ask("GET", "/")
    gateway.change(proxied({"name": "http-log", "config": {"http_endpoint": "http://two.test/"}}))
    gateway.ask("GET", "/")
    (first, _), (second, _) = gateway.runtime.delivered
    assert first is not second
    assert first.key == second.key


def test_the_endpoint_and_headers_may_come_from_the_vault() -> None:
    box = outbox(
        {"URL": "http://user:secret@logs.test/in", "KEY": "k"},
        http_endpoint="{vault://env/url}",
        headers={"X-Key": "{vault://env/key}"},
    )
    got = Sent(box.request([b"{}"]))
    assert (got.path, got.header("x-key")) == ("/in", "k")


def test_a_header_value_is_one_line() -> None:
    got = sent(headers={"X-A": "a\r\nX-Evil: 1"})
    assert got.header("x-evil") is None


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"http_endpoint": "x"}, "missing host in url"),
        ({"http_endpoint": "ftp://logs.test/"}, "unsupported scheme"),
        ({"http_endpoint": "http://logs.test:99999/"}, "port"),
        ({"headers": {"Host": "a"}}, "cannot contain 'Host' header"),
        ({"headers": {"content-length": "1"}}, "cannot contain 'Content-Length' header"),
        ({"headers": {"Content-Type": "a"}}, "cannot contain 'Content-Type' header"),
        (
            {"http_endpoint": "http://a:b@logs.test/", "headers": {"authorization": "x"}},
            "specifying both an 'Authorization' header and user info in 'http_endpoint' is not allowed",
        ),
        ({"queue": {"max_batch_size": 0}}, "value should be between 1 and 1000000"),
        ({"method": "GET"}, "expected one of: POST, PUT, PATCH"),
        ({"custom_fields_by_lua": {"a": "return os.time()"}}, "Lua code is not run"),
    ],
)
def test_configurations_that_are_refused(config: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        outbox(**config)
    assert text in str(refused.value)


def test_a_vaults_value_that_is_no_url_is_refused_without_being_told() -> None:
    with pytest.raises(ConfigError) as refused:
        outbox({"URL": "hunter2"}, http_endpoint="{vault://env/url}")
    assert "missing host in url" in str(refused.value)
    assert "hunter2" not in str(refused.value)
