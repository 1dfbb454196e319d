"""request-transformer: method, path, query, headers and bodies of every kind, in Kong's order of steps."""

import json
from typing import Any

import pytest
from support.exchange import Gateway, Sent, proxied

from gateway.errors import ConfigError

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def sent(
    config: dict[str, Any],
    target: str = "/p",
    headers: Any = (),
    body: Any = b"",
    method: str = "",
    *plugins: dict[str, Any],
) -> Sent:
    gateway = Gateway(proxied({"name": "request-transformer", "config": config}, *plugins))
    return gateway.ask(method or ("POST" if body else "GET"), target, headers, body).sent


def own(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(pair for pair in headers if pair[0].lower().startswith("x-my-"))


STEPS: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"remove": ["X-My-A"]}, [("x-my-b", "2"), ("X-My-B", "3")]),
    ({"rename": ["x-my-a:X-My-C"]}, [("X-My-B", "3"), ("X-My-C", "1"), ("x-my-b", "2")]),
    ({"rename": ["x-my-nope:X-My-C"]}, [("X-My-A", "1"), ("X-My-B", "3"), ("x-my-b", "2")]),
    ({"replace": ["x-my-a:new"]}, [("X-My-A", "new"), ("X-My-B", "3"), ("x-my-b", "2")]),
    ({"replace": ["x-my-nope:new"]}, [("X-My-A", "1"), ("X-My-B", "3"), ("x-my-b", "2")]),
    ({"add": ["x-my-a:new", "X-My-C:a:b"]}, [("X-My-A", "1"), ("X-My-B", "3"), ("X-My-C", "a:b"), ("x-my-b", "2")]),
    ({"append": ["x-my-a:new"]}, [("X-My-A", "1"), ("X-My-B", "3"), ("x-my-a", "new"), ("x-my-b", "2")]),
    ({"remove": ["x-my-b"], "add": ["X-My-B:new"]}, [("X-My-A", "1"), ("X-My-B", "new")]),
    ({"rename": ["x-my-b:x-my-a"], "append": ["x-my-a:z"]}, [("x-my-a", "2"), ("x-my-a", "3"), ("x-my-a", "z")]),
    ({"add": ["X-My-C:"]}, [("X-My-A", "1"), ("X-My-B", "3"), ("x-my-b", "2")]),
]


@pytest.mark.parametrize(("steps", "wanted"), STEPS)
def test_headers(steps: dict[str, list[str]], wanted: list[tuple[str, str]]) -> None:
    config = {step: {"headers": rules} for step, rules in steps.items()}
    got = sent(config, headers=[("X-My-A", "1"), ("x-my-b", "2"), ("X-My-B", "3")])
    assert own(got.headers) == sorted(wanted)


def test_the_host_can_be_replaced_and_only_that() -> None:
    assert sent({"replace": {"headers": ["Host:other.test"]}}).header("host") == "other.test"
    assert sent({"add": {"headers": ["Host:other.test"]}}).header("host") == "upstream.test:8080"
    assert sent({"remove": {"headers": ["Host"]}}).header("host") == "upstream.test:8080"


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Real-IP", "Content-Length", "Connection", "Transfer-Encoding"])
@pytest.mark.parametrize("step", ["add", "append", "replace"])
def test_the_gateways_own_headers_stay_its_own(name: str, step: str) -> None:
    got = sent({step: {"headers": [f"{name}:evil"]}}, body=b"abc")
    assert "evil" not in got.all(name)
    assert got.header("content-length") == "3"


def test_a_header_cannot_be_renamed_into_one_of_those() -> None:
    got = sent({"rename": {"headers": ["X-My-A:Transfer-Encoding"]}}, headers={"X-My-A": "chunked"})
    assert got.header("transfer-encoding") is None


def test_values_come_from_the_request() -> None:
    route = {"name": "r", "paths": [r"~/u/(?<id>[^/]+)"]}
    add = [
        "X-My-Id:$(uri_captures.id)",
        "X-My-User:$(query_params.u or 'nobody')",
        "X-My-Both:$(headers.a)/$(headers.b)",
    ]
    config = {
        "services": [{"name": "s", "url": "http://u.test", "routes": [route]}],
        "plugins": [{"name": "request-transformer", "config": {"add": {"headers": add}}}],
    }
    got = Gateway(config).ask("GET", "/u/ada", {"A": "1", "B": "2"}).sent
    assert own(got.headers) == [("X-My-Both", "1/2"), ("X-My-Id", "ada"), ("X-My-User", "nobody")]
    got = Gateway(config).ask("GET", "/u/x%0d%0aX-Evil:1?u=a%0d%0ab").sent
    assert got.header("x-evil") is None
    assert "\n" not in str(got.headers)


