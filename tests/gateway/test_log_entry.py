"""Entries as a real Kong 3.9.1 wrote them for the same 21 requests, but for the deviations that are listed."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.exchange import Answer, Gateway, Sent, TestRuntime, Told, proxied

from gateway.log_entry import entry, merge
from gateway.values import UpstreamError

TABLE = json.loads((Path(__file__).parent.parent / "conformance" / "kong-3.9.1.observe.json").read_text())[0]
REFUSED = UpstreamError("refused", "127.0.0.1:1: connection refused", False)
STREAM = [
    b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-4o-mini-2024-07-18",'
    b'"choices":[{"index":0,"delta":{"role":"assistant","content":"The capital is Paris."},"finish_reason":null}]}\n\n',
    b"data: [DONE]\n\n",
]
OPENAI = {
    "id": "chatcmpl-o",
    "object": "chat.completion",
    "created": 1732200000,
    "model": "gpt-4o-mini-2024-07-18",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Paris."}, "finish_reason": "stop"}],
}
USAGE = {"prompt_tokens": 100, "completion_tokens": 40, "total_tokens": 140}
ANTHROPIC = {
    "id": "msg_o",
    "type": "message",
    "role": "assistant",
    "model": "claude-3-5-sonnet-20240620",
    "content": [{"type": "text", "text": "Paris."}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 30, "output_tokens": 7},
}
# What is better here: keys are hidden, a status is always text, streams and missing usage are counted.
VOLATILE = {"created_at", "updated_at", "started_at", "llm_latency", "time_per_token", "latencies", "tries", "id"}


def upstream(sent: Sent) -> Answer:
    """The recorder of those requests."""
    kind = {"Content-Type": "application/json"}
    if sent.origin.port == 1:
        return Answer(error=REFUSED)
    if sent.path.startswith("/openai") or sent.path.startswith("/nousage"):
        if sent.json.get("stream"):
            return Answer(200, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"}, STREAM)
        answer = OPENAI if sent.path.startswith("/nousage") else {**OPENAI, "usage": USAGE}
        return Answer(200, {**kind, "x-request-id": "req_1"}, json.dumps(answer).encode())
    if sent.path.startswith("/anth"):
        return Answer(200, kind, json.dumps(ANTHROPIC).encode())
    if sent.path.startswith("/e429"):
        return Answer(429, kind, b'{"error":{"message":"slow down"}}')
    return Answer(200, kind, b'{"ok":1}')


@pytest.fixture(scope="module")
def gateway() -> Gateway:
    plugins = [row for row in TABLE["table"]["plugins"] if row["name"] != "prometheus"]  # has no part in entries
    return Gateway({**TABLE["table"], "plugins": plugins})


def told(gateway: Gateway, recorded: dict[str, Any]) -> tuple[Told, dict[str, Any]]:
    """The client's view, and the file-log line."""
    request = recorded["request"]
    headers = [*map(tuple, request["headers"]), ("Connection", "close")]
    got = gateway.ask(
        request["method"], request["target"], headers, (request.get("body") or "").encode(), answer=upstream, port=8960
    )
    got.exchange.request.keep_alive = False
    return got, entry(got.exchange)


def steady(value: Any) -> Any:
    """Without what differs from run to run."""
    if isinstance(value, dict):
        return {name: steady(inner) for name, inner in value.items() if name not in VOLATILE}
    return value


@pytest.mark.parametrize(
    "recorded", [r for r in TABLE["requests"] if r["name"] != "anthropic stream"], ids=lambda r: r["name"]
)
def test_entries_are_kongs(gateway: Gateway, recorded: dict[str, Any]) -> None:
    (wanted,) = recorded["file_log"]
    got, ours = told(gateway, recorded)
    assert got.status == recorded["status"]
    assert ours.keys() == wanted.keys()
    for part in ("service", "route", "consumer", "workspace", "workspace_name", "upstream_uri", "source", "client_ip"):
        assert steady(ours.get(part)) == steady(wanted.get(part)), part
    assert ours["upstream_status"] == str(wanted["upstream_status"])
    request, kong = ours["request"], wanted["request"]
    for part in ("uri", "url", "method", "querystring", "size"):
        assert request[part] == kong[part], part
    hidden = {name: "REDACTED" for name in kong["headers"] if name == "apikey"}
    hidden |= {name: ours["request"]["headers"][name] for name in kong["headers"] if name.endswith("identifier")}
    assert compared(request["headers"]) == compared(kong["headers"] | hidden)
    assert ours["response"]["status"] == wanted["response"]["status"]
    names = set(wanted["response"]["headers"]) - {"x-request-id"}
    assert set(ours["response"]["headers"]) - {"x-request-id"} == names
    assert len(ours.get("tries", ())) == len(wanted.get("tries", ()))
    for try_, kongs in zip(ours.get("tries", ()), wanted.get("tries", ()), strict=True):
        assert try_.keys() == kongs.keys()
        assert {name: try_.get(name) for name in ("port", "state", "code")} == {
            name: kongs.get(name) for name in ("port", "state", "code")
        }
    assert ours["latencies"].keys() == wanted["latencies"].keys()


def compared(headers: dict[str, Any]) -> dict[str, Any]:
    """Lengths of bodies differ by the order and the blanks of JSON; an accepted encoding depends on the provider."""
    return {name: value for name, value in headers.items() if name not in ("content-length", "accept-encoding")}


