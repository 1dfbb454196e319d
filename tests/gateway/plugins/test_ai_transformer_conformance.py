"""Both AI transformers against what a real Kong 3.9.1 did: what the model got, the upstream got, the client got."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support.exchange import Answer, Gateway, Sent, Told

from gateway.errors import ConfigError
from gateway.values import Fetched, UpstreamError

DATA = Path(__file__).parents[2] / "conformance" / "kong-3.9.1.transform.json"
CASES: list[dict[str, Any]] = json.loads(DATA.read_text())
USAGE = {"prompt_tokens": 40, "completion_tokens": 10, "total_tokens": 50}
MODEL = "gpt-4o-mini-2024-07-18"
WORDS = {
    "plain": '{"rewritten":true}',
    "slow": '{"rewritten":true}',
    "padded": 'Sure: {"n": {"a": 1}} - done.',
    "text": "just words",
    "unicode": '{"é":"日本 \\n"}',
    "inst": '{"status":201,"headers":{"X-From-LLM":"yes","content-type":"application/xml"},"body":"<a>1</a>"}',
    "instnobody": '{"status":203,"headers":{"x-a":"1"},"foo":"bar"}',
    "instnostatus": '{"body":"only body"}',
    "inststr": '"a string"',
    "instnum": '{"status":"201","body":"x"}',
    "instarr": "[1,2]",
    "inst204": '{"status":204,"body":""}',
    "empty": "",
}
REFUSED = UpstreamError("refused", "127.0.0.1:1: connection refused", False)
VOLATILE = {"date", "connection", "x-kong-upstream-latency", "x-kong-proxy-latency", "x-kong-response-latency"}
VOLATILE |= {"x-kong-request-id"}

TOO_LARGE = "Kong notices the limit only for bodies that it spilled to a file; here the limit is a limit"
REFUSED_PATTERN = "a pattern that cannot be compiled is refused with the configuration, not with every request"
LATE = "http_timeout bounds the whole question; Kong's bounds the connecting alone"
DEVIATIONS = {
    "request: body above max_request_body_size": TOO_LARGE,
    "response: body above max_request_body_size": TOO_LARGE,
    "request: extract pattern is an invalid regex": REFUSED_PATTERN,
    "response: LLM timeout (http_timeout 500)": LATE,
}
AGREEING = [case for case in CASES if case["name"] not in DEVIATIONS and case["config_status"] == 201]
REFUSED_CONFIGS = [case for case in CASES if case["config_status"] == 400]


def model(sent: Sent) -> Answer:
    """The model server of the recording."""
    word = sent.path.partition("?")[0].rpartition("/")[2]
    if word.startswith("html"):
        return Answer(502 if word == "html500" else 200, {"Content-Type": "text/html"}, b"<html>no</html>")
    if word.isdigit():
        return Answer(int(word), {"Content-Type": "application/json"}, b'{"error":{"message":"no"}}')
    headers = {"Content-Type": "application/json", "x-request-id": "llm_1"}
    if sent.path.startswith("/anth"):
        content = [{"type": "text", "text": WORDS[word]}]
        told = {"id": "m", "type": "message", "role": "assistant", "model": "claude", "content": content}
        body: dict[str, Any] = {**told, "stop_reason": "end_turn", "usage": {"input_tokens": 40, "output_tokens": 10}}
    else:
        choice = {"index": 0, "message": {"role": "assistant", "content": WORDS[word]}}
        choice |= {"logprobs": None, "finish_reason": "stop"}
        body = {"id": "chatcmpl-t", "object": "chat.completion", "created": 1732200000, "model": MODEL}
        body |= {"choices": [choice], "usage": USAGE}
    return Answer(200, headers, json.dumps(body, separators=(",", ":")).encode())


def upstream(sent: Sent) -> Answer:
    """The service of the recording."""
    word = sent.path.partition("?")[0].rpartition("/")[2]
    if word == "204":
        return Answer(204)
    if word == "text":
        kind = ("Content-Type", "text/plain; charset=UTF-8")
        return Answer(200, [kind, ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Up", "u")], b"plain words")
    if word == "chunked":
        headers = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
        return Answer(200, headers, [b'{"orig"', b":1}"])
    if sent.method == "HEAD":
        return Answer(200, {"Content-Type": "application/json"})
    headers = {"Content-Type": "application/json", "Content-Language": "en", "X-Up": "u"}
    return Answer(200, headers, b'{"orig":1,"echo":%d}' % len(sent.body.decode()))


def played(case: dict[str, Any], wanted: dict[str, Any]) -> tuple[Told, list[Sent], list[Sent]]:
    """The client's answer, what the model got and what the upstream got."""
    asked: tuple[list[Sent], list[Sent]] = ([], [])

    def everybody(sent: Sent) -> Answer:
        service = case["table"]["services"][0]["port"]
        is_model = sent.path.startswith(("/llm", "/anth"))
        if sent.origin.port == 1:
            return Answer(error=REFUSED)
        asked[not is_model].append(sent)
        assert is_model or sent.origin.port == service
        return model(sent) if is_model else upstream(sent)

    request = wanted["request"]
    body = request["body"] or ""
    if body.startswith("<JSON"):
        body = json.dumps({"t": "x" * 9000})
    told = Gateway(case["table"]).ask(
        request["method"], request["target"], request["headers"], body, answer=everybody, fetched=everybody, port=8960
    )
    return told, *asked


