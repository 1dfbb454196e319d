"""No text of a configuration can end a header line: every string of it, one after another, is given line ends and a
header of its own, and whatever is still taken is sent through a real exchange.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.exchange import Answer, Gateway, HeaderInput

from gateway.counters import Counters
from gateway.errors import GatewayError

EVIL = "\r\nInjected: yes\r\n\r\nGET /injected HTTP/1.1\r\n"
CHAT = {"messages": [{"role": "user", "content": "{template://t}"}], "stream": False}
ANSWER = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "x"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}
AI = {
    "name": "ai-proxy",
    "config": {
        "route_type": "llm/v1/chat",
        "auth": {"header_name": "Authorization", "header_value": "Bearer k", "param_name": "p", "param_value": "v",
                 "param_location": "query"},
        "model": {"provider": "openai", "name": "m", "options": {"upstream_url": "http://h.test/v1/x"}},
        "model_name_header": True,
    },
}  # fmt: skip
CHANGED = {"add": {"headers": ["X-Add: a"], "querystring": ["q:1"]}, "rename": {"headers": ["X-Old:X-New"]},
           "append": {"headers": ["X-App: b"]}, "replace": {"headers": ["X-Rep: c"], "uri": "/u"}}  # fmt: skip
PLUGINS: list[dict[str, Any]] = [
    AI,
    {"name": "request-transformer", "config": CHANGED},
    {"name": "response-transformer", "config": {"add": {"headers": ["X-Add: a"]}, "append": {"headers": ["X-App: b"]},
                                                "rename": {"headers": ["X-Up:X-Down"]},
                                                "replace": {"headers": ["Content-Type: text/x"]}}},
    {"name": "correlation-id", "config": {"header_name": "X-Corr", "generator": "uuid", "echo_downstream": True}},
    {"name": "cors", "config": {"origins": ["http://a.test"], "headers": ["X-A"], "exposed_headers": ["X-B"],
                                "methods": ["GET", "POST"]}},
    {"name": "key-auth", "config": {"key_names": ["apikey"], "realm": "r"}},
    {"name": "rate-limiting", "config": {"minute": 5, "policy": "local", "error_message": "e"}},
    {"name": "request-termination", "config": {"status_code": 403, "content_type": "text/plain", "body": "b"}},
    {"name": "ai-prompt-decorator", "config": {"prompts": {"prepend": [{"role": "system", "content": "c"}]}}},
    {"name": "opentelemetry", "config": {"traces_endpoint": "http://t.test/v1/traces", "header_type": "w3c"}},
]  # fmt: skip
STRUCTURE = ("name", "provider", "route_type")  # of a plugin: which one it is


def document(plugin: dict[str, Any]) -> dict[str, Any]:
    upstream = {"name": "up.test", "host_header": "named.test", "hash_on": "cookie", "hash_on_cookie": "cook",
                "hash_on_cookie_path": "/", "targets": [{"target": "10.0.0.1:80"}]}  # fmt: skip
    return {
        "upstreams": [upstream],
        "services": [
            {
                "name": "s",
                "host": "up.test",
                "path": "/base",
                "routes": [{"name": "r", "paths": ["/r"], "hosts": ["gateway.test"]}],
                "plugins": [plugin],
            }
        ],
        "consumers": [{"username": "u", "custom_id": "i", "keyauth_credentials": [{"key": "k"}]}],
    }


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the strings are."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*path, index))


def changed(value: Any, path: tuple[Any, ...], text: str) -> Any:
    made = copy.deepcopy(value)
    inner = made
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = text
    return made


def at(value: Any, path: tuple[Any, ...]) -> str:
    for step in path:
        value = value[step]
    return str(value)


def answer(sent: Any) -> Answer:
    return Answer(200, {"Content-Type": "application/json", "X-Up": "1"}, json.dumps(ANSWER).encode())


def assert_clean(headers: list[tuple[str, str]]) -> None:
    for name, value in headers:
        assert name.lower() != "injected" and "\r" not in value and "\n" not in value, (name, value)


def ask_everything(gateway: Gateway) -> int:
    """How many header blocks were looked at."""
    seen = 0
    headers: HeaderInput
    for method, headers, body in (
        ("POST", {"apikey": "k", "X-Old": "1", "X-Rep": "1"}, CHAT),
        ("OPTIONS", {"Origin": "http://a.test", "Access-Control-Request-Method": "GET"}, b""),
        ("GET", {"Origin": "http://a.test"}, b""),
    ):
        told = gateway.ask(method, "/r/x", {"Host": "gateway.test", **headers}, body, answer=answer)
        assert_clean(told.headers)
        for sent in told.attempts:
            assert_clean(sent.headers)
            assert "\r" not in sent.path and " " not in sent.path and sent.path.startswith("/")
        seen += 1 + len(told.attempts)
    return seen


def compiled(made: dict[str, Any], **more: Any) -> Gateway:
    return Gateway(made, resources={"counters": Counters.create(64, shared=False)}, **more)


@pytest.mark.parametrize("plugin", PLUGINS, ids=[plugin["name"] for plugin in PLUGINS])
def test_no_text_of_a_configuration_ends_a_header_line(plugin: dict[str, Any]) -> None:
    made = document(plugin)
    assert ask_everything(compiled(made)) > 2
    tried = 0
    for path in places(made):
        if path[-1] in STRUCTURE and "plugins" in path:
            continue
        for text in (at(made, path) + EVIL, EVIL, at(made, path)[:2] + EVIL + at(made, path)[2:]):
            tried += 1
            try:
                gateway = compiled(changed(made, path, text))
            except GatewayError:
                continue
            ask_everything(gateway)
    assert tried > 30


@pytest.mark.parametrize("value", ["Bearer k" + EVIL, EVIL, "a\rb", "a\nb", "a\0b"])
def test_nor_does_a_secret(value: str) -> None:
    plugin = copy.deepcopy(AI)
    plugin["config"]["auth"]["header_value"] = "{vault://env/the-key}"
    try:
        gateway = compiled(document(plugin), environment={"THE_KEY": value})
    except GatewayError as error:
        assert value not in str(error)
        return
    ask_everything(gateway)


BREAKS = st.text(
    st.sampled_from('\r\n\0\t\x0b\x0c\x1f\x7f\x85\u2028: ;,"\\aZ\u00e9\U0001f600'), min_size=1, max_size=12
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_nor_does_any_other_text(data: st.DataObject) -> None:
    """Whatever stands wherever: control characters, other lines' ends, what header parsers split at."""
    plugin = data.draw(st.sampled_from(PLUGINS))
    made = document(plugin)
    path = data.draw(st.sampled_from([one for one in places(made) if one[-1] not in STRUCTURE]))
    before, after = at(made, path), data.draw(BREAKS)
    cut = data.draw(st.integers(0, len(before)))
    text = before[:cut] + after + data.draw(st.sampled_from(["", "Injected: yes", EVIL])) + before[cut:]
    try:
        gateway = compiled(changed(made, path, text))
    except GatewayError as error:
        assert str(error)
        return
    ask_everything(gateway)