QUERY: list[tuple[dict[str, Any], str, str]] = [
    ({"remove": ["a"]}, "a=1&b=2&a=3", "b=2"),
    ({"rename": ["a:c"]}, "a=1&b=2", "c=1&b=2"),
    ({"rename": ["a:b"]}, "a=1&b=2", "b=1"),
    ({"rename": ["x:b"]}, "a=1&b=2", "a=1&b=2"),
    ({"replace": ["a:n w"]}, "a=1&b=%7E&a=2", "a=n+w&b=%7E"),
    ({"replace": ["x:1"]}, "a=1", "a=1"),
    ({"add": ["a:9", "c:&"]}, "a=1", "a=1&c=%26"),
    ({"append": ["a:9", "c:1"]}, "a=1", "a=1&a=9&c=1"),
    ({"remove": ["a"]}, "a=1", ""),
    ({"add": ["a:$(query_params.b)"]}, "b=%C3%A9", "b=%C3%A9&a=%C3%A9"),
]


@pytest.mark.parametrize(("steps", "before", "after"), QUERY)
def test_query(steps: dict[str, list[str]], before: str, after: str) -> None:
    got = sent({step: {"querystring": rules} for step, rules in steps.items()}, f"/p?{before}")
    assert got.path == (f"/p?{after}" if after else "/p")


JSON: list[tuple[dict[str, Any], Any, Any]] = [
    ({"remove": ["a", "nope"]}, {"a": 1, "b": 2}, {"b": 2}),
    ({"rename": ["a:c", "nope:b"]}, {"a": {"x": [1]}, "b": 2}, {"b": 2, "c": {"x": [1]}}),
    ({"replace": ["a:new", "nope:new"]}, {"a": 1}, {"a": "new"}),
    ({"add": ["a:new", "b:new"]}, {"a": 1}, {"a": 1, "b": "new"}),
    ({"append": ["a:new", "b:new", "c:new"]}, {"a": "x", "b": [1]}, {"a": ["x", "new"], "b": [1, "new"], "c": ["new"]}),
    ({"remove": ["a"], "add": ["a:$(headers.x_my_a)"]}, {"a": 1}, {"a": "h"}),
]


@pytest.mark.parametrize(("steps", "before", "after"), JSON)
def test_json_bodies(steps: dict[str, list[str]], before: Any, after: Any) -> None:
    got = sent({step: {"body": rules} for step, rules in steps.items()}, "/p", {"X-My-A": "h"}, before)
    assert got.json == after
    assert got.header("content-length") == str(len(got.body))


@pytest.mark.parametrize("body", [b"not json", b"[1]", b'"x"', b"null"])
def test_what_is_no_object_passes_as_it_is(body: bytes) -> None:
    got = sent({"add": {"body": ["a:1"]}}, "/p", {"Content-Type": "application/json"}, body)
    assert got.body == body


def test_an_empty_json_body_can_be_filled() -> None:
    got = sent({"add": {"body": ["a:1"]}}, "/p", {"Content-Type": "application/json"}, b"", "POST")
    assert got.json == {"a": "1"}


def test_other_types_pass_as_they_are() -> None:
    assert sent({"remove": {"body": ["a"]}}, "/p", {"Content-Type": "text/plain"}, b'{"a":1}').body == b'{"a":1}'


def test_forms() -> None:
    config = {
        "remove": {"body": ["a"]},
        "rename": {"body": ["b:c"]},
        "replace": {"body": ["d:new"]},
        "add": {"body": ["e:1"]},
        "append": {"body": ["d:2"]},
    }
    got = sent(config, "/p", FORM, b"a=1&b=%7E&d=x&z=%20")
    assert got.body == b"c=~&d=new&z=%20&e=1&d=2"