AI = [r for r in TABLE["requests"] if (r["file_log"][0].get("ai") or {}).get("proxy")]
COUNTED_AS_KONG = ("openai chat", "openai chat as bob", "openai chat without costs", "anthropic chat", "bad body")


@pytest.mark.parametrize("recorded", AI, ids=lambda r: r["name"])
def test_what_an_ai_call_was(gateway: Gateway, recorded: dict[str, Any]) -> None:
    wanted = recorded["file_log"][0]["ai"]["proxy"]
    ours = told(gateway, recorded)[1]["ai"]["proxy"]
    assert ours.keys() == wanted.keys()
    if "anthropic stream" not in recorded["name"] and "stream" not in recorded["name"]:
        assert steady(ours["meta"]) == steady(wanted["meta"])
    assert ours["meta"].keys() == wanted["meta"].keys()
    assert wanted["usage"].keys() <= ours["usage"].keys()
    if recorded["name"] in COUNTED_AS_KONG:
        assert steady(ours["usage"]) == pytest.approx(steady(wanted["usage"]))


def ask(config: dict[str, Any], target: str = "/", headers: Any = (), body: Any = b"", **more: Any) -> dict[str, Any]:
    gateway = Gateway(config, runtime=more.pop("runtime", None))
    return entry(gateway.ask("POST" if body else "GET", target, headers, body, **more).exchange)


SECRET = "hunter2"


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        (f"/?apikey={SECRET}&a=1", {}),
        (f"/?API_KEY={SECRET}", {}),
        (f"/?%61pikey={SECRET}", {}),
        (f"/?x={SECRET}", {}),
        ("/", {"Authorization": f"Bearer {SECRET}"}),
        ("/", {"Proxy-Authorization": SECRET}),
        ("/", {"X-API-Key": SECRET}),
        ("/", {"x": SECRET}),
    ],
)
def test_keys_are_hidden(target: str, headers: dict[str, str]) -> None:
    config = proxied({"name": "key-auth", "config": {"key_names": ["x"], "anonymous": "guest"}})
    logged = ask({**config, "consumers": [{"username": "guest"}]}, target, headers)
    assert SECRET not in json.dumps(logged)
    assert "REDACTED" in json.dumps(logged)


@pytest.mark.parametrize(
    "auth",
    [
        {"header_name": "Authorization", "header_value": f"Bearer {SECRET}"},
        {"header_name": "x-goog-api-key", "header_value": SECRET},
        {"param_name": "appid", "param_value": SECRET, "param_location": "query"},
        {"param_name": "secret", "param_value": SECRET, "param_location": "body"},
    ],
)
def test_a_providers_key_is_hidden(auth: dict[str, str]) -> None:
    plugin = {
        "name": "ai-proxy",
        "config": {
            "route_type": "llm/v1/chat",
            "auth": auth,
            "logging": {"log_statistics": True, "log_payloads": True},
            "model": {
                "provider": "openai",
                "name": "m",
                "options": {"upstream_url": "http://llm.test/v1?api-version=1"},
            },
        },
    }
    asked = {"messages": [{"role": "user", "content": "hi"}]}
    logged = ask(proxied(plugin), "/?mine=1", (), asked, answer=Answer(200, {}, json.dumps(OPENAI).encode()))
    assert SECRET not in json.dumps(logged)
    assert "?api-version=1" in logged["upstream_uri"]
    assert logged["upstream_uri"].endswith("mine=1")


def test_latencies_add_up() -> None:
    runtime = TestRuntime()

    def slow(sent: Sent) -> Answer:
        runtime.pass_time(0.25)
        return Answer(200, {}, b"x")

    logged = ask(proxied(), runtime=runtime, answer=slow)
    assert logged["latencies"] == {"request": 250, "kong": 0, "proxy": 250, "receive": 0}
    assert logged["started_at"] == 1_800_000_000_000
    refused = ask(proxied({"name": "key-auth"}))
    assert refused["latencies"]["proxy"] == -1


def test_several_values_of_a_name() -> None:
    logged = ask(proxied(), "/?a=1&a=2&b&a=3", [("X-A", "1"), ("x-a", "2")])
    assert logged["request"]["querystring"] == {"a": ["1", "2", "3"], "b": True}
    assert logged["request"]["headers"]["x-a"] == ["1", "2"]


def test_a_query_of_thousands_is_cut() -> None:
    logged = ask(proxied(), "/?" + "&".join(f"a{number}=1" for number in range(5000)))
    assert len(logged["request"]["querystring"]) == 100


@pytest.mark.parametrize("target", ["/%ff?%ff=%ff", "/\xe9?\xe9=\xe9"])
def test_any_bytes_become_json(target: str) -> None:
    assert json.loads(json.dumps(ask(proxied(), target, {"X-A": "\xff\xfe"})))


def test_what_plugins_add() -> None:
    logged = ask(proxied({"name": "correlation-id"}), headers={"Kong-Request-ID": "mine"})
    assert logged["correlation_id"] == "mine"


def test_members_are_merged() -> None:
    into: dict[str, Any] = {"a": {"b": 1}, "c": 1}
    merge(into, {"a": {"d": {"e": 1}}, "c": {"f": 1}})
    merge(into, {"a": {"d": {"g": 2}}})
    assert into == {"a": {"b": 1, "d": {"e": 1, "g": 2}}, "c": {"f": 1}}


def test_a_request_without_a_route() -> None:
    logged = ask({})
    assert "route" not in logged and "tries" not in logged
    assert (logged["upstream_uri"], logged["upstream_status"], logged["source"]) == ("", "", "kong")
