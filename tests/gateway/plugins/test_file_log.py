"""file-log: a line for every request, whatever became of it."""

import json
from typing import Any

import pytest
from support.exchange import Answer, Gateway, proxied

from gateway.errors import ConfigError


def lines(gateway: Gateway) -> list[dict[str, Any]]:
    return [json.loads(line) for _, line in gateway.runtime.appended]


def gateway(*plugins: dict[str, Any], **config: Any) -> Gateway:
    log = {"name": "file-log", "config": {"path": "/logs/a.log", **config}}
    return Gateway({**proxied(*plugins), "plugins": [log]})


def test_a_line_of_json_for_every_request() -> None:
    logging = gateway()
    logging.ask("GET", "/one", answer=Answer(200, {}, b"x"))
    logging.ask("POST", "/two", body=b"abc", answer=Answer(503))
    assert [path for path, _ in logging.runtime.appended] == ["/logs/a.log"] * 2
    assert not any(b"\n" in line for _, line in logging.runtime.appended)
    first, second = lines(logging)
    assert (first["request"]["uri"], first["response"]["status"], first["upstream_status"]) == ("/one", 200, "200")
    assert (second["request"]["method"], second["response"]["status"]) == ("POST", 503)


def test_refusals_and_missing_routes_have_lines_too() -> None:
    logging = gateway({"name": "key-auth"})
    logging.ask("GET", "/")
    config = {"plugins": [{"name": "file-log", "config": {"path": "/logs/a.log"}}]}
    missing = Gateway(config)
    missing.ask("GET", "/nowhere")
    assert lines(logging)[0]["response"]["status"] == 401
    assert lines(missing)[0]["response"]["status"] == 404


def test_custom_fields() -> None:
    logging = gateway(
        custom_fields_by_lua={
            "team": "return 'a'",
            "request.headers": "return nil",
            "extra.trace": 'return kong.request.get_header("X-Trace")',
        }
    )
    logging.ask("GET", "/", {"X-Trace": "t"})
    (line,) = lines(logging)
    assert (line["team"], line["extra"]) == ("a", {"trace": "t"})
    assert "headers" not in line["request"]


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({}, "required field missing"),
        ({"path": "*x"}, "not a valid filename"),
        ({"path": "a`b"}, "not a valid filename"),
        ({"path": ""}, "length must be at least 1"),
    ],
)
def test_configurations_that_are_refused(config: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        Gateway(proxied({"name": "file-log", "config": config}))
