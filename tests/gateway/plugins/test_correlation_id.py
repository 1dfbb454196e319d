"""correlation-id: where an id comes from, what it looks like, who is told."""

import re
from types import SimpleNamespace
from typing import Any

import pytest
from support.exchange import Gateway, TestRuntime, proxied

from gateway.errors import ConfigError

UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}"


def gateway(**config: Any) -> Gateway:
    runtime = TestRuntime(proxy_listen=[SimpleNamespace(host="10.0.0.9", port=8000, ssl=False)])
    return Gateway(proxied({"name": "correlation-id", "config": config}), runtime=runtime)


@pytest.mark.parametrize(
    ("generator", "form"),
    [
        ("uuid", UUID),
        ("uuid#counter", UUID + r"#\d+"),
        ("tracker", r"10\.0\.0\.9-8000-\d+-\d+-\d+-\d+\.\d{3}"),
    ],
)
def test_forms(generator: str, form: str) -> None:
    made = gateway(generator=generator)
    ids = [made.ask("GET", "/").sent.header("Kong-Request-ID") or "" for _ in range(3)]
    assert len(set(ids)) == 3
    assert all(re.fullmatch(form, each) for each in ids), ids


def test_the_counter_counts_under_one_uuid() -> None:
    made = gateway()
    ids = [made.ask("GET", "/").sent.header("Kong-Request-ID") or "" for _ in range(3)]
    assert len({each.partition("#")[0] for each in ids}) == 1
    assert [each.partition("#")[2] for each in ids] == ["1", "2", "3"]


def test_the_clients_own_id_stays() -> None:
    told = gateway(header_name="X-Trace", echo_downstream=True).ask("GET", "/", {"x-trace": "mine"})
    assert told.sent.header("x-trace") == "mine"
    assert told.header("X-Trace") == "mine"
    assert told.exchange.notes["correlation_id"] == b"mine"


def test_an_empty_id_is_none() -> None:
    assert gateway(generator="uuid").ask("GET", "/", {"Kong-Request-ID": ""}).sent.header("Kong-Request-ID")


def test_the_client_is_told_only_when_asked() -> None:
    assert gateway().ask("GET", "/").header("Kong-Request-ID") is None
    told = gateway(echo_downstream=True).ask("GET", "/")
    assert told.header("Kong-Request-ID") == told.sent.header("Kong-Request-ID")


def test_a_refused_request_has_an_id_too() -> None:
    config = proxied({"name": "correlation-id", "config": {"echo_downstream": True}}, {"name": "key-auth"})
    told = Gateway(config).ask("GET", "/")
    assert (told.status, bool(told.header("Kong-Request-ID"))) == (401, True)


def test_an_unknown_generator() -> None:
    with pytest.raises(ConfigError, match="expected one of: uuid, uuid#counter, tracker"):
        gateway(generator="x")