def shown(headers: list[Any], without: set[str]) -> list[tuple[str, str]]:
    return sorted((name.lower(), value) for name, value in headers if name.lower() not in VOLATILE | without)


def unpacked(value: Any) -> Any:
    """With the objects that stand inside strings, in which the order of members does not matter either."""
    if isinstance(value, dict):
        return {name: unpacked(member) for name, member in value.items()}
    if isinstance(value, list):
        return [unpacked(element) for element in value]
    if isinstance(value, str) and value.startswith("{"):
        return unpacked(json.loads(value))
    return value


def same_json(got: str, wanted: str) -> bool:
    if wanted.endswith("bytes)"):  # cut short by the recording
        return got.count("x") >= 9000
    try:
        first, second = json.loads(got), json.loads(wanted)
        if isinstance(first, dict) and isinstance(second, dict) and "messages" in first:
            first.setdefault("stream", False)  # ai-proxy keeps a client's bytes where Kong adds what is the default
        return bool(unpacked(first) == unpacked(second))
    except json.JSONDecodeError:
        return got == wanted


@pytest.mark.parametrize("case", AGREEING, ids=lambda case: case["name"])
def test_as_kong(case: dict[str, Any]) -> None:
    for wanted in case["requests"]:
        told, models, upstreams = played(case, wanted)
        text = re.sub(r'"request_id":"\w+"', '"request_id":"<volatile>"', told.body.decode())
        assert told.status == wanted["status"], told.body
        if wanted["request"]["method"] != "HEAD" and told.status != 204:  # bodies that the transport does not send
            assert same_json(text, wanted["body"]), text
        bare = {"content-length", "content-type"} if told.status == 204 else {"content-length"}
        assert shown(told.headers, bare) == shown(wanted["headers"], bare)
        assert [sent.path for sent in models] == [got["path"] for got in wanted["llm_got"]] or told.status == 400
        for sent, got in zip(models, wanted["llm_got"], strict=False):
            assert same_json(sent.body.decode(), got["body"]), sent.body
            for name, value in got["headers"]:
                if name.lower() in ("authorization", "x-api-key", "anthropic-version", "content-type"):
                    assert sent.header(name) == value
        assert [(sent.method, sent.path) for sent in upstreams] == [
            (got["method"], got["path"]) for got in wanted["upstream_got"]
        ]
        for sent, got in zip(upstreams, wanted["upstream_got"], strict=True):
            assert same_json(sent.body.decode(), got["body"] or ""), sent.body
            for name, value in got["headers"]:
                if name.lower() in ("content-type", "accept-encoding", "x-client", "host", "x-forwarded-for"):
                    assert sent.header(name) == value


@pytest.mark.parametrize("case", REFUSED_CONFIGS, ids=lambda case: case["name"])
def test_configurations_that_kong_refuses(case: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        Gateway(case["table"])
    assert caught.value.fields == case["config_error"]["fields"]


@pytest.mark.parametrize("case", [case for case in CASES if "file_log" in str(case)], ids=lambda case: case["name"])
def test_statistics_are_logged(case: dict[str, Any]) -> None:
    wanted = case["requests"][0]
    told, _, _ = played(case, wanted)
    (_, line), *_ = told.exchange.runtime.appended  # type: ignore[attr-defined]
    (name, members), *_ = wanted["file_log"][0]["ai"].items()
    got = json.loads(line)["ai"][name]
    assert got["cache"] == members["cache"]
    assert {key: got["usage"][key] for key in members["usage"]} == members["usage"]
    free = {"plugin_id", "llm_latency", "request_model"}
    assert {key: got["meta"][key] for key in members["meta"] if key not in free} == {
        key: value for key, value in members["meta"].items() if key not in free
    }
    assert got["meta"]["request_model"] == "gpt-4o-mini"  # Kong says UNSPECIFIED, though the configuration names it


def test_every_deviation_is_in_the_recording() -> None:
    assert set(DEVIATIONS) <= {case["name"] for case in CASES}


@pytest.mark.parametrize("name", [name for name, why in DEVIATIONS.items() if why is TOO_LARGE])
def test_a_body_above_the_limit_is_refused(name: str) -> None:
    case = next(case for case in CASES if case["name"] == name)
    told, models, upstreams = played(case, case["requests"][0])
    assert (told.status, models, upstreams) == (413, [], [])
    assert "max_request_body_size (16)" in told.json["error"]["message"]


def test_an_invalid_pattern_is_refused_with_the_configuration() -> None:
    case = next(case for case in CASES if DEVIATIONS.get(case["name"]) == REFUSED_PATTERN)
    with pytest.raises(ConfigError, match=r"transformation_extract_pattern: invalid regex: '\(' \(missing \)"):
        Gateway(case["table"])


def test_http_timeout_bounds_the_whole_question() -> None:
    case = next(case for case in CASES if DEVIATIONS.get(case["name"]) == LATE)
    exchange = Gateway(case["table"]).exchange("POST", "/t/items", {}, "{}")
    first = exchange.start()
    service_timeout = first.timeout  # type: ignore[union-attr]
    asking = exchange.resume(Fetched(200, [], b"{}"))
    assert (service_timeout, asking.timeout) == (60.0, 0.5)  # type: ignore[union-attr]
    late = UpstreamError("timeout", "no complete answer within 0.5 s", True)
    reply: Any = exchange.resume(Fetched(0, [], b"", late))
    why = "failed to introspect request with AI service: request to ai service failed: request failed: timeout"
    assert (reply.status, json.loads(reply.body)["error"]["message"]) == (400, why)