def test_multipart_forms() -> None:
    config = {"remove": {"body": ["a"]}, "rename": {"body": ["b:c"]}, "add": {"body": ["d:new"]}}
    body = (
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
        b'--x\r\nContent-Disposition: form-data; name="b"\r\n\r\n2\r\n--x--\r\n'
    )
    got = sent(config, "/p", {"Content-Type": "multipart/form-data; boundary=x"}, body)
    assert got.body == (
        b'--x\r\nContent-Disposition: form-data; name="c"\r\n\r\n2\r\n'
        b'--x\r\nContent-Disposition: form-data; name="d"\r\n\r\nnew\r\n--x--\r\n'
    )


def test_the_method() -> None:
    got = sent({"http_method": "PUT"})
    assert (got.method, got.header("content-length")) == ("PUT", "0")
    got = sent({"http_method": "GET"}, "/p?q=1", FORM, b"a=1&b=2")
    assert (got.method, got.path) == ("GET", "/p?q=1&a=1&b=2")


@pytest.mark.parametrize(
    ("uri", "target", "path"),
    [
        ("/other", "/p?q=1", "/other?q=1"),
        ("/u/$(query_params.id)", "/p?id=a%2Fb%3Fc%23d%20e", "/u/a/b%3Fc%23d%20e?id=a%2Fb%3Fc%23d%20e"),
        ("/u?fixed=1", "/p?q=1", "/u?fixed=1&q=1"),
        ("relative", "/p", "/relative"),
        ("/é", "/p", "/%C3%A9"),
    ],
)
def test_the_path(uri: str, target: str, path: str) -> None:
    got = sent({"replace": {"uri": uri}}, target)
    assert got.path == path
    assert got.header("x-forwarded-path") == "/p"


def test_a_request_line_cannot_be_broken() -> None:
    got = sent({"replace": {"uri": "/$(headers.x)"}}, headers={"X": "a b\tc"})
    assert got.path == "/a%20b%09c"


def test_it_runs_after_authentication_and_sees_the_consumer() -> None:
    config = proxied(
        {"name": "key-auth"},
        {"name": "request-transformer", "config": {"rename": {"headers": ["X-Consumer-Username:X-My-User"]}}},
        consumers=[{"username": "alice", "keyauth_credentials": [{"key": "k"}]}],
    )
    got = Gateway(config).ask("GET", "/", {"apikey": "k"}).sent
    assert (got.header("x-my-user"), got.header("x-consumer-username")) == ("alice", None)


AI = {
    "name": "ai-proxy",
    "config": {
        "route_type": "llm/v1/chat",
        "auth": {"header_name": "Authorization", "header_value": "Bearer the-key"},
        "model": {"provider": "openai", "name": "m", "options": {"upstream_url": "http://llm.test/v1/chat"}},
    },
}


def test_before_ai_proxy_the_body_and_the_query_change_and_the_key_does_not() -> None:
    config = {
        "add": {"headers": ["Authorization:Bearer evil", "X-My-A:1"], "querystring": ["q:1"]},
        "replace": {"uri": "/elsewhere", "headers": ["Host:elsewhere.test"], "body": ["user:other"]},
    }
    body = {"messages": [{"role": "user", "content": "hi"}], "user": "me"}
    got = sent(config, "/p?a=1", {"Content-Type": "application/json"}, json.dumps(body).encode(), "", AI)
    assert got.all("authorization") == ["Bearer the-key"]
    assert got.header("x-my-a") == "1"
    assert (got.path, got.header("host")) == ("/v1/chat?a=1&q=1", "llm.test")
    assert got.json["user"] == "other"


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({"add": {"headers": ["fine:1", "x:$(os.exit())"]}}, "add.headers[2]"),
        ({"append": {"querystring": ["x:$(1+1)"]}}, "append.querystring[1]"),
        ({"replace": {"body": ["x:$(headers)"]}}, "replace.body[1]"),
        ({"replace": {"uri": "/$(shared.x)"}}, "replace.uri"),
    ],
)
def test_code_is_refused_with_its_place(config: dict[str, Any], path: str) -> None:
    with pytest.raises(ConfigError) as refused:
        sent(config)
    assert f"config.{path}: the expression" in str(refused.value)
    assert "Lua code is not run" in str(refused.value)


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"add": {"headers": ["nocolon"]}}, "invalid value: nocolon"),
        ({"http_method": "get"}, "invalid value: get"),
        ({"add": {"uri": "/x"}}, "unknown field"),
    ],
)
def test_configurations_that_are_refused(config: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        sent(config)
